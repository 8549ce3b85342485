"""/v2.0/floatingips.

Where the address is of the external network's own subnet it is claimed there, as a port's is. A cloud that hands out
addresses of its own chooses itself; then the POST waits for it (`cloud_address`).

Neutron counts the change of status that an association brings as a change of its own, a moment after the answer. So
the answer shows what was before it (`_answer`), and everything later what is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.network import AddressClaim, FixedIP, Network, Port, Subnet
from gurum.model.region import Region
from gurum.model.routing import FLOATING_IP, FloatingIP, FloatingIPClaim, FloatingIPSpec, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty, json
from gurum.pia.network import body, ipam, revision, tags
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import CHOSEN_BY_CLOUD
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.routing import associations, cloud_address
from gurum.pia.network.views.base import Shape
from gurum.pia.network.visible import subnet_for
from gurum.pia.network.writes import metadata, remove, reserve, unreserve, update
from gurum.policy.model import Target

READS: tuple[type[Resource], ...] = (Network, Subnet, Port, FloatingIP)
WRITES: tuple[type[Resource], ...] = (*READS, Router, FloatingIPClaim, AddressClaim, Region)


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the values."""
    bound = of(ctx).floatingips
    [item], _ = body.items(bound.noun, ctx.body, bulk=False)
    project = own(ctx, bound, item)
    values = ctx.body = body.for_create(bound.noun, item, project)
    return Subject(target=with_attributes(Target(project_id=project), bound.noun, item, values))


def _no_qos(values: dict[str, Any]) -> None:
    if values.get("qos_policy_id"):
        raise fault("QosPolicyNotFound", id=values["qos_policy_id"])


def _external(ctx: Context, uid: str) -> Network:
    """Return the external network. Raises BadRequest for any other, whether or not the caller may see it."""
    network = of(ctx).networks.mirror.get(uid, ctx.region.name)
    if network is None or not network.spec.external:
        raise fault("BadRequest", resource="floatingip", message=f"Network {uid} is not a valid external network")
    return network


async def create(ctx: Context) -> Response:
    """Create a floating IP, associated with a port if one is named."""
    values = ctx.body
    project: str = values["project_id"]
    meta = metadata(ctx, project)
    await reserve(ctx, project, meta.id, {"floatingip": 1})
    new = FloatingIP(
        metadata=meta,
        spec=FloatingIPSpec(
            floating_network_id=values["floating_network_id"],
            description=values["description"],
            dns_name=values["dns_name"],
            dns_domain=values["dns_domain"],
            tags=tags.initial(values["tags"]),
        ),
    )
    stored: FloatingIP | None = None
    try:
        _no_qos(values)
        await _address(ctx, new, values)
        wanted = associations.resolve(ctx, new, values["port_id"], values["fixed_ip_address"])
        await associations.claim(ctx, new, wanted)
        associations.put(new, wanted)
        if wanted:
            meta.labels[revision.REVISION] = "1"
        stored = await ctx.parts.store.create(new)
        await associations.settled(ctx, stored)
        if of(ctx).capabilities(ctx.region.name).chooses_addresses:
            stored = await cloud_address.awaited(ctx, stored)
    except BaseException:  # also of a client that gave up: nothing of it may stay
        await _take_back(ctx, new, made=stored is not None)
        raise
    await ctx.fresh(FloatingIP)
    return _answer(ctx, stored, "create", "DOWN", behind=bool(wanted))


async def _take_back(ctx: Context, new: FloatingIP, *, made: bool) -> None:
    if made:
        await ctx.parts.store.delete(FloatingIP, new.id, cause=ctx.cause)
    await associations.release(ctx, new, associations.held(new))
    await _free(ctx, new)
    await unreserve(ctx, new.metadata.project, new.id)


async def _free(ctx: Context, floating: FloatingIP) -> None:
    spec = floating.spec
    if spec.floating_ip_address:
        ip = FixedIP(subnet_id=spec.subnet_id, ip_address=spec.floating_ip_address)
        await ipam.free(ctx, floating.id, [ip], owner=FloatingIP.kind)


async def _address(ctx: Context, new: FloatingIP, values: dict[str, Any]) -> None:
    """Claim the address of a new floating IP, unless the region's cloud chooses it. Raises Neutron's faults."""
    network = _external(ctx, values["floating_network_id"])
    inventory, can = of(ctx).inventory, of(ctx).capabilities(ctx.region.name)
    asked = {
        name: values[given]
        for name, given in (("subnet_id", "subnet_id"), ("ip_address", "floating_ip_address"))
        if values[given]
    }
    if "subnet_id" in asked:
        subnet_for(ctx, asked["subnet_id"])
    if not any(subnet.spec.ip_version == 4 for subnet in inventory.subnets_of_network.objects(network.id)):
        message = f"Network {network.id} does not contain any IPv4 subnet"
        raise fault("BadRequest", resource="floatingip", message=message)
    if can.chooses_addresses:
        if "ip_address" in asked:
            sentence = "this value of floating_ip_address is not possible in this region"
            raise invalid_input(can.because(sentence, CHOSEN_BY_CLOUD))
        return
    wishes = ipam.wishes(ctx, network, [asked] if asked else None, FLOATING_IP)
    four = [wish for wish in wishes if wish.subnets[0].spec.ip_version == 4]
    allocation = ipam.Allocation(
        ctx, network, new.id, new.metadata.project, "", can, bound=False, owner=FloatingIP.kind
    )
    try:
        await allocation.gather(four)
    except ApiError as refusal:
        if refusal.type != "IpAddressGenerationFailure":
            raise
        raise fault("ExternalIpAddressExhausted", network=network.id) from None
    [ip] = allocation.fixed_ips
    new.spec.subnet_id, new.spec.floating_ip_address = ip.subnet_id, ip.ip_address


class _MovedError(Exception):
    """Somebody else has just associated the floating IP otherwise."""


async def change(ctx: Context) -> Response:
    """Associate a floating IP with a port, or with none, and describe it.

    As in Neutron, an empty PUT disassociates; one that says nothing of a port asks for the present one anew.
    """
    mirror, floating = of(ctx).floatingips.mirror, ctx.found(FloatingIP)
    for _ in range(ctx.parts.config.write_retries):
        try:
            return await _changed(ctx, floating)
        except _MovedError:
            await ctx.fresh(FloatingIP, Port, Router)
            floating = mirror.get(floating.id) or floating  # one that is gone is refused when it is to be written
    raise fault("ServiceUnavailable")


async def _changed(ctx: Context, floating: FloatingIP) -> Response:
    values: dict[str, Any] = ctx.body
    bindings, had = of(ctx), associations.held(floating)
    missing = bindings.floatingips.missing(floating.id)
    _no_qos(values)
    port_id = values.get("port_id") if "port_id" in values or not values else had.port_id
    if values.get("fixed_ip_address") and "port_id" not in values:
        port_id = None  # as Neutron says: an address without its port
    wanted = associations.resolve(ctx, floating, port_id, values.get("fixed_ip_address"))
    if wanted != had:
        await associations.claim(ctx, floating, wanted)
    turned = bool(wanted) != bool(had)
    status = str(bindings.floatingips.view.fields["status"](floating))

    def mutate(obj: FloatingIP) -> None:
        if associations.held(obj) != had:
            raise _MovedError
        associations.put(obj, wanted)
        if turned:
            revision.adjust(obj, 1)
        if "description" in values:
            obj.spec.description = values["description"]

    changed: FloatingIP | None = None
    try:
        changed = await update(ctx, FloatingIP, mutate, missing)
        if wanted != had:
            await associations.settled(ctx, changed)
    except Exception:
        if changed is not None:
            await ctx.change(FloatingIP, floating.id, _without(wanted), missing)
        if (wanted.port_id, wanted.address) != (had.port_id, had.address):
            await associations.release(ctx, floating, wanted)
        if changed is not None:
            await associations.release(ctx, floating, had)
        raise
    if (wanted.port_id, wanted.address) != (had.port_id, had.address):
        await associations.release(ctx, floating, had)
    await ctx.fresh(FloatingIP)
    return _answer(ctx, changed, "update", status, behind=turned)


def _without(had: associations.Association) -> Callable[[FloatingIP], None]:
    def mutate(obj: FloatingIP) -> None:
        if associations.held(obj) == had:
            associations.put(obj, associations.NONE)

    return mutate


def _answer(ctx: Context, floating: FloatingIP, operation: Any, status: str, *, behind: bool) -> Response:
    """Answer what was written, with the status of before and without counting the change of status that is to come."""
    bound = of(ctx).floatingips
    shown = bound.view.document(codec.copy(floating), Shape(operation))
    shown["status"] = status
    shown["revision_number"] -= int(behind)
    return json({bound.noun.name: shown}, 201 if operation == "create" else 200)


async def delete(ctx: Context) -> Response:
    """Ask for the deletion of a floating IP, associated or not."""
    floating = ctx.found(FloatingIP)
    await remove(ctx, FloatingIP, of(ctx).floatingips.missing(floating.id))
    last = await _last(ctx, floating)
    await associations.release(ctx, last, associations.held(last))
    await _free(ctx, last)
    return empty(content_type=None)


async def _last(ctx: Context, floating: FloatingIP) -> FloatingIP:
    """Return the floating IP as it was when its deletion was asked for."""
    await ctx.fresh(FloatingIP)
    return of(ctx).inventory.floatingips.hidden.get(floating.id, floating)
