"""/v2.0/networks.

A network is only an intention until a port on it is used, so creating one costs no cloud call and deleting an unused
one neither.
"""

from __future__ import annotations

from typing import Any

from gurum.model.network import Network, NetworkSpec, Port, Subnet
from gurum.model.region import Region
from gurum.model.routing import FloatingIP, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty
from gurum.pia.network import body, meetings, tags
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import MTU, Capabilities
from gurum.pia.network.faults import bad_request, fault, invalid_input
from gurum.pia.network.inventory import is_bound
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.routing import guards
from gurum.pia.network.routing import meetings as routing_meetings
from gurum.pia.network.views.networks import VLAN_TRANSPARENT
from gurum.pia.network.writes import create_all, metadata, precondition, remove, remove_parts, update
from gurum.policy.model import Target

READS = (Network, Subnet, Port, Region)
WRITES = (*READS, Router, FloatingIP)
AUTOMATIC = ("network:dhcp", "network:distributed", "network:routed")  # ports that go with their network
PROVIDER = ("provider:network_type", "provider:physical_network", "provider:segmentation_id", "segments")
# API attribute to the spec's field, where a change is a plain assignment
FIELDS = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_state_up",
    "shared": "shared",
    "router:external": "external",
    "is_default": "is_default",
    "mtu": "mtu",
    "port_security_enabled": "port_security_enabled",
}


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the list of (values, target), and the first target is asked of policy."""
    bound = of(ctx).networks
    items, bulk = body.items(bound.noun, ctx.body, bulk=True)
    prepared = []
    for item in items:
        project = own(ctx, bound, item)
        values = body.for_create(bound.noun, item, project)
        prepared.append((values, with_attributes(Target(project_id=project), bound.noun, item, values)))
    ctx.body = (prepared, bulk)
    return Subject(target=prepared[0][1])


async def create(ctx: Context) -> Response:
    """Create one network or several."""
    bindings = of(ctx)
    prepared, bulk = ctx.body
    for _, target in prepared[1:]:
        await ctx.demand("network:networks:create", target)
    can = bindings.capabilities(ctx.region.name)
    made = []
    for values, _ in prepared:
        _check(values, can, bound=False)
        meta = metadata(ctx, values["project_id"])
        if values["vlan_transparent"]:
            meta.labels[VLAN_TRANSPARENT] = ""
        made.append(Network(metadata=meta, spec=_spec(values, can)))
    stored = await create_all(ctx, made, "network")
    return await bindings.networks.answer(ctx, stored, "create", bulk=bulk)


def _check(values: dict[str, Any], can: Capabilities, *, bound: bool) -> None:
    if any(values.get(name, UNSET) is not UNSET for name in PROVIDER):
        raise invalid_input("provider networks are not possible in this region")
    if values.get("qinq"):
        raise bad_request("Backend does not support QinQ.")
    if values.get("qos_policy_id"):
        raise fault("QosPolicyNotFound", id=values["qos_policy_id"])
    known = {zone.name for zone in can.zones}
    for hint in values.get("availability_zone_hints") or ():
        if hint not in known:
            raise fault("AvailabilityZoneNotFound", id=hint)
    can.check("network", values, bound=bound)


def _spec(values: dict[str, Any], can: Capabilities) -> NetworkSpec:
    return NetworkSpec(
        **{field: values[name] for name, field in FIELDS.items() if name != "mtu"},
        mtu=values["mtu"] or can.limit("network.mtu", MTU),
        availability_zone_hints=list(values["availability_zone_hints"]),
        tags=tags.initial(values["tags"]),
    )


async def change(ctx: Context) -> Response:
    """Change a network."""
    bindings = of(ctx)
    values = ctx.body
    network = ctx.found(Network)
    bound = any(map(is_bound, bindings.inventory.ports_of_network.objects(network.id)))
    _check(values, bindings.capabilities(ctx.region.name), bound=bound)
    if values.get("shared") is False and network.spec.shared:
        strangers = {port.metadata.project for port in bindings.inventory.ports_of_network.objects(network.id)}
        if strangers - {network.metadata.project}:
            raise fault("InvalidSharedSetting", id=network.id)

    if values.get("router:external") is False and network.spec.external:
        guards.may_turn_inside(ctx, network)

    def mutate(obj: Network) -> None:
        for name, field in FIELDS.items():
            if name in values:
                setattr(obj.spec, field, values[name])

    changed = await update(ctx, Network, mutate, bindings.networks.missing(network.id))
    return await bindings.networks.answer(ctx, [changed], "update")


async def delete(ctx: Context) -> Response:
    """Ask for the deletion of a network and of what goes with it: its subnets and automatic ports."""
    bindings = of(ctx)
    network = ctx.found(Network)
    ports = list(bindings.inventory.ports_of_network.objects(network.id))
    using = [port.id for port in ports if port.spec.device_owner not in AUTOMATIC]
    using += guards.outside(ctx, network.id)
    if using:
        raise fault("NetworkInUse", id=network.id, ports=",".join(sorted(using)))
    precondition(ctx, network)
    await remove_parts(ctx, [*ports, *bindings.inventory.subnets_of_network.objects(network.id)])
    await remove(ctx, Network, bindings.networks.missing(network.id))
    await meetings.clear_network(ctx, network.id)
    await routing_meetings.clear_external(ctx, network_id=network.id)
    return empty(content_type=None)
