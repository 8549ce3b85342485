"""How EC2 shows groups and rules, and what their filters see."""

from collections.abc import Callable, Iterator
from typing import Any

from aws_emulator.actions.action import Answer
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable
from aws_emulator.state.network import GroupRule, SecurityGroup
from aws_emulator.tagging import shown


def view(call: Context, group: SecurityGroup) -> Answer:
    """Return a group as DescribeSecurityGroups lists it."""
    region = call.region
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": region.account,
        "VpcId": group.vpc_id,
        "SecurityGroupArn": f"arn:aws:ec2:{region.name}:{region.account}:security-group/{group.id}",
        "IpPermissions": permissions(group, egress=False),
        "IpPermissionsEgress": permissions(group, egress=True),
        "Tags": shown(group.shown_tags),
    }


def permissions(group: SecurityGroup, *, egress: bool) -> list[Answer]:
    """Return the rules of a direction, one permission for each protocol and port range."""
    found: dict[tuple[object, ...], Answer] = {}
    for rule in group.rules:
        if rule.egress != egress:
            continue
        ports = (rule.protocol, rule.from_port, rule.to_port)
        if ports not in found:
            found[ports] = {
                "IpProtocol": rule.protocol,
                "FromPort": rule.from_port,
                "ToPort": rule.to_port,
                "UserIdGroupPairs": [],
                "IpRanges": [],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
            }
        member, peer = _peer(rule)
        found[ports][member].append(peer)
    return list(found.values())


def _peer(rule: GroupRule) -> tuple[str, Answer]:
    text = rule.description or None
    if rule.group:
        pair = {"GroupId": rule.group, "UserId": rule.group_owner, "Description": text}
        return "UserIdGroupPairs", pair
    if rule.cidr4:
        return "IpRanges", {"CidrIp": rule.cidr4, "Description": text}
    if rule.cidr6:
        return "Ipv6Ranges", {"CidrIpv6": rule.cidr6, "Description": text}
    return "PrefixListIds", {"PrefixListId": rule.prefix_list, "Description": text}


def rule_view(call: Context, group: SecurityGroup, rule: GroupRule) -> Answer:
    """Return one rule as DescribeSecurityGroupRules lists it."""
    region = call.region
    answer: Answer = {
        "SecurityGroupRuleId": rule.id,
        "SecurityGroupRuleArn": (f"arn:aws:ec2:{region.name}:{region.account}:security-group-rule/{rule.id}"),
        "GroupId": group.id,
        "GroupOwnerId": region.account,
        "IsEgress": rule.egress,
        "IpProtocol": rule.protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        "CidrIpv4": rule.cidr4 or None,
        "CidrIpv6": rule.cidr6 or None,
        "PrefixListId": rule.prefix_list or None,
        "Description": rule.description or None,
        "Tags": shown(rule.tags),
    }
    if rule.group:
        answer["ReferencedGroupInfo"] = {"GroupId": rule.group, "UserId": rule.group_owner}
    return answer


def _rules(egress: bool, offer: Callable[[GroupRule], object]) -> Any:
    def offered(call: Context, group: SecurityGroup) -> Iterator[str]:
        for rule in group.rules:
            value = offer(rule) if rule.egress == egress else None
            if value not in (None, ""):
                yield str(value)

    return offered


def _rule_filters(prefix: str, egress: bool) -> dict[str, Any]:
    fields: dict[str, Callable[[GroupRule], object]] = {
        "cidr": lambda rule: rule.cidr4,
        "ipv6-cidr": lambda rule: rule.cidr6,
        "from-port": lambda rule: rule.from_port,
        "to-port": lambda rule: rule.to_port,
        "protocol": lambda rule: rule.protocol,
        "group-id": lambda rule: rule.group,
        "prefix-list-id": lambda rule: rule.prefix_list,
        "user-id": lambda rule: rule.group_owner,
    }
    return {f"{prefix}.{name}": _rules(egress, offer) for name, offer in fields.items()}


FILTERS: FilterTable = {
    "group-id": lambda call, row: (row.id,),
    "group-name": lambda call, row: (row.name,),
    "description": lambda call, row: (row.description,),
    "owner-id": lambda call, row: (call.region.account,),
    "vpc-id": lambda call, row: (row.vpc_id,),
    **_rule_filters("ip-permission", egress=False),
    **_rule_filters("egress.ip-permission", egress=True),
}
