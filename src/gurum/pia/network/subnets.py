"""/v2.0/subnets.

In a region whose clouds have zonal subnets (AWS), a subnet is cut into a slice a zone here, at creation, and its
allocation pools are what those slices really have: addresses are chosen from them, and one that is AWS's own would
fail later, in a port that somebody waits for. Pools that a user gave are shown as given, in a label: a tool that
compares what it asked for with what it sees must not find a difference that it cannot remove.
"""

from __future__ import annotations

from typing import Any

from gurum.model.base import Metadata
from gurum.model.network import HostRoute, Network, Pool, Port, Subnet, SubnetSpec
from gurum.model.region import Region
from gurum.model.routing import FloatingIP, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty
from gurum.pia.network import body, meetings, revision, subnet_rules, tags
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import Bindings, of
from gurum.pia.network.capabilities import Capabilities
from gurum.pia.network.faults import fault
from gurum.pia.network.inventory import is_bound
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.routing import guards, shared_ranges
from gurum.pia.network.routing import meetings as routing_meetings
from gurum.pia.network.views.subnets import GIVEN_POOLS, shown_pools
from gurum.pia.network.visible import network_for
from gurum.pia.network.writes import bump, create_all, metadata, remove, take_back, update

READS = (Network, Subnet, Port, Region)
WRITES = (*READS, Router, FloatingIP)
AUTOMATIC = ("network:dhcp", "network:distributed", "network:routed")
FIELDS = ("name", "description", "enable_dhcp", "service_types", "gateway_ip")


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the list of (values, target), and the first target is asked of policy."""
    bindings = of(ctx)
    bound = bindings.subnets
    items, bulk = body.items(bound.noun, ctx.body, bulk=True)
    prepared = []
    for item in items:
        project = own(ctx, bound, item)
        values = body.for_create(bound.noun, item, project)
        network = network_for(ctx, values["network_id"])
        target = with_attributes(bindings.on_network(network.id, project), bound.noun, item, values)
        prepared.append((values, target))
    ctx.body = (prepared, bulk)
    return Subject(target=prepared[0][1])


async def create(ctx: Context) -> Response:
    """Create one subnet or several."""
    bindings = of(ctx)
    prepared, bulk = ctx.body
    for _, target in prepared[1:]:
        await ctx.demand("network:subnets:create", target)
    can = bindings.capabilities(ctx.region.name)
    made: list[Subnet] = []
    for values, _ in prepared:
        network_id = values["network_id"]
        others = [*bindings.inventory.subnets_of_network.objects(network_id), *made]
        bound = any(map(is_bound, bindings.inventory.ports_of_network.objects(network_id)))
        meta = metadata(ctx, values["project_id"])
        spec, given = _spec(values, _without_cloud(ctx, network_id) or can, others, bound=bound)
        _label(meta, given, spec)
        made.append(Subnet(metadata=meta, spec=spec))
    if shared_ranges.matter(ctx):
        shared_ranges.may_add(ctx, made)
    stored = await create_all(ctx, made, "subnet")
    await _settle(ctx, bindings, stored)
    return await bindings.subnets.answer(ctx, stored, "create", bulk=bulk)


def _without_cloud(ctx: Context, network_id: str) -> Capabilities | None:
    """Return what holds on an external network: no cloud has anything of it, so everything can be."""
    network = of(ctx).inventory.networks.get(network_id)
    return Capabilities(None) if network is not None and network.spec.external else None


async def _settle(ctx: Context, bindings: Bindings, stored: list[Subnet]) -> None:
    """Look again, now that the subnets can be seen, whether another process made one that overlaps or the network went.

    Each of two that overlap sees the other, so never do both stay. Where joined networks share one private cloud, it
    may also have been joined with others meanwhile.
    """
    shared = shared_ranges.matter(ctx)
    await ctx.fresh(Network, Subnet, *((Port,) if shared else ()))
    mine = {subnet.id for subnet in stored}
    try:
        for subnet in stored:
            if bindings.inventory.networks.get(subnet.spec.network_id) is None:
                raise bindings.networks.missing(subnet.spec.network_id)
            others = bindings.inventory.subnets_of_network.objects(subnet.spec.network_id)
            subnet_rules.no_overlap(
                subnet.spec.network_id, subnet.spec.cidr, [other for other in others if other.id not in mine]
            )
        if shared:
            shared_ranges.may_add(ctx, stored)
        for network_id in dict.fromkeys(subnet.spec.network_id for subnet in stored):
            await bump(ctx, Network, network_id)
    except Exception:
        await take_back(ctx, stored)
        raise


def _label(meta: Metadata, given: list[Pool], spec: SubnetSpec) -> None:
    """Remember the pools that a user gave, where they were cut."""
    meta.labels.pop(GIVEN_POOLS, None)
    if given and given != spec.allocation_pools:
        meta.labels[GIVEN_POOLS] = ",".join(f"{pool.start}-{pool.end}" for pool in given)


def _spec(
    values: dict[str, Any], can: Capabilities, others: list[Subnet], *, bound: bool
) -> tuple[SubnetSpec, list[Pool]]:
    """Return the spec of a new subnet, and the pools that the body gives.

    Neutron's own refusals come first, then those of the region's cloud. bound: servers are on the network.
    """
    cidr = subnet_rules.cidr_of(values)
    version = values["ip_version"]
    gateway = values["gateway_ip"]
    if gateway is UNSET:
        gateway = subnet_rules.first_address(cidr)
    subnet_rules.validate(cidr, version, {**values, "gateway_ip": gateway}, can)
    given = subnet_rules.given_pools(values["allocation_pools"] or [], cidr, gateway)
    subnet_rules.no_overlap(values["network_id"], cidr, others)
    can.check("subnet", values, bound=bound)
    slices = subnet_rules.slices(cidr, gateway, can, bound=bound)
    spec = SubnetSpec(
        network_id=values["network_id"],
        cidr=cidr,
        ip_version=version,
        name=values["name"],
        description=values["description"],
        gateway_ip=gateway,
        enable_dhcp=values["enable_dhcp"],
        allocation_pools=subnet_rules.pools(given, cidr, gateway, slices),
        dns_nameservers=list(values["dns_nameservers"]),
        host_routes=_routes(values["host_routes"]),
        service_types=list(values["service_types"]),
        ipv6_ra_mode=values["ipv6_ra_mode"] or None,
        ipv6_address_mode=values["ipv6_address_mode"] or None,
        slices=slices,
        tags=tags.initial(values["tags"]),
    )
    return spec, given


def _routes(given: list[dict[str, str]]) -> list[HostRoute]:
    return [HostRoute(destination=route["destination"], nexthop=route["nexthop"]) for route in given]


async def change(ctx: Context) -> Response:
    """Change a subnet. The cidr is for ever."""
    bindings = of(ctx)
    values = ctx.body
    subnet = ctx.found(Subnet)
    can = _without_cloud(ctx, subnet.spec.network_id) or bindings.capabilities(ctx.region.name)
    subnet_rules.validate(subnet.spec.cidr, subnet.spec.ip_version, values, can, subnet_id=subnet.id)
    bound = any(map(is_bound, bindings.inventory.ports_of_subnet.objects(subnet.id)))
    can.check("subnet", values, bound=bound)
    if "gateway_ip" in values:
        guards.gateway_free(ctx, subnet, values["gateway_ip"])
    only_pools = set(values) == {"allocation_pools"}

    def mutate(obj: Subnet) -> None:
        spec = obj.spec
        gateway = values.get("gateway_ip", spec.gateway_ip)
        before = shown_pools(obj)
        given = subnet_rules.given_pools(values.get("allocation_pools") or [], spec.cidr, gateway)
        if "gateway_ip" in values and gateway and not given:
            subnet_rules.gateway_outside(gateway, before)
        if "gateway_ip" in values:
            subnet_rules.own_gateway(spec.cidr, gateway, can, bound=bound)
        if given:
            spec.allocation_pools = subnet_rules.pools(given, spec.cidr, gateway, spec.slices)
            _label(obj.metadata, given, spec)
        for name in FIELDS:
            if name in values:
                setattr(spec, name, values[name])
        if "dns_nameservers" in values:
            spec.dns_nameservers = list(values["dns_nameservers"])  # an empty text is taken for none, as in Neutron
        if "host_routes" in values:
            spec.host_routes = _routes(values["host_routes"])
        if only_pools and shown_pools(obj) != before:
            revision.adjust(obj, -1)  # Neutron does not count this one

    changed = await update(ctx, Subnet, mutate, bindings.subnets.missing(subnet.id))
    if not only_pools and bindings.inventory.networks.get(subnet.spec.network_id) is not None:
        await bump(ctx, Network, subnet.spec.network_id)
    return await bindings.subnets.answer(ctx, [changed], "update")


async def delete(ctx: Context) -> Response:
    """Ask for the deletion of a subnet that no port has an address of."""
    bindings = of(ctx)
    subnet = ctx.found(Subnet)
    ports = list(bindings.inventory.ports_of_subnet.objects(subnet.id))
    if any(port.spec.device_owner not in AUTOMATIC for port in ports):
        raise fault("SubnetInUse", id=subnet.id)
    if subnet.id in bindings.inventory.routers_of_subnet or subnet.id in bindings.inventory.floatingips_of_subnet:
        raise fault("SubnetInUse", id=subnet.id)
    for port in ports:
        await ctx.change(Port, port.id, lambda obj: meetings.leave_subnet(obj, subnet.id))
    await remove(ctx, Subnet, bindings.subnets.missing(subnet.id))
    await meetings.clear_subnet(ctx, subnet.id)
    await routing_meetings.clear_external(ctx, subnet_id=subnet.id)
    if bindings.inventory.networks.get(subnet.spec.network_id) is not None:
        await bump(ctx, Network, subnet.spec.network_id)
    return empty(content_type=None)
