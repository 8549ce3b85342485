"""Security groups with their rules. What Neutron cannot say of a group stays in the cloud, and is told.

A rule counts as said only if our own translation of it is the very rule that AWS lists: so a group that is taken over
has nothing to add, and nothing is revoked that nobody could see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gurum.model.base import Status
from gurum.model.network import SecurityGroup, SecurityGroupRule, SecurityGroupRuleSpec, SecurityGroupSpec
from gurum.model.rule_key import key_of
from gurum.providers.aws.adoption.account import Account, found, name_of
from gurum.providers.aws.adoption.look import Item
from gurum.providers.aws.drivers.rules import KEPT, Permission, listed, permission, written
from gurum.providers.contract import Found

PROTOCOLS = {"icmpv6": "ipv6-icmp"}
ICMP = frozenset({"icmp", "icmpv6"})


class Said(NamedTuple):
    """A rule as it would be here, the group that it points at, and the rule that we would make of it."""

    rule: SecurityGroupRule
    remote: str
    permission: Permission


def groups(account: Account) -> Iterator[Found]:
    """Yield the groups, each followed by its rules."""
    vpcs = {item["GroupId"]: item.get("VpcId", "") for item in account.lists["security-group"]}
    for item in account.lists["security-group"]:
        id_, vpc = item["GroupId"], item.get("VpcId", "")
        if not vpc:
            yield found(account, "security-group", id_, item, name=item["GroupName"], refused="it is in no VPC")
            continue
        named = {rule["SecurityGroupRuleId"]: words(rule) for rule in account.rules[id_]}
        said: list[Said] = []
        left: list[Item] = []
        for rule in account.rules[id_]:
            one = _said(account, rule, vpcs)
            if one is None:
                left.append(rule)
            else:
                said.append(one)
        name = name_of(item, _name(account, item))
        notes = [f"its rule {words(rule)} has no word in Neutron" for rule in left]
        group = _group(account, item, name, said, left)
        yield found(account, "security-group", id_, item, object=group, name=name, needs=[vpc], notes=notes)
        for one in () if account.whose(item) else said:
            spec = one.rule.spec.import_
            needs = [id_, one.remote] if one.remote else [id_]
            rule_id = spec.id if spec else ""
            yield Found("security-group-rule", rule_id, one.rule, name=named[rule_id], needs=needs, parent=id_)


def _name(account: Account, item: Item) -> str:
    """Return a group's name. `default` is that of the project's own: two of the name could not be told apart."""
    if item["GroupName"] != "default":
        return str(item["GroupName"])
    return f"default-{account.id(item['VpcId'])[:8]}"


def _group(account: Account, item: Item, name: str, said: list[Said], left: list[Item]) -> SecurityGroup:
    id_, step = item["GroupId"], f"group:{account.domain(item['VpcId'])}"
    applied = {step: written({one.permission for one in said})}
    kept = written({rule for rule in map(listed, left) if rule.remote})
    if kept:
        applied[KEPT + step] = kept
    intent = account.intent(step, id_, GroupName=item["GroupName"], VpcId=item["VpcId"])
    return SecurityGroup(
        metadata=account.metadata(id_),
        spec=SecurityGroupSpec(name=name, description=item.get("Description", ""), **account.spec(id_)),
        status=Status(**account.status([intent], applied)),
    )


def _said(account: Account, item: Item, vpcs: dict[str, str]) -> Said | None:
    """Return a rule of EC2's in Neutron's words, None when there are none."""
    id_, group = item["SecurityGroupRuleId"], item["GroupId"]
    remote = (item.get("ReferencedGroupInfo") or {}).get("GroupId", "")
    if remote and (remote not in vpcs or vpcs[remote] != vpcs.get(group)):
        return None  # of another VPC or account
    protocol, low, high = item["IpProtocol"], item.get("FromPort", -1), item.get("ToPort", -1)
    every = protocol == "-1" or (low, high) in ((-1, -1), (0, 65535))
    block = item.get("CidrIpv4") or item.get("CidrIpv6")
    spec = SecurityGroupRuleSpec(
        security_group_id=account.id(group),
        direction="egress" if item.get("IsEgress") else "ingress",
        ethertype="IPv6" if item.get("CidrIpv6") else "IPv4",
        protocol=None if protocol == "-1" else PROTOCOLS.get(protocol, protocol),
        port_range_min=None if every else low,
        port_range_max=None if every or (protocol in ICMP and high == -1) else high,
        remote_ip_prefix=block,
        normalized_cidr=block,
        remote_group_id=account.id(remote) if remote else None,
        description=item.get("Description") or "",
        **account.spec(id_),
    )
    rule = SecurityGroupRule(
        metadata=account.metadata(id_, key=key_of(spec)), spec=spec, status=Status(**account.status())
    )
    ours = permission(rule, remote)
    return Said(rule, remote, ours) if ours == listed(item) else None


def words(item: Item) -> str:
    """Return a rule in a few words."""
    remote = (
        item.get("CidrIpv4")
        or item.get("CidrIpv6")
        or item.get("PrefixListId")
        or (item.get("ReferencedGroupInfo") or {}).get("GroupId", "")
    )
    way = "to" if item.get("IsEgress") else "from"
    if item["IpProtocol"] == "-1":
        return f"all {way} {remote}"
    return f"{item['IpProtocol']} {item.get('FromPort', -1)}:{item.get('ToPort', -1)} {way} {remote}"
