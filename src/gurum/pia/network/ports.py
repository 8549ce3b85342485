"""/v2.0/ports.

A port that a user makes gets its addresses and a provisional MAC address here, at once, because the answer shows
them; the cloud's interface comes when a server needs it (or at once, if the engine thinks that better).
"""

from __future__ import annotations

import random
from typing import Any

from gurum.model import addresses, codec
from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Network, Port, PortSpec, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.region import Region
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router
from gurum.model.server import Server
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty
from gurum.pia.network import body, ipam, meetings, port_rules, revision, tags, unfit
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import Bindings, of
from gurum.pia.network.capabilities import IMPLIED_DELETE, Capabilities
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.inventory import in_cloud, is_bound
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.routing import associations, guards
from gurum.pia.network.unfit import MAC_ASKED_FOR
from gurum.pia.network.visible import network_for
from gurum.pia.network.writes import making, metadata, unreserve, update
from gurum.policy.model import Target
from gurum.store.contract import ConflictError, NotFoundError

READS: tuple[type[Resource], ...] = (Network, Subnet, Port, Region)
WRITES: tuple[type[Resource], ...] = (
    *READS,
    *(SecurityGroup, SecurityGroupRule, AddressClaim, Router, FloatingIP, FloatingIPClaim),
)
_RNG = random.SystemRandom()
# API attribute to the spec's field, where a change is a plain assignment
FIELDS = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_state_up",
    "device_id": "device_id",
    "device_owner": "device_owner",
    "binding:vnic_type": "binding_vnic_type",
}


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the list of (values, target), and the first target is asked of policy."""
    bindings = of(ctx)
    bound = bindings.ports
    items, bulk = body.items(bound.noun, ctx.body, bulk=True)
    prepared: list[tuple[body.Attributes, Target]] = []
    for item in items:
        project = own(ctx, bound, item)
        values = body.for_create(bound.noun, item, project)
        network = network_for(ctx, values["network_id"])
        target = bindings.on_network(network.id, project, device_owner=values["device_owner"])
        prepared.append((values, with_attributes(target, bound.noun, item, values)))
    ctx.body = (prepared, bulk)
    return Subject(target=prepared[0][1])


async def create(ctx: Context) -> Response:
    """Create one port or several; if one of several cannot be, none is."""
    bindings = of(ctx)
    prepared, bulk = ctx.body
    for _, target in prepared[1:]:
        await ctx.demand("network:ports:create", target)
    made: list[Port] = []
    try:
        for values, _ in prepared:
            made.append(await _create(ctx, bindings, values))
            await ctx.fresh(Port, AddressClaim)
            await _settled(ctx, made[-1])
    except Exception:  # a refusal, a store that is away, a defect: in each case nothing may stay
        for port in made:
            await withdraw(ctx, port.id)
            await unreserve(ctx, port.metadata.project, port.id)
        raise
    return await bindings.ports.answer(ctx, made, "create", bulk=bulk)


async def _settled(ctx: Context, port: Port) -> None:
    """Raise the not-found of what the port is on, if that went while the port was made or changed."""
    subnets = [ip.subnet_id for ip in port.spec.fixed_ips]
    await meetings.still_there(ctx, networks=[port.spec.network_id], subnets=subnets, groups=port.spec.security_groups)


async def _create(ctx: Context, bindings: Bindings, values: dict[str, Any]) -> Port:
    project: str = values["project_id"]
    network = network_for(ctx, values["network_id"])
    can = bindings.capabilities(ctx.region.name)
    _no_qos(values)
    guards.no_interface(ctx, values["device_id"], values["device_owner"])
    meta = metadata(ctx, project)
    mac = _mac(bindings, network.id, values["mac_address"])
    if values["mac_address"] == mac:
        meta.labels[MAC_ASKED_FOR] = ""
    given = None if values["fixed_ips"] is UNSET else values["fixed_ips"]
    wishes = ipam.wishes(ctx, network, given, values["device_owner"])
    secure = port_rules.port_security(values, network)
    groups = await port_rules.groups_of_new(ctx, values, project, secure, can)
    port_rules.check_pairs(values["allowed_address_pairs"], secure)
    bound = bool(values["device_id"])
    can.check("port", values, bound=bound)
    allocation = ipam.Allocation(ctx, network, meta.id, project, mac, can, bound=bound)
    async with making(ctx, project, meta.id, {"port": 1}, allocation.undo):
        await allocation.gather(wishes)
        spec = PortSpec(
            network_id=network.id,
            **{field: values[name] for name, field in FIELDS.items()},
            mac_address=mac,
            fixed_ips=allocation.fixed_ips,
            security_groups=groups,
            port_security_enabled=secure,
            allowed_address_pairs=port_rules.pairs(
                values["allowed_address_pairs"], secure, bindings, allocation.fixed_ips, can, bound=bound
            ),
            extra_dhcp_opts=port_rules.dhcp_options(values["extra_dhcp_opts"]),
            tags=tags.initial(values["tags"]),
            zone=allocation.zone,
        )
        _bind(spec, values)
        port = Port(metadata=meta, spec=spec)
        _fit(ctx, port)
        return await ctx.parts.store.create(port)


def _no_qos(values: dict[str, Any]) -> None:
    if values.get("qos_policy_id"):
        raise fault("QosPolicyNotFound", id=values["qos_policy_id"])


def _mac(bindings: Bindings, network_id: str, given: Any) -> str:
    """Return the MAC address that is asked for, or one of ours that no port of the network has."""
    in_use = bindings.inventory.ports_by_mac
    if given is not UNSET and given is not None:
        if f"{network_id}/{given}" in in_use:
            raise fault("MacAddressInUse", network=network_id, mac=given)
        return str(given)
    while True:
        mac = addresses.mac(_RNG)
        if f"{network_id}/{mac}" not in in_use:
            return mac


def _bind(spec: PortSpec, values: dict[str, Any]) -> None:
    """Take what an administrator writes of the binding."""
    host, profile = values.get("binding:host_id", UNSET), values.get("binding:profile", UNSET)
    if host is not UNSET:
        spec.binding_host_id = host or ""
    if profile is not UNSET:
        spec.binding_profile = {str(key): str(value) for key, value in (profile or {}).items()}


class _MovedError(Exception):
    """Somebody else has just given the port other addresses: they are theirs, so ours must be chosen anew."""


async def change(ctx: Context) -> Response:
    """Change a port."""
    mirror, port = of(ctx).ports.mirror, ctx.found(Port)
    for _ in range(ctx.parts.config.write_retries):
        try:
            return await _changed(ctx, port)
        except _MovedError:
            await ctx.fresh(Port, AddressClaim)
            port = mirror.get(port.id) or port  # one that is gone is refused when it is to be written
    raise fault("ServiceUnavailable")


async def _changed(ctx: Context, port: Port) -> Response:
    bindings = of(ctx)
    values = ctx.body
    missing = bindings.ports.missing(port.id)
    can = bindings.capabilities(ctx.region.name)
    _no_qos(values)
    mac = values.get("mac_address")
    if mac is not None and mac != port.spec.mac_address:
        _mac(bindings, port.spec.network_id, mac)
    port_rules.check_security(ctx, port.spec, values, can)
    bound = is_bound(port) or bool(values.get("device_id"))
    can.check("port", values, bound=bound)
    guards.may_change(ctx, port, values)
    allocation = await _reallocate(ctx, bindings, port, values, can)

    def mutate(obj: Port) -> None:
        spec = obj.spec
        if allocation is not None:
            if spec.fixed_ips != port.spec.fixed_ips:
                raise _MovedError
            spec.fixed_ips, spec.zone = allocation.fixed_ips, allocation.zone
        port_rules.change_security(ctx, spec, values, bindings, can, bound=bound)
        for name, field in FIELDS.items():
            if name in values:
                setattr(spec, field, values[name])
        if mac is not None:
            spec.mac_address = mac
            obj.metadata.labels[MAC_ASKED_FOR] = ""
        if "extra_dhcp_opts" in values:
            spec.extra_dhcp_opts = port_rules.dhcp_options(values["extra_dhcp_opts"], spec.extra_dhcp_opts)
        _bind(spec, values)
        if spec.device_id and spec.device_id != port.spec.device_id:
            _fit(ctx, obj)
        elif "security_groups" in values and bound:
            _groups_fit(ctx, obj)

    before = codec.copy(port).spec
    changed: Port | None = None
    try:
        changed = await update(ctx, Port, mutate, missing)
        if allocation is not None or "security_groups" in values:
            await _settled(ctx, changed)
    except Exception:
        if changed is not None:
            await ctx.change(Port, port.id, lambda obj: setattr(obj, "spec", before), missing)
        if allocation is not None:
            await allocation.undo()
        raise
    gone = [ip for ip in port.spec.fixed_ips if ip not in changed.spec.fixed_ips] if allocation is not None else []
    if gone and not in_cloud(changed):
        await ipam.free(ctx, port.id, gone)
    for ip in gone:
        await associations.let_go(ctx, port_id=port.id, address=ip.ip_address)
    return await bindings.ports.answer(ctx, [changed], "update")


def _fit(ctx: Context, port: Port) -> None:
    """Raise InvalidInput for a port that a server is to hold and cannot use."""
    inventory = of(ctx).inventory
    network = inventory.networks.get(port.spec.network_id)
    if network is None or not is_bound(port):
        return
    subnets = inventory.subnets_of_network.objects(network.id)
    why = unfit.reason(of(ctx).capabilities(ctx.region.name), network, subnets, port, _groups(ctx, port))
    if why is not None:
        raise invalid_input(why)


def _groups_fit(ctx: Context, port: Port) -> None:
    """Raise InvalidInput for groups that a port which a server holds cannot be in."""
    can = of(ctx).capabilities(ctx.region.name)
    for group in _groups(ctx, port):
        why = unfit.of_group(can, group)
        if why is not None:
            raise invalid_input(why)


def _groups(ctx: Context, port: Port) -> list[SecurityGroup]:
    inventory = of(ctx).inventory
    return [group for uid in port.spec.security_groups if (group := inventory.groups.get(uid)) is not None]


async def _reallocate(
    ctx: Context, bindings: Bindings, port: Port, values: dict[str, Any], can: Capabilities
) -> ipam.Allocation | None:
    """Claim what a PUT's fixed_ips add; None if it says nothing of addresses."""
    given = values.get("fixed_ips", UNSET)
    if given is UNSET:
        return None
    network = bindings.inventory.networks.get(port.spec.network_id)
    if network is None:
        raise bindings.networks.missing(port.spec.network_id)
    wishes = ipam.wishes(ctx, network, given, port.spec.device_owner)
    bound = is_bound(port) or bool(values.get("device_id"))
    allocation = ipam.Allocation(ctx, network, port.id, port.metadata.project, port.spec.mac_address, can, bound=bound)
    zone = port.spec.zone if is_bound(port) else ""
    await allocation.gather(wishes, keep=port.spec.fixed_ips, zone=zone)
    if allocation.fixed_ips != port.spec.fixed_ips and port.spec.device_id:
        try:
            can.refuse_if("port.fixed_ips_update", "fixed_ips", True, bound=True)
        except Exception:
            await allocation.undo()
            raise
    return allocation


async def delete(ctx: Context) -> Response:
    """Ask for a port's deletion."""
    port = ctx.found(Port)
    guards.may_delete(ctx, port)
    await _held(ctx, port)
    if not await withdraw(ctx, port.id):
        raise of(ctx).ports.missing(port.id)
    return empty(content_type=None)


async def _held(ctx: Context, port: Port) -> None:
    """Raise ServicePortInUse for the port that a server's creation made, where the cloud cannot take it off."""
    can = of(ctx).capabilities(ctx.region.name)
    if not port.spec.implied or not can.absent(IMPLIED_DELETE):
        return
    await ctx.fresh(Server)
    server = ctx.mirror(Server).get(port.spec.device_id, ctx.region.name)
    if server is not None and not server.deleting:
        because = can.because(f"it was made with server {server.id}, which has it for its life", IMPLIED_DELETE)
        raise fault("ServicePortInUse", id=port.id, message=because)


async def withdraw(ctx: Context, uid: str) -> bool:
    """Mark a port as to be deleted; return whether there was one. Floating IPs are associated with it no longer.

    The addresses of one that no cloud knows are free at once, as a user of Neutron expects. Of any other the engine
    frees them, when the cloud's interface is gone.
    """
    store = ctx.parts.store
    if_match = ctx.request.headers.get("if-match") if ctx.request.method == "DELETE" else None
    for _ in range(ctx.parts.config.write_retries):
        try:
            port = await store.get(Port, uid)
            revision.check(port, if_match)
            await store.delete(Port, uid, cause=ctx.cause, resource_version=port.metadata.resource_version)
        except ConflictError:
            continue  # the engine is just writing an intent, perhaps: look again
        except NotFoundError:
            return False
        if not port.deleting and not in_cloud(port):
            await ipam.free(ctx, uid, port.spec.fixed_ips)
        await associations.let_go(ctx, port_id=uid)
        return not port.deleting
    raise fault("ServiceUnavailable")
