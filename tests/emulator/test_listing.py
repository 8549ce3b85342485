"""Filters and tags."""

from typing import Any

import pytest
from tests.emulator.cloud import Cloud, refused


def _names(cloud: Cloud, *filters: tuple[str, list[str]]) -> list[str]:
    wish = [{"Name": name, "Values": values} for name, values in filters]
    found = cloud("DescribeSecurityGroups", Filters=wish)["SecurityGroups"]
    return [each["GroupName"] for each in found]


@pytest.fixture
def groups(cloud: Cloud) -> Cloud:
    """Groups web-1, web-2 and db, with a tag each."""
    vpc = cloud.vpc()
    for name, tag in (("web-1", "blue"), ("web-2", "green"), ("db", "b*e")):
        tags = [{"Key": "colour", "Value": tag}, {"Key": name, "Value": ""}]
        cloud.group(vpc, name, TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}])
    return cloud


FILTERS: dict[str, tuple[list[tuple[str, list[str]]], list[str]]] = {
    "exact": ([("group-name", ["db"])], ["db"]),
    "alternatives": ([("group-name", ["db", "web-2"])], ["web-2", "db"]),
    "star": ([("group-name", ["web-*"])], ["web-1", "web-2"]),
    "question mark": ([("group-name", ["web-?"])], ["web-1", "web-2"]),
    "both must fit": ([("group-name", ["web-*"]), ("tag:colour", ["green"])], ["web-2"]),
    "tag": ([("tag:colour", ["blue"])], ["web-1"]),
    "tag alternatives": ([("tag:colour", ["blue", "green"])], ["web-1", "web-2"]),
    "tag star": ([("tag:colour", ["b*e"])], ["web-1", "db"]),
    "escaped star": ([("tag:colour", ["b\\*e"])], ["db"]),
    "tag key": ([("tag-key", ["db"])], ["db"]),
    "tag key star": ([("tag-key", ["web*"])], ["web-1", "web-2"]),
    "two tags": ([("tag:colour", ["blue"]), ("tag-key", ["web-2"])], []),
    "tag of nobody": ([("tag:shape", ["*"])], []),
    "case counts": ([("group-name", ["DB"])], []),
    "no value": ([("group-name", [])], []),
}


@pytest.mark.parametrize("what", FILTERS)
def test_filters(groups: Cloud, what: str) -> None:
    filters, names = FILTERS[what]
    assert _names(groups, *filters) == names


def test_ids_and_filters_together(groups: Cloud) -> None:
    ids = [g["GroupId"] for g in groups("DescribeSecurityGroups")["SecurityGroups"]]
    answer = groups("DescribeSecurityGroups", GroupIds=ids, Filters=[{"Name": "group-name", "Values": ["web*"]}])
    assert len(answer["SecurityGroups"]) == 2


def test_pages_do_not_shift_when_rows_go(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    ids = [cloud.group(vpc, f"g{n}") for n in range(11)]
    first = cloud("DescribeSecurityGroups", MaxResults=5)
    cloud("DeleteSecurityGroup", GroupId=ids[0])
    second = cloud("DescribeSecurityGroups", MaxResults=5, NextToken=first["NextToken"])
    names = [g["GroupName"] for g in second["SecurityGroups"]]
    assert names == ["g4", "g5", "g6", "g7", "g8"]


@pytest.mark.parametrize("token", ["rubbish", "b2Zmc2V0OjU6eA==", "Zm9v"])
def test_made_up_page_tokens_are_refused(cloud: Cloud, token: str) -> None:
    with refused("InvalidNextToken"):
        cloud("DescribeVpcs", MaxResults=5, NextToken=token)


def test_tags_are_added_overwritten_and_removed(cloud: Cloud) -> None:
    vpc = cloud.vpc()

    def tags() -> dict[str, str]:
        shown = cloud("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]["Tags"]
        return {each["Key"]: each["Value"] for each in shown}

    cloud("CreateTags", Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    cloud("CreateTags", Resources=[vpc], Tags=[{"Key": "a", "Value": "3"}])
    assert tags() == {"a": "3", "b": "2"}
    cloud("DeleteTags", Resources=[vpc], Tags=[{"Key": "a", "Value": "other"}])
    assert tags() == {"a": "3", "b": "2"}
    cloud("DeleteTags", Resources=[vpc], Tags=[{"Key": "a", "Value": "3"}])
    assert tags() == {"b": "2"}
    cloud("DeleteTags", Resources=[vpc])
    assert tags() == {}


def test_one_unknown_resource_keeps_all_tags_off(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    with refused("InvalidSubnetID.NotFound"):
        cloud(
            "CreateTags",
            Resources=[vpc, "subnet-00000000000000000"],
            Tags=[{"Key": "a", "Value": "1"}],
        )
    assert cloud("DescribeTags")["Tags"] == []


TAGGED: dict[str, Any] = {
    "subnet": lambda c: c.subnet(),
    "network-interface": lambda c: c.interface(c.subnet()),
    "security-group": lambda c: c.group(c.vpc()),
    "internet-gateway": lambda c: c.gateway(),
    "route-table": lambda c: c("CreateRouteTable", VpcId=c.vpc())["RouteTable"]["RouteTableId"],
    "elastic-ip": lambda c: c("AllocateAddress")["AllocationId"],
    "instance": lambda c: c.instance(),
    "volume": lambda c: c.volume(),
    "snapshot": lambda c: c.snapshot(),
    "image": lambda c: c("CreateImage", InstanceId=c.instance(), Name="mine")["ImageId"],
}


@pytest.mark.parametrize("kind", TAGGED)
def test_every_kind_can_be_tagged_and_found(cloud: Cloud, kind: str) -> None:
    identity = TAGGED[kind](cloud)
    cloud("CreateTags", Resources=[identity], Tags=[{"Key": "uid", "Value": "7"}])
    filters = [{"Name": "resource-type", "Values": [kind]}, {"Name": "tag:uid", "Values": ["7"]}]
    (found,) = cloud("DescribeTags", Filters=filters)["Tags"]
    assert (found["ResourceId"], found["Key"], found["Value"]) == (identity, "uid", "7")


def test_images_are_found_by_their_tags(cloud: Cloud) -> None:
    image = TAGGED["image"](cloud)
    cloud("CreateTags", Resources=[image], Tags=[{"Key": "uid", "Value": "7"}])
    for name, values in (("tag:uid", ["7"]), ("tag-key", ["uid"])):
        found = cloud("DescribeImages", Filters=[{"Name": name, "Values": values}])["Images"]
        assert [each["ImageId"] for each in found] == [image]
