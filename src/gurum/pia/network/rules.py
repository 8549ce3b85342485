"""/v2.0/security-group-rules."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from gurum.model.base import Resource
from gurum.model.network import SecurityGroup, SecurityGroupRule, SecurityGroupRuleSpec
from gurum.model.region import Region
from gurum.model.rule_key import key_of
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty
from gurum.pia.network import body, meetings, protocols
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import Capabilities
from gurum.pia.network.faults import fault
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.visible import group_for
from gurum.pia.network.writes import bump, create_all, metadata, remove, take_back
from gurum.policy.model import Target
from gurum.store.contract import ExistsError, NotFoundError

READS: tuple[type[Resource], ...] = (SecurityGroup, SecurityGroupRule, Region)
REMOTES = ("remote_ip_prefix", "remote_group_id", "remote_address_group_id")


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the list of values, and the first one's target is asked of policy."""
    bound = of(ctx).security_group_rules
    items, bulk = body.items(bound.noun, ctx.body, bulk=True)
    prepared = []
    for item in items:
        project = own(ctx, bound, item)
        prepared.append(body.for_create(bound.noun, item, project))
    _one_group(prepared)
    for values in prepared:
        check(values)
        if values["remote_group_id"] is not None:
            group_for(ctx, values["remote_group_id"])
        if values["remote_address_group_id"] is not None:
            raise fault("AddressGroupNotFound", id=values["remote_address_group_id"])
    group = group_for(ctx, prepared[0]["security_group_id"])
    ctx.body = (prepared, bulk)
    target = Target(project_id=prepared[0]["project_id"], parent_project_id=group.metadata.project)
    return Subject(target=with_attributes(target, bound.noun, items[0], prepared[0]))


def _one_group(prepared: Sequence[dict[str, Any]]) -> None:
    if len({str(values["security_group_id"]) for values in prepared}) > 1:
        raise fault("SecurityGroupNotSingleGroupRules")
    if len({values["project_id"] for values in prepared}) > 1:
        raise fault("SecurityGroupRulesNotSingleTenant")


def check(values: dict[str, Any]) -> None:
    """Raise the first fault of a rule's values, in Neutron's order."""
    _ports(values["protocol"], values["port_range_min"], values["port_range_max"])
    prefix = values["remote_ip_prefix"]
    if prefix is not None and f"IPv{ip_network(prefix, strict=False).version}" != values["ethertype"]:
        raise fault("SecurityGroupRuleParameterConflict", ethertype=values["ethertype"], cidr=prefix)
    protocol = values["protocol"]
    if protocol in protocols.IPV6_ONLY and values["ethertype"] == "IPv4":
        raise fault("SecurityGroupEthertypeConflictWithProtocol", ethertype="IPv4", protocol=protocol)
    if sum(values[name] is not None for name in REMOTES) > 1:
        raise fault("SecurityGroupMultipleRemoteEntites")


def _ports(protocol: str | None, low: int | None, high: int | None) -> None:
    if low is None and high is None:
        return
    if protocol is None:
        raise fault("SecurityGroupProtocolRequiredWithPorts")
    if protocols.is_icmp(protocol):
        for name, field, value in (("port_range_min", "type", low), ("port_range_max", "code", high)):
            if value is not None and value > 255:
                raise fault("SecurityGroupInvalidIcmpValue", field=field, name=name, value=value)
        if low is None:
            raise fault("SecurityGroupMissingIcmpType", value=high)
        return
    if not protocols.has_ports(protocol):
        supported = ", ".join(name.upper() for name in protocols.WITH_PORTS)
        raise fault("SecurityGroupInvalidProtocolForPort", protocol=protocols.number(protocol), supported=supported)
    if low is None or high is None or low > high:
        raise fault("SecurityGroupInvalidPortRange")
    if low == 0 and protocol in ("tcp", "udp") and high == 0:
        raise fault("SecurityGroupInvalidPortValue", port=0)


async def create(ctx: Context) -> Response:
    """Create one rule or several of one group."""
    bindings = of(ctx)
    prepared, bulk = ctx.body
    group = group_for(ctx, prepared[0]["security_group_id"])
    can = bindings.capabilities(ctx.region.name)
    made = []
    for values in prepared:
        spec = _spec(values, group)
        made.append(
            SecurityGroupRule(
                metadata=metadata(ctx, values["project_id"], key=key_of(spec), finalized=False), spec=spec
            )
        )
    _unique(ctx, made)
    _room(bindings.inventory.rules_of_group.objects(group.id), made, can)
    try:
        stored = await create_all(ctx, made, "security_group_rule")
    except ExistsError as error:
        raise await _exists(ctx, error.key) from None
    remotes = [rule.spec.remote_group_id for rule in stored if rule.spec.remote_group_id]
    try:
        await meetings.still_there(ctx, groups=[group.id, *remotes])
        await bump(ctx, SecurityGroup, group.id)
    except Exception:
        await take_back(ctx, stored)
        raise
    return await bindings.security_group_rules.answer(ctx, stored, "create", bulk=bulk)


def _unique(ctx: Context, made: Sequence[SecurityGroupRule]) -> None:
    if len({rule.metadata.key for rule in made}) < len(made):
        raise fault("DuplicateSecurityGroupRuleInPost")
    for rule in made:
        held = of(ctx).security_group_rules.mirror.by_key(rule.metadata.key)
        if held is not None:
            raise fault("SecurityGroupRuleExists", id=held.id)


async def _exists(ctx: Context, key: str) -> ApiError:
    """Return the refusal of a rule that another process was just faster to make."""
    try:
        held = await ctx.parts.store.get_by_key(SecurityGroupRule, key)
    except NotFoundError:
        return fault("ServiceUnavailable")
    return fault("SecurityGroupRuleExists", id=held.id)


def _room(present: Any, made: Sequence[SecurityGroupRule], can: Capabilities) -> None:
    """Raise OverQuota if the cloud's own groups hold no more rules of a direction and family."""
    counts: dict[tuple[str, str], int] = {}
    for rule in [*present, *made]:
        place = (rule.spec.direction, rule.spec.ethertype)
        counts[place] = counts.get(place, 0) + 1
    for (direction, _), count in counts.items():
        limit = can.limit(f"security_group.{direction}_rules")
        if 0 <= limit < count:
            raise fault("OverQuota", resources=["security_group_rule"])


def _spec(values: dict[str, Any], group: SecurityGroup) -> SecurityGroupRuleSpec:
    prefix = values["remote_ip_prefix"]
    protocol = values["protocol"]
    if values["ethertype"] == "IPv6" and protocol == "icmp":
        protocol = "ipv6-icmp"
    return SecurityGroupRuleSpec(
        security_group_id=group.id,
        direction=values["direction"],
        ethertype=values["ethertype"],
        protocol=protocol,
        port_range_min=values["port_range_min"],
        port_range_max=values["port_range_max"],
        remote_ip_prefix=prefix,
        remote_group_id=values["remote_group_id"],
        normalized_cidr=str(ip_network(prefix, strict=False)) if prefix else None,
        description=values["description"],
        belongs_to_default_sg=group.spec.is_default,
    )


async def delete(ctx: Context) -> Response:
    """Delete a rule."""
    rule = ctx.found(SecurityGroupRule)
    await remove(ctx, SecurityGroupRule, of(ctx).security_group_rules.missing(rule.id))
    if of(ctx).security_groups.mirror.get(rule.spec.security_group_id) is not None:
        await bump(ctx, SecurityGroup, rule.spec.security_group_id)
    return empty(content_type=None)
