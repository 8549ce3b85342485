"""A server's interfaces: shown, attached, detached.

Nova's answer to an attachment has the port, so its address is claimed here; what the cloud must do is recorded in the
server and worked off by the engine, for which the answer waits as Nova's waits for its compute host. The port is bound
first: of two servers that want it one is refused. What a killed process leaves bound, the engine lets go.
"""

from __future__ import annotations

import random
from typing import Any

from gurum.model import addresses
from gurum.model.base import Resource
from gurum.model.network import (
    ATTACH,
    INDEX,
    TAG,
    WAITING,
    AddressClaim,
    Network,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from gurum.model.quota import QuotaUsage
from gurum.model.region import Region
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router
from gurum.model.server import Action, Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers import change, nics, offered
from gurum.pia.compute.servers.actions import When, act, check_state, record
from gurum.pia.compute.servers.find import find, state_of
from gurum.pia.compute.servers.state import ACTIVE, STOPPED
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, conflict, forbidden, not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, empty, json
from gurum.pia.network import default_group, ipam, meetings
from gurum.pia.network.ports import withdraw
from gurum.pia.network.writes import making, metadata, unreserve

PATH = "/servers/{id}/os-interface"
READS: tuple[type[Resource], ...] = (Server, Port, Region)
WRITES: tuple[type[Resource], ...] = (
    *(Server, Port, Network, Subnet, SecurityGroup, SecurityGroupRule, AddressClaim, Region, QuotaUsage),
    *(Router, FloatingIP, FloatingIPClaim),
)
WHEN = When((ACTIVE, "paused", STOPPED), launched=False)
FIRST = "server.interface.detach_first"
LOOK = 0.1  # seconds between looks for what the engine has done
_RNG = random.SystemRandom()


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
    """Return the tag that the interface was asked for with: the first ones are numbered in the order of the request."""
    labels = port.metadata.labels
    if ATTACH in labels:
        return labels.get(TAG) or None
    requests, number = ctx.found(Server).spec.networks, labels.get(INDEX, "")
    if number.isdecimal() and int(number) < len(requests):
        return requests[int(number)].tag or None
    return None


def _port(ctx: Context, uid: str) -> Port | None:
    """Return the server's port of that id."""
    port = ctx.mirror(Port).get(uid, ctx.region.name)
    return port if port is not None and port.spec.device_id == ctx.found(Server).id else None


async def index(ctx: Context) -> Response:
    """List interfaces."""
    ports = ctx.mirror(Port).select("device", ctx.found(Server).id)
    return json({"interfaceAttachments": [_interface(ctx, port) for port in ports]})


async def show(ctx: Context) -> Response:
    """Show an interface."""
    port = _port(ctx, ctx.params["port"])
    if port is None:
        raise not_found(f"Instance {ctx.found(Server).id} does not have a port with id {ctx.params['port']}")
    return json({"interfaceAttachment": _interface(ctx, port)})


async def attach(ctx: Context) -> Response:
    """Attach a port, or a new one on a network: the one named, or the only one there is."""
    asked, server = (ctx.body or {}).get("interfaceAttachment") or {}, ctx.found(Server)
    port_id, network_id = asked.get("port_id"), asked.get("net_id")
    given = [each["ip_address"] for each in asked.get("fixed_ips") or ()]
    if network_id and port_id:
        raise bad_request("Must not input both network_id and port_id")
    if given and not network_id:
        raise bad_request("Must input network_id when request IP address")
    change.check_lock(ctx, server)
    check_state("attach_interface", server, state_of(ctx, server), WHEN)
    labels = {INDEX: WAITING, ATTACH: ctx.request.request_id} | ({TAG: asked["tag"]} if asked.get("tag") else {})
    if port_id:
        port = await _bind(ctx, server, port_id.lower(), labels)
    else:
        port = await _make(ctx, server, _network(ctx, network_id), given[0] if given else "", labels)
    try:
        action = await record(ctx, "attach_interface", "attach_interface", WHEN, {"port_id": port.id})
    except Exception:  # a refusal, a store that is away, a defect: in each case nothing may stay
        await _let_go(ctx, port)
        raise
    await _done(ctx, server.id, action)
    await ctx.fresh(Port)
    return json({"interfaceAttachment": _interface(ctx, ctx.mirror(Port).get(port.id) or port)})


def _failed(server: Server, why: str) -> ApiError:
    return bad_request(f"Failed to attach network adapter device to {server.id}: {why}")


def _check_room(ctx: Context, server: Server) -> None:
    """Refuse more interfaces than the cloud's kind of machine can have, where it says how many that is."""
    kind = next(
        (value for name, value in server.spec.flavor.extra_specs.items() if name.endswith(":instance_type")), ""
    )
    most = offered.limit(ctx, f"server.interfaces.{kind}")
    held = len(ctx.mirror(Port).select("device", server.id)) or 1
    if most is not None and held >= most:
        raise _failed(server, f"its flavor can have {most} interfaces")


async def _bind(ctx: Context, server: Server, uid: str, labels: dict[str, str]) -> Port:
    """Give the server a port of its user's. Raises Nova's 404, 409, 400."""
    missing = not_found(f"Port id {uid} could not be found.")
    port = ctx.mirror(Port).get(uid, ctx.region.name)
    if port is None or not nics.mine(ctx, port.metadata.project):
        raise missing

    def bind(obj: Port) -> None:
        if obj.deleting:
            raise missing
        if obj.spec.device_id:
            raise conflict(f"Port {uid} is still in use.")
        if not obj.spec.fixed_ips:
            raise bad_request(f"Port {uid} requires a FixedIP in order to be used.")
        if obj.spec.zone and obj.spec.zone != server.status.zone:
            raise _failed(server, "the port's address is in another availability zone")
        obj.spec.device_id, obj.spec.device_owner = server.id, f"compute:{server.status.availability_zone}"
        obj.metadata.labels |= labels

    network = ctx.mirror(Network).get(port.spec.network_id)
    if network is not None and not port.spec.device_id:
        nics.fit(ctx, network, port)
        _check_room(ctx, server)
    return await ctx.change(Port, uid, bind, missing)


def _network(ctx: Context, uid: str | None) -> Network:
    """Return the network for a new port. Raises what Nova raises for one that cannot be meant."""
    if not uid:
        found = nics.available(ctx)
        if len(found) > 1:
            raise bad_request(
                "More than one possible network found. Specify network ID(s) to select which one(s) to connect to."
            )
        if not found:
            project = ctx.found(Server).metadata.project
            raise bad_request(f"No specific network was requested and none are available for project '{project}'.")
        return found[0]
    network = ctx.mirror(Network).get(uid.lower(), ctx.region.name)
    if network is None or not (
        nics.mine(ctx, network.metadata.project) or network.spec.shared or network.spec.external
    ):
        raise not_found(f"Network {uid} could not be found.")
    if network.spec.external:
        raise forbidden(f"It is not allowed to create an interface on external network {network.id}")
    return network


async def _make(ctx: Context, server: Server, network: Network, address: str, labels: dict[str, str]) -> Port:
    """Make the server a port on a network, with an address of the server's zone. It goes when it is detached."""
    if not nics.subnets_of(ctx, network.id):
        raise nics.no_subnet(network.id)
    if address and ctx.mirror(Port).select("address", f"{network.id}/{address}"):
        raise _in_use(address)
    nics.fit(ctx, network, None, address)
    _check_room(ctx, server)
    can, project = nics.capabilities(ctx), server.metadata.project
    secure = network.spec.port_security_enabled
    groups = [(await default_group.ensure(ctx, project)).id] if secure else []
    meta = metadata(ctx, project)
    meta.labels |= labels
    mac, zone = addresses.mac(_RNG), server.status.zone if can.zonal else ""
    allocation = ipam.Allocation(ctx, network, meta.id, project, mac, can, bound=True)
    made: Port | None = None

    async def undo() -> None:
        await (allocation.undo() if made is None else withdraw(ctx, made.id))

    try:
        async with making(ctx, project, meta.id, {"port": 1}, undo):
            wishes = ipam.wishes(ctx, network, [{"ip_address": address}] if address else None, "")
            await allocation.gather(wishes, zone="" if address else zone)
            if zone and allocation.zone != zone:
                raise _failed(server, f"{address} is in another availability zone")
            spec = PortSpec(
                network_id=network.id,
                mac_address=mac,
                fixed_ips=allocation.fixed_ips,
                security_groups=groups,
                port_security_enabled=secure,
                device_id=server.id,
                device_owner=f"compute:{server.status.availability_zone}",
                zone=allocation.zone,
                disposable=True,
            )
            made = await ctx.parts.store.create(Port(metadata=meta, spec=spec))
            subnets = [ip.subnet_id for ip in made.spec.fixed_ips]
            await meetings.still_there(ctx, networks=[network.id], subnets=subnets, groups=groups)
    except ApiError as error:
        raise _in_novas_words(error, network, address) from None
    return made


def _in_use(address: str) -> ApiError:
    return conflict(f"Fixed IP {address} is already in use.")


def _in_novas_words(error: ApiError, network: Network, address: str) -> ApiError:
    """Return a refusal of the network service as Nova passes it on."""
    if error.type == "OverQuota":
        return forbidden("Maximum number of ports exceeded")
    if error.type == "IpAddressAlreadyAllocated":
        return _in_use(address)
    if error.type == "IpAddressGenerationFailure":
        return bad_request(f"No fixed IP addresses available for network: {network.id}")
    if error.status in (404, 409, 503):
        return ApiError(error.status, error.message, headers=error.headers)
    return bad_request(error.message)


async def _let_go(ctx: Context, port: Port) -> None:
    """Undo the binding of a port that nothing was recorded for."""
    if port.spec.disposable:
        await withdraw(ctx, port.id)
        await unreserve(ctx, port.metadata.project, port.id)
        return

    def unbind(obj: Port) -> None:
        if obj.spec.device_id == port.spec.device_id:
            obj.spec.device_id = obj.spec.device_owner = ""
            for label in (INDEX, ATTACH, TAG):
                obj.metadata.labels.pop(label, None)

    await ctx.change(Port, port.id, unbind)


async def _done(ctx: Context, uid: str, action: Action) -> None:
    """Wait until the engine has attached it, `config.pia.interface_wait` seconds at most: it is accepted then, too.

    Raises 400 with the reason when it failed.
    """
    clock = ctx.parts.clock
    deadline = clock.time() + ctx.parts.config.interface_wait
    while True:
        await ctx.fresh(Server)
        server = ctx.mirror(Server).get(uid)
        if server is None:
            return
        told = next((told for told in server.status.outcomes if told.number == action.number), None)
        if told is not None and told.result == "Error":
            raise bad_request(told.details)
        if server.status.done >= action.number or clock.time() >= deadline:
            return
        await clock.sleep(LOOK)


async def detach(ctx: Context) -> Response:
    """Detach an interface; one that is not there is accepted, as by Nova, and nothing happens."""
    server, port = ctx.found(Server), _port(ctx, ctx.params["port"])
    change.check_lock(ctx, server)
    check_state("detach_interface", server, state_of(ctx, server), WHEN)
    if port is None:
        return empty(202)
    why = offered.lacking(ctx, FIRST)
    if why is not None and port.metadata.labels.get(INDEX, "000") == "000":
        raise bad_request(f"Failed to detach network adapter device from {server.id}: {why}")
    return await act(ctx, "detach_interface", "detach_interface", WHEN, {"port_id": port.id})


_ADDRESSES: f.Doc = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": f.obj({"ip_address": f.IP_ADDRESS}, ["ip_address"]),
}


def _attach(*, tagged: bool) -> f.Doc:
    item: f.Doc = {"net_id": f.UUID, "port_id": f.UUID, "fixed_ips": _ADDRESSES}
    return f.obj({"interfaceAttachment": f.obj(item | ({"tag": f.TAG} if tagged else {}))})


def _row(method: str, path: str, handler: Any, verb: str, summary: str, **more: Any) -> Route:
    policy = f"compute:server_interfaces:{verb}"
    reads = WRITES if method == "POST" else READS
    return Route(
        method=method, path=path, handler=handler, policy=policy, find=find, reads=reads, summary=summary, **more
    )


ROUTES = (
    _row("GET", PATH, index, "list", "List a server's interfaces", shape="list"),
    _row("GET", PATH + "/{port}", show, "show", "Show a server's interface"),
    _row(
        "POST",
        PATH,
        attach,
        "create",
        "Attach an interface",
        body=f.versions((1, _attach(tagged=False)), (49, _attach(tagged=True))),
        shape="write",
    ),
    _row("DELETE", PATH + "/{port}", detach, "delete", "Detach an interface", status=202, shape="write"),
)
