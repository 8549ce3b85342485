"""The interfaces a new server asks for, and its security groups: checked here, made by the engine.

What Nova checks only later (an address outside the subnet, an external network) is accepted here as there, and the
server then fails with a fault. What the network API keeps although the region's cloud cannot do it is refused here,
where a server would use it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from gurum.model.base import read_only
from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.model.region import Region
from gurum.model.server import NetworkRequest
from gurum.pia.kernel.adopted import refusal
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, conflict
from gurum.pia.kernel.mirror import Board
from gurum.pia.network import default_group, unfit
from gurum.pia.network.capabilities import Capabilities

Asked = Sequence[Mapping[str, Any]] | str | None


def requested(asked: Asked) -> list[NetworkRequest] | str:
    """Return the interfaces of a request, well-formed; "auto" or "none" as it came ("auto" for none given)."""
    if asked is None or isinstance(asked, str):
        return asked or "auto"
    found: list[NetworkRequest] = []
    for network in asked:
        port, address, tag = network.get("port"), network.get("fixed_ip") or "", network.get("tag") or ""
        if port:
            if any(request.port_id == port for request in found):
                raise bad_request(f"Port ID '{port}' was specified twice: you cannot attach a port multiple times.")
            if address:
                raise bad_request(
                    f"Specified Fixed IP '{address}' cannot be used with port '{port}': "
                    "the two cannot be specified together."
                )
            found.append(NetworkRequest(port_id=port, tag=tag))
            continue
        if "uuid" not in network:
            raise bad_request("Bad network format: missing 'uuid'")
        uid = network["uuid"]
        if not _is_uuid(uid):
            raise bad_request(f"Bad networks format: network uuid is not in proper format ({uid})")
        found.append(NetworkRequest(network_id=uid.lower(), fixed_ip=address, tag=tag))
    return found


def _is_uuid(text: object) -> bool:
    try:
        return str(uuid.UUID(str(text))).replace("-", "") == str(text).lower().replace("-", "")
    except ValueError:
        return False


def check_count(requests: list[NetworkRequest] | str, count: int) -> None:
    """Refuse what only one server can have when several are asked for."""
    if count < 2 or isinstance(requests, str):
        return
    if any(request.fixed_ip for request in requests):
        raise bad_request("Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.")
    if any(request.port_id for request in requests):
        raise bad_request(
            "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. "
            "Please launch your instance one by one with different ports."
        )


def checked(ctx: Context, requests: list[NetworkRequest] | str) -> list[NetworkRequest]:
    """Return the interfaces as the server keeps them. Raises Nova's 400 and 409."""
    if requests == "none":
        return []
    if isinstance(requests, str):
        return _automatic(ctx)
    for request in requests:
        if request.port_id:
            _check_port(ctx, request.port_id)
    for request in requests:
        if request.network_id:
            _check_network(ctx, request)
    return list(requests)


def available(ctx: Context) -> list[Network]:
    """Return the networks that are meant where none is named: the project's own, and those that all share."""
    own = list(ctx.mirror(Network).objects(ctx.region.name, ctx.project))
    shared = [n for n in ctx.mirror(Network).select("shared", ctx.region.name) if n.metadata.project != ctx.project]
    return [network for network in own + shared if not network.spec.external]


def _automatic(ctx: Context) -> list[NetworkRequest]:
    """Take the project's only network. Without one: no interface below 2.37, a refusal from there on."""
    networks = [network for network in available(ctx) if not read_only(network)]
    if len(networks) > 1:
        raise conflict("Multiple possible networks found, use a Network ID to be more specific.")
    if networks:
        if not subnets_of(ctx, networks[0].id):
            raise no_subnet(networks[0].id)
        fit(ctx, networks[0], None)
        return [NetworkRequest(network_id=networks[0].id)]
    if ctx.version >= 37:
        raise bad_request(f"Unable to automatically allocate a network for project {ctx.project}")
    return []


def _check_port(ctx: Context, uid: str) -> None:
    port = ctx.mirror(Port).get(uid.lower(), ctx.region.name)
    if port is None or not mine(ctx, port.metadata.project):
        raise bad_request(f"Port id {uid} could not be found.")
    if port.spec.device_id:
        raise conflict(f"Port {uid} is still in use.")
    if not port.spec.fixed_ips:
        raise bad_request(f"Port {uid} requires a FixedIP in order to be used.")
    network = ctx.mirror(Network).get(port.spec.network_id)
    if network is not None:
        fit(ctx, network, port)


def _check_network(ctx: Context, request: NetworkRequest) -> None:
    network = ctx.mirror(Network).get(request.network_id, ctx.region.name)
    if network is None or not (mine(ctx, network.metadata.project) or network.spec.shared or network.spec.external):
        raise bad_request(f"Network {request.network_id} could not be found.")
    if not subnets_of(ctx, network.id):
        raise no_subnet(network.id)
    if request.fixed_ip:
        for port in ctx.mirror(Port).select("address", f"{network.id}/{request.fixed_ip}"):
            raise bad_request(
                f"Fixed IP {request.fixed_ip} is already in use on instance {port.spec.device_id or None}."
            )
    if not network.spec.external:  # there the engine makes no interface, and the server fails as Nova's does
        fit(ctx, network, None, request.fixed_ip)


def subnets_of(ctx: Context, network: str) -> list[Subnet]:
    """Return the subnets of a network."""
    found: list[Subnet] = ctx.mirror(Subnet).select("network", network)
    return found


def fit(ctx: Context, network: Network, port: Port | None, address: str = "") -> None:
    """Refuse an interface that the region's cloud cannot make as its network or port says; the groups come apart."""
    groups = [ctx.mirror(SecurityGroup).get(uid) for uid in (port.spec.security_groups if port else ())]
    known = [group for group in groups if group is not None]
    why = unfit.reason(capabilities(ctx), network, subnets_of(ctx, network.id), port, known, address)
    if why is not None:
        raise bad_request(why)


def capabilities(ctx: Context) -> Capabilities:
    """Return what the region's cloud can."""
    return Capabilities(ctx.mirror(Region).by_key(ctx.region.name))


def watch(board: Board) -> None:
    """Keep the indexes that the checks here look up."""
    board.when(Network, lambda m: m.index("shared", lambda n: [n.metadata.region] if n.spec.shared else []))
    board.when(Subnet, lambda m: m.index("network", lambda subnet: [subnet.spec.network_id]))
    board.when(
        Port,
        lambda m: m.index("address", lambda p: [f"{p.spec.network_id}/{ip.ip_address}" for ip in p.spec.fixed_ips]),
    )


def no_subnet(network: str) -> ApiError:
    """Return the refusal of a network on which no address can be had."""
    return bad_request(f"Network {network} requires a subnet in order to boot instances on.")


def mine(ctx: Context, project: str) -> bool:
    """Whether what belongs to a project is the caller's to use."""
    return project == ctx.project or "admin" in {role.lower() for role in ctx.principal.roles}


def group_named(ctx: Context, name: str) -> SecurityGroup | None:
    """Return the project's group of that id or name, None when there is none. Raises 409 for several of a name."""
    groups = list(ctx.mirror(SecurityGroup).objects(ctx.region.name, ctx.project))
    for group in groups:
        if group.id == name.lower():
            return _usable(group)
    named = [group for group in groups if group.spec.name == name]
    if len(named) > 1:
        raise conflict(f"Multiple security_group matches found for name '{name}', use an ID to be more specific.")
    return _usable(named[0]) if named else None


def _usable(group: SecurityGroup) -> SecurityGroup:
    if read_only(group):
        raise refusal(group)
    return group


async def groups(ctx: Context, asked: Sequence[Mapping[str, str]] | None, *, needed: bool) -> list[str]:
    """Return the ids of the groups asked for; the project's default one where none is and one is needed."""
    names = dict.fromkeys(group["name"] for group in asked or () if group.get("name"))
    found: dict[str, None] = {}
    for name in names:
        group = group_named(ctx, name)
        if group is None and name == default_group.NAME:
            group = await default_group.ensure(ctx, ctx.project)
        if group is None:
            raise bad_request(f"Unable to find security_group with name or id '{name}'")
        why = unfit.of_group(capabilities(ctx), group) if needed else None
        if why is not None:
            raise bad_request(why)
        found[group.id] = None
    if not found and needed:
        found[(await default_group.ensure(ctx, ctx.project)).id] = None
    return list(found)
