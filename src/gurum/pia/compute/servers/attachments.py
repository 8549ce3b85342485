"""What hangs on a server: its addresses, and the volumes that it cannot have yet."""

from __future__ import annotations

from typing import Any

from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers.find import find
from gurum.pia.compute.servers.view import SHOWN, addresses, listed
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, json

IPS = "/servers/{id}/ips"
VOLUMES = "/servers/{id}/os-volume_attachments"


async def list_ips(ctx: Context) -> Response:
    """List addresses by network."""
    return json({"addresses": addresses(listed(ctx.parts.board, ctx.found(Server)), extended=False)})


async def show_ips(ctx: Context) -> Response:
    """List the addresses in one network."""
    shown, network = addresses(listed(ctx.parts.board, ctx.found(Server)), extended=False), ctx.params["network"]
    if network not in shown:
        raise not_found("Instance is not a member of specified network")
    return json({network: shown[network]})


async def list_volumes(ctx: Context) -> Response:
    """List attached volumes: none, as there are no volumes in this region."""
    return json({"volumeAttachments": []})


async def no_attachment(ctx: Context) -> Response:
    """Refuse an attachment that cannot be there."""
    raise not_found(f"Instance {ctx.found(Server).id} is not attached to volume {ctx.params['volume']}")


async def no_volume(ctx: Context) -> Response:
    """Refuse a volume that cannot be there."""
    uid = ctx.params.get("volume") or ctx.body["volumeAttachment"]["volumeId"]
    raise not_found(f"Volume {uid} could not be found.")


def _volume(version: int) -> f.Doc:
    item: f.Doc = {
        "volumeId": f.UUID,
        "device": {"type": ["string", "null"], "pattern": "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$"},
    }
    if version >= 49:
        item["tag"] = f.TAG
    if version >= 79:
        item["delete_on_termination"] = f.BOOLEAN
    return f.wrapped("volumeAttachment", f.obj(item, ["volumeId"]))


_SWAP = f.wrapped("volumeAttachment", f.obj({"volumeId": f.UUID}, ["volumeId"]))
_UPDATE_85 = f.wrapped(
    "volumeAttachment",
    f.obj(
        {
            "volumeId": f.UUID,
            "device": {"type": ["string", "null"]},
            "tag": f.TAG,
            "delete_on_termination": f.BOOLEAN,
            "serverId": f.UUID,
            "id": f.UUID,
        },
        ["volumeId"],
    ),
)


def _row(method: str, path: str, handler: Any, policy: str, summary: str, **more: Any) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        policy=policy,
        find=find,
        reads=SHOWN,
        summary=summary,
        **more,
    )


ROUTES = (
    _row("GET", IPS, list_ips, "compute:server_ips:list", "List a server's addresses", shape="list"),
    _row("GET", IPS + "/{network}", show_ips, "compute:server_ips:show", "List a server's addresses in a network"),
    _row(
        "GET",
        VOLUMES,
        list_volumes,
        "compute:server_volume_attachments:list",
        "List a server's volumes: there are none",
        shape="list",
    ),
    _row(
        "POST",
        VOLUMES,
        no_volume,
        "compute:server_volume_attachments:create",
        "Refused: this release has no volumes",
        body=f.versions(*((v, _volume(v)) for v in (1, 49, 79))),
        status=404,
        shape="write",
    ),
    _row(
        "GET",
        VOLUMES + "/{volume}",
        no_attachment,
        "compute:server_volume_attachments:show",
        "Refused: this release has no volumes",
        status=404,
    ),
    _row(
        "PUT",
        VOLUMES + "/{volume}",
        no_volume,
        "compute:server_volume_attachments:swap",
        "Refused: this release has no volumes",
        body=f.versions((1, _SWAP)),
        until=84,
        status=404,
        shape="write",
    ),
    _row(
        "PUT",
        VOLUMES + "/{volume}",
        no_attachment,
        "compute:server_volume_attachments:update",
        "Refused: this release has no volumes",
        body=f.versions((85, _UPDATE_85)),
        since=85,
        status=404,
        shape="write",
    ),
    _row(
        "DELETE",
        VOLUMES + "/{volume}",
        no_volume,
        "compute:server_volume_attachments:delete",
        "Refused: this release has no volumes",
        status=404,
        shape="write",
    ),
)
