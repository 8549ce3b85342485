"""Rules of security groups: authorize, revoke, describe.

All rules of a request are checked before any is added: EC2 adds all or none.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.group import chosen_group
from aws_emulator.actions.group_view import rule_view
from aws_emulator.context import Context
from aws_emulator.listing import Page, filters_of, matches, page
from aws_emulator.rules import refuse
from aws_emulator.state.network import GroupRule, SecurityGroup
from aws_emulator.tagging import tags_on_create

PAGE = Page(5, 1000, ids_exclude=False)
_NAMES = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp",
          "icmpv6": "icmpv6", "58": "icmpv6", "-1": "-1", "all": "-1"}  # fmt: skip
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_FLAT = ("IpProtocol", "FromPort", "ToPort", "CidrIp")


def _authorize(call: Context, params: Params, *, egress: bool) -> Answer:
    tags = tags_on_create(call, params, "security-group-rule")["security-group-rule"]
    group = chosen_group(call, params)
    wanted = list(_wanted(call, group, params, egress=egress))
    if not wanted:
        raise refuse("parameter.missing", name="ipPermissions")
    keys = [rule.key() for rule in wanted]
    if len(set(keys)) < len(keys):
        raise refuse("group.rule-twice")
    have = {rule.key() for rule in group.rules}
    for rule in wanted:
        if rule.key() in have:
            raise refuse("group.rule-duplicate", peer=rule.peer, protocol=rule.protocol)
    count = sum(rule.egress == egress for rule in group.rules) + len(wanted)
    if count > call.config.quotas.rules_per_group:
        raise refuse("group.rule-limit")
    for rule in wanted:
        rule.id = call.new_id("sgr")
        rule.tags = dict(tags)
        call.made.append(rule.id)
    group.rules += wanted
    call.save(call.region.groups, group)
    return {
        "Return": True,
        "SecurityGroupRules": [rule_view(call, group, rule) for rule in wanted],
    }


def _revoke(call: Context, params: Params, *, egress: bool) -> Answer:
    group = chosen_group(call, params)
    if params.get("SecurityGroupRuleIds"):
        wanted = set(params["SecurityGroupRuleIds"])
        gone = [rule for rule in group.rules if rule.id in wanted and rule.egress == egress]
        for missing in sorted(wanted - {rule.id for rule in gone}):
            raise refuse("security-group-rule.not-found", id=missing)
    else:
        keys = {rule.key() for rule in _wanted(call, group, params, egress=egress)}
        if not keys:
            raise refuse("parameter.missing", name="ipPermissions")
        gone = [rule for rule in group.rules if rule.key() in keys]
        if len(gone) < len(keys):
            raise refuse("group.rule-not-found")
    group.rules = [rule for rule in group.rules if rule not in gone]
    call.changed += [rule.id for rule in gone]
    call.save(call.region.groups, group)
    return {"Return": True, "UnknownIpPermissions": []}


def authorize_ingress(call: Context, params: Params) -> Answer:
    """Add rules for what may come in."""
    return _authorize(call, params, egress=False)


def authorize_egress(call: Context, params: Params) -> Answer:
    """Add rules for what may go out."""
    return _authorize(call, params, egress=True)


def revoke_ingress(call: Context, params: Params) -> Answer:
    """Remove rules for what may come in."""
    return _revoke(call, params, egress=False)


def revoke_egress(call: Context, params: Params) -> Answer:
    """Remove rules for what may go out."""
    return _revoke(call, params, egress=True)


def _wanted(call: Context, group: SecurityGroup, params: Params, *, egress: bool) -> Iterator[GroupRule]:
    permissions = list(params.get("IpPermissions", ()))
    flat = {name: params[name] for name in _FLAT if name in params}
    if flat:
        if permissions:
            raise refuse("parameter.combination", one="ipPermissions", other=min(flat))
        one = {name: flat[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in flat}
        permissions = [one | {"IpRanges": [{"CidrIp": flat.get("CidrIp", "0.0.0.0/0")}]}]
    for permission in permissions:
        protocol, low, high = _ports(permission)
        for peer in _peers(call, group, permission):
            description = str(peer.pop("description", "") or "")
            if not _DESCRIPTION.fullmatch(description):
                raise refuse("group.rule-description")
            yield GroupRule(
                id="", egress=egress, protocol=protocol, from_port=low, to_port=high,
                description=description, **peer,
            )  # fmt: skip


def _ports(permission: Mapping[str, Any]) -> tuple[str, int | None, int | None]:
    given = str(permission.get("IpProtocol", "")).lower()
    protocol = _NAMES.get(given, given)
    if protocol not in _NAMES.values() and not (protocol.isdigit() and int(protocol) < 256):
        raise refuse("group.rule-protocol", protocol=given)
    low, high = permission.get("FromPort"), permission.get("ToPort")
    if protocol in ("tcp", "udp"):
        if low is None or high is None:
            raise refuse("group.rule-malformed", reason=f"{protocol} needs fromPort and toPort")
        if (low, high) == (-1, -1):
            return protocol, 0, 65535
        if not 0 <= low <= high <= 65535:
            raise refuse("group.rule-port", low=low, high=high)
        return protocol, low, high
    if protocol in ("icmp", "icmpv6"):
        low, high = (-1 if low is None else low), (-1 if high is None else high)
        if not (-1 <= low <= 255 and -1 <= high <= 255) or (low == -1 and high != -1):
            raise refuse("group.rule-malformed", reason=f"ICMP type {low} and code {high}")
        return protocol, low, high
    return protocol, None, None


def _peers(call: Context, group: SecurityGroup, permission: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    count = 0
    for member, version, field in (("IpRanges", 4, "cidr4"), ("Ipv6Ranges", 6, "cidr6")):
        key = "CidrIp" if version == 4 else "CidrIpv6"
        for each in permission.get(member, ()):
            count += 1
            cidr = _cidr(each.get(key, ""), version)
            yield {field: cidr, "description": each.get("Description", "")}
    for each in permission.get("UserIdGroupPairs", ()):
        count += 1
        owner = each.get("UserId", call.region.account)
        peer = chosen_group(call, each)
        if peer.vpc_id != group.vpc_id or owner != call.region.account:
            raise refuse("group.rule-peer-vpc")
        yield {
            "group": peer.id,
            "group_owner": owner,
            "description": each.get("Description", ""),
        }
    if permission.get("PrefixListIds"):
        raise refuse("parameter.not-emulated", name="ipPermissions.prefixListIds", action=call.action)
    if not count:
        raise refuse("group.rule-malformed", reason="it names no source or destination")


def _cidr(text: str, version: int) -> str:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise refuse("group.rule-cidr", cidr=text) from None
    if found.version != version or "/" not in text:
        raise refuse("group.rule-cidr", cidr=text)
    return str(found)


def describe_rules(call: Context, params: Params) -> Answer:
    """List rules by their own ids."""
    pairs = [(g, r) for g in call.region.groups if call.sees(g) for r in g.rules]
    wanted = params.get("SecurityGroupRuleIds")
    if wanted:
        known = {rule.id for _, rule in pairs}
        for identity in wanted:
            if not re.fullmatch(r"sgr-[0-9a-f]{17}", identity):
                raise refuse("security-group-rule.malformed", id=identity)
            if identity not in known:
                raise refuse("security-group-rule.not-found", id=identity)
        pairs = [(group, rule) for group, rule in pairs if rule.id in wanted]
    for name, values in filters_of(params):
        pairs = [pair for pair in pairs if matches(values, _offered(name, *pair))]
    pairs, more = page(pairs, params, PAGE)
    return {"SecurityGroupRules": [rule_view(call, *pair) for pair in pairs]} | more


def _offered(name: str, group: SecurityGroup, rule: GroupRule) -> tuple[str, ...]:
    if name.startswith("tag:"):
        value = rule.tags.get(name.removeprefix("tag:"))
        return () if value is None else (value,)
    known = {"group-id": (group.id,), "security-group-rule-id": (rule.id,),
             "tag-key": tuple(rule.tags)}  # fmt: skip
    if name not in known:
        raise refuse("filter.unknown", name=name)
    return known[name]


_RULES = "GroupId IpPermissions IpProtocol FromPort ToPort CidrIp"
ACTIONS = (
    Action("AuthorizeSecurityGroupIngress", authorize_ingress, f"{_RULES} GroupName TagSpecifications"),
    Action("AuthorizeSecurityGroupEgress", authorize_egress, f"{_RULES} TagSpecifications"),
    Action("RevokeSecurityGroupIngress", revoke_ingress, f"{_RULES} GroupName SecurityGroupRuleIds"),
    Action("RevokeSecurityGroupEgress", revoke_egress, f"{_RULES} SecurityGroupRuleIds"),
    Action(
        "DescribeSecurityGroupRules",
        describe_rules,
        "SecurityGroupRuleIds Filters MaxResults NextToken",
    ),
)
