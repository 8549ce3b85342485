"""Security groups: create, describe, delete."""

import re
from collections.abc import Iterable

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.group_view import FILTERS, view
from aws_emulator.actions.vpc import default_vpc
from aws_emulator.context import Context
from aws_emulator.listing import Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import GroupRule, SecurityGroup
from aws_emulator.tagging import shown, tags_on_create

PAGE = Page(5, 1000, ids_exclude=False)
_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def create_group(call: Context, params: Params) -> Answer:
    """Make a group with a name unique in its VPC, and the rule that lets everything out."""
    region = call.region
    tags = tags_on_create(call, params, "security-group")["security-group"]
    name = params["GroupName"]
    for member, value in (("groupName", name), ("groupDescription", params["Description"])):
        if not _TEXT.fullmatch(value):
            raise refuse("group.name", name=member, value=value)
    if name.lower() == "default" or name.lower().startswith("sg-"):
        raise refuse("group.reserved", name=name)
    vpc = call.get(region.vpcs, params["VpcId"]) if "VpcId" in params else default_vpc(call)
    if vpc is None:
        raise refuse("vpc.no-default")
    if region.groups.ids("name", (vpc.id, name)):
        raise refuse("group.duplicate", name=name, vpc=vpc.id)
    if len(region.groups) >= call.config.quotas.security_groups:
        raise refuse("group.limit")
    group = SecurityGroup(id=call.new_id("sg"), vpc_id=vpc.id, name=name, description=params["Description"])
    group.rules.append(
        GroupRule(id=call.new_id("sgr"), egress=True, protocol="-1", from_port=None, to_port=None,
                  cidr4="0.0.0.0/0")
    )  # fmt: skip
    call.create(region.groups, group, tags)
    arn = f"arn:aws:ec2:{region.name}:{region.account}:security-group/{group.id}"
    return {"GroupId": group.id, "SecurityGroupArn": arn, "Tags": shown(group.tags)}


def describe_groups(call: Context, params: Params) -> Answer:
    """List groups with their rules grouped by protocol and ports."""
    rows = select(call, call.region.groups, params, "GroupIds", FILTERS)
    if params.get("GroupNames"):
        vpc = default_vpc(call)
        known = {row.name for row in call.region.groups if vpc and row.vpc_id == vpc.id}
        for name in params["GroupNames"]:
            if name not in known:
                raise refuse("security-group.not-found", id=name)
        named = params["GroupNames"]
        rows = [row for row in rows if row.name in named and vpc and row.vpc_id == vpc.id]
    rows, more = page(rows, params, PAGE)
    return {"SecurityGroups": [view(call, row) for row in rows]} | more


def delete_group(call: Context, params: Params) -> Answer:
    """Delete a group that no interface and no other group's rule refers to."""
    region = call.region
    group = chosen_group(call, params)
    if group.name == "default":
        raise refuse("group.default", id=group.id)
    if region.interfaces.ids("group", group.id) or _peers(region.groups.ids("peer", group.id),
                                                          group.id):  # fmt: skip
        raise refuse("group.in-use", id=group.id)
    call.delete(region.groups, group.id)
    return {"Return": True, "GroupId": group.id}


def _peers(ids: Iterable[str], own: str) -> bool:
    return any(identity != own for identity in ids)


def chosen_group(call: Context, params: Params) -> SecurityGroup:
    """Return the group of GroupId, or of GroupName in the default VPC."""
    if "GroupId" in params:
        return call.get(call.region.groups, params["GroupId"])
    if "GroupName" not in params:
        raise refuse("parameter.one-of", names="groupName or groupId")
    vpc = default_vpc(call)
    found = call.region.groups.by("name", (vpc.id if vpc else "", params["GroupName"]))
    if not found:
        raise refuse("security-group.not-found", id=params["GroupName"])
    return found[0]


ACTIONS = (
    Action("CreateSecurityGroup", create_group, "GroupName Description VpcId TagSpecifications"),
    Action(
        "DescribeSecurityGroups",
        describe_groups,
        "GroupIds GroupNames Filters MaxResults NextToken",
    ),
    Action("DeleteSecurityGroup", delete_group, "GroupId GroupName"),
)
