"""What Nova once answered for other services, below 2.36, and what it no longer answers at all (410).

Old clients still ask. What there is here is shown from the store; what there is not is an empty list.
"""

from __future__ import annotations

from typing import Any

from gurum.model.image import Image
from gurum.model.network import Network, SecurityGroup, SecurityGroupRule
from gurum.pia.compute.servers.groups import group_view
from gurum.pia.compute.view import links, seconds
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, not_found
from gurum.pia.kernel.route import Handler, Route
from gurum.pia.kernel.wire import Response, json
from gurum.pia.network import default_group

LAST = 35  # the last minor version of the proxies
GONE = "This resource is no longer available. No forwarding address is given."


async def gone(ctx: Context) -> Response:
    """Refuse what has been removed from Nova altogether."""
    raise ApiError(410, GONE)


def _images(ctx: Context) -> list[Image]:
    return [
        image
        for image in ctx.mirror(Image).objects(ctx.region.name)
        if image.spec.visibility in ("public", "community") or image.spec.owner == ctx.project
    ]


def _image(ctx: Context, image: Image) -> dict[str, Any]:
    glance = ctx.root.removesuffix("/compute") + "/image"
    alternate = {
        "rel": "alternate",
        "type": "application/vnd.openstack.image",
        "href": f"{glance}/images/{image.id}",
    }
    return {"id": image.id, "name": image.spec.name, "links": [*links(ctx.root, "images", image.id), alternate]}


def _image_detail(ctx: Context, image: Image) -> dict[str, Any]:
    return _image(ctx, image) | {
        "status": image.status.status.upper(),
        "progress": 100,
        "minDisk": image.spec.min_disk,
        "minRam": image.spec.min_ram,
        "created": seconds(image.metadata.created_at),
        "updated": seconds(image.metadata.updated_at),
        "metadata": image.spec.properties,
        "OS-EXT-IMG-SIZE:size": image.spec.size,
    }


async def images(ctx: Context) -> Response:
    """List images."""
    return json({"images": [_image(ctx, image) for image in _images(ctx)]})


async def images_detail(ctx: Context) -> Response:
    """List images in full."""
    return json({"images": [_image_detail(ctx, image) for image in _images(ctx)]})


async def image(ctx: Context) -> Response:
    """Show an image."""
    for found in _images(ctx):
        if found.id == ctx.params["id"]:
            return json({"image": _image_detail(ctx, found)})
    raise not_found(f"Image {ctx.params['id']} could not be found.")


async def groups(ctx: Context) -> Response:
    """List the project's security groups: the default one is always among them."""
    await default_group.ensure(ctx, ctx.project)
    await ctx.fresh(SecurityGroup, SecurityGroupRule)
    found = ctx.mirror(SecurityGroup).objects(ctx.region.name, ctx.project)
    return json({"security_groups": [group_view(ctx, group) for group in found]})


async def group(ctx: Context) -> Response:
    """Show a security group."""
    found = ctx.mirror(SecurityGroup).get(ctx.params["id"], ctx.region.name)
    if found is None or found.metadata.project != ctx.project:
        raise not_found(f"Security group {ctx.params['id']} not found.")
    return json({"security_group": group_view(ctx, found)})


async def pools(ctx: Context) -> Response:
    """List external networks by name."""
    names = [n.spec.name for n in ctx.mirror(Network).objects(ctx.region.name) if n.spec.external]
    return json({"floating_ip_pools": [{"name": name} for name in names]})


def _nothing(name: str) -> Handler:
    async def handler(ctx: Context) -> Response:
        return json({name: []})

    return handler


_PROXIES: tuple[tuple[str, Handler, str, tuple[type[Any], ...], str], ...] = (
    ("/images", images, "", (Image,), "List images (below 2.36)"),
    ("/images/detail", images_detail, "", (Image,), "List images in full (below 2.36)"),
    ("/images/{id}", image, "", (Image,), "Show an image (below 2.36)"),
    (
        "/os-security-groups",
        groups,
        "security_groups:list",
        (SecurityGroup, SecurityGroupRule),
        "List security groups (below 2.36)",
    ),
    (
        "/os-security-groups/{id}",
        group,
        "security_groups:show",
        (SecurityGroup, SecurityGroupRule),
        "Show a security group (below 2.36)",
    ),
    ("/os-floating-ip-pools", pools, "floating_ip_pools:list", (Network,), "List external networks (below 2.36)"),
    ("/os-floating-ips", _nothing("floating_ips"), "floating_ips:list", (), "List floating addresses: there are none"),
    ("/os-volumes", _nothing("volumes"), "volumes:list", (), "List volumes: there are none"),
    ("/os-snapshots", _nothing("snapshots"), "volume_snapshots:list", (), "List snapshots: there are none"),
)
_REMOVED = (
    *("os-cells", "os-certificates", "os-agents", "os-fping", "os-cloudpipe", "os-fixed-ips", "os-floating-ips-bulk"),
    *("os-floating-ip-dns", "os-security-group-default-rules"),
)

ROUTES = (
    *(
        Route(
            method="GET",
            path=path,
            handler=handler,
            until=LAST,
            policy=f"compute:{action}" if action else "",
            reads=reads,
            shape="list",
            summary=summary,
        )
        for path, handler, action, reads, summary in _PROXIES
    ),
    *(
        Route(method=method, path=path, handler=gone, status=410, shape="document", summary="Gone from Nova")
        for name in _REMOVED
        for path in (f"/{name}", f"/{name}/{{id}}")
        for method in ("GET", "POST", "PUT", "DELETE")
    ),
    *(
        Route(
            method="GET",
            path=f"/servers/{{id}}/{name}",
            handler=gone,
            status=410,
            shape="document",
            summary="Gone from Nova",
        )
        for name in ("os-virtual-interfaces", "consoles")
    ),
)
