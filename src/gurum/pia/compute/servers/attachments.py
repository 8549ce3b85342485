"""What hangs on a server: its addresses and interfaces, and the volumes that it cannot have yet."""

from __future__ import annotations

from typing import Any

from gurum.model.network import Port
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers.find import find
from gurum.pia.compute.servers.refused import not_supported
from gurum.pia.compute.servers.view import addresses
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request, not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, empty, json

IPS = "/servers/{id}/ips"
INTERFACES = "/servers/{id}/os-interface"
VOLUMES = "/servers/{id}/os-volume_attachments"


async def list_ips(ctx: Context) -> Response:
    """List addresses by network."""
    return json({"addresses": addresses(ctx.found(Server).status.addresses, extended=False)})


async def show_ips(ctx: Context) -> Response:
    """List the addresses in one network."""
    shown, network = addresses(ctx.found(Server).status.addresses, extended=False), ctx.params["network"]
    if network not in shown:
        raise not_found("Instance is not a member of specified network")
    return json({network: shown[network]})


def _interface(ctx: Context, port: Port) -> dict[str, Any]:
    spec = port.spec
    shown: dict[str, Any] = {
        "net_id": spec.network_id,
        "port_id": port.id,
        "mac_addr": port.status.mac_address or spec.mac_address,
        "port_state": port.status.status,
        "fixed_ips": [{"subnet_id": ip.subnet_id, "ip_address": ip.ip_address} for ip in spec.fixed_ips],
    }
    if ctx.version >= 70:
        shown["tag"] = _tag(ctx, port)
    return shown


def _tag(ctx: Context, port: Port) -> str | None:
    """Return the tag that the interface was asked for with: interfaces are numbered in the order of the request."""
    requests, number = ctx.found(Server).spec.networks, port.metadata.labels.get("index", "")
    if number.isdecimal() and int(number) < len(requests):
        return requests[int(number)].tag or None
    return None


async def list_interfaces(ctx: Context) -> Response:
    """List interfaces."""
    ports = ctx.mirror(Port).select("device", ctx.found(Server).id)
    return json({"interfaceAttachments": [_interface(ctx, port) for port in ports]})


async def show_interface(ctx: Context) -> Response:
    """Show an interface."""
    server, uid = ctx.found(Server), ctx.params["port"]
    port = ctx.mirror(Port).get(uid, ctx.region.name)
    if port is None or port.spec.device_id != server.id:
        raise not_found(f"Instance {server.id} does not have a port with id {uid}")
    return json({"interfaceAttachment": _interface(ctx, port)})


async def attach_interface(ctx: Context) -> Response:
    """Refuse an interface for a server that exists, after what Nova would refuse."""
    asked = (ctx.body or {}).get("interfaceAttachment", {})
    if asked.get("net_id") and asked.get("port_id"):
        raise bad_request("Must not input both network_id and port_id")
    if asked.get("fixed_ips") and not asked.get("net_id"):
        raise bad_request("Must input network_id when request IP address")
    raise not_supported()


async def detach_interface(ctx: Context) -> Response:
    """Refuse to detach an interface; one that is not there is accepted, as by Nova, and nothing happens."""
    port = ctx.mirror(Port).get(ctx.params["port"], ctx.region.name)
    if port is None or port.spec.device_id != ctx.found(Server).id:
        return empty(202)
    raise not_supported()


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


_ADDRESSES: f.Doc = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": f.obj({"ip_address": f.IP_ADDRESS}, ["ip_address"]),
}


def _attach(*, tagged: bool) -> f.Doc:
    item: f.Doc = {"net_id": f.UUID, "port_id": f.UUID, "fixed_ips": _ADDRESSES}
    return f.obj({"interfaceAttachment": f.obj(item | ({"tag": f.TAG} if tagged else {}))})


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
        reads=(Server, Port),
        summary=summary,
        **more,
    )


ROUTES = (
    _row("GET", IPS, list_ips, "compute:server_ips:list", "List a server's addresses", shape="list"),
    _row("GET", IPS + "/{network}", show_ips, "compute:server_ips:show", "List a server's addresses in a network"),
    _row(
        "GET",
        INTERFACES,
        list_interfaces,
        "compute:server_interfaces:list",
        "List a server's interfaces",
        shape="list",
    ),
    _row("GET", INTERFACES + "/{port}", show_interface, "compute:server_interfaces:show", "Show a server's interface"),
    _row(
        "POST",
        INTERFACES,
        attach_interface,
        "compute:server_interfaces:create",
        "Refused: interfaces cannot be attached in this release",
        body=f.versions((1, _attach(tagged=False)), (49, _attach(tagged=True))),
        status=501,
        shape="write",
    ),
    _row(
        "DELETE",
        INTERFACES + "/{port}",
        detach_interface,
        "compute:server_interfaces:delete",
        "Refused: interfaces cannot be detached in this release",
        status=501,
        shape="write",
    ),
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
