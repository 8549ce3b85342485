"""A policy in force: what it does not allow is refused as AWS does, and the ledger tells what allowed the rest."""

from __future__ import annotations

from typing import Any

import pytest
from tests.emulator.cloud import ACCOUNT, IMAGE, REGION, Cloud

from aws_emulator import Config, iam
from aws_emulator.rules import Refusal


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}


OWN = {"StringEquals": {"aws:ResourceTag/owner": "me"}}
ASKED = {"StringEquals": {"aws:RequestTag/owner": "me"}}


def _tagged(kind: str, owner: str = "me") -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "owner", "Value": owner}]}]


def _under(cloud: Cloud, *statements: dict[str, Any]) -> None:
    cloud.emulator.configure({"policies": {ACCOUNT: _policy(*statements)}})


def _refused(cloud: Cloud, action: str, **params: Any) -> str:
    with pytest.raises(Refusal) as caught:
        cloud(action, **params)
    assert (caught.value.code, caught.value.status) == ("UnauthorizedOperation", 403)
    return caught.value.message


def test_nothing_said_is_a_no(cloud: Cloud) -> None:
    _under(cloud, {"Action": "ec2:DescribeVpcs", "Resource": "*"})
    cloud("DescribeVpcs")
    assert "ec2:DescribeSubnets on resource: *" in _refused(cloud, "DescribeSubnets")


def test_what_is_made_must_carry_the_tag_and_may_be_tagged(cloud: Cloud) -> None:
    make = {"Sid": "Make", "Action": "ec2:CreateVpc", "Resource": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/*"}
    _under(cloud, make | {"Condition": ASKED})
    assert "ec2:CreateVpc" in _refused(cloud, "CreateVpc", CidrBlock="10.0.0.0/16")
    tagged = {"CidrBlock": "10.0.0.0/16", "TagSpecifications": _tagged("vpc")}
    assert "ec2:CreateTags" in _refused(cloud, "CreateVpc", **tagged)
    only = {"StringEquals": ASKED["StringEquals"] | {"ec2:CreateAction": "CreateVpc"}}
    _under(
        cloud,
        make | {"Condition": ASKED},
        {"Sid": "Tag", "Action": "ec2:CreateTags", "Resource": "*", "Condition": only},
    )
    vpc = cloud("CreateVpc", **tagged)["Vpc"]["VpcId"]
    assert cloud.emulator.ledger()[-1]["grants"] == ["Make CreateVpc vpc", "Tag CreateTags vpc"]
    # Tagging what is there is another thing, and somebody else's tag is none.
    _refused(cloud, "CreateTags", Resources=[vpc], Tags=[{"Key": "owner", "Value": "me"}])
    _refused(cloud, "CreateVpc", CidrBlock="10.1.0.0/16", TagSpecifications=_tagged("vpc", "you"))


def test_what_is_used_must_carry_the_tag(cloud: Cloud) -> None:
    mine, other = cloud.vpc(TagSpecifications=_tagged("vpc")), cloud.vpc(TagSpecifications=_tagged("vpc", "you"))
    _under(cloud, {"Action": ["ec2:DeleteVpc"], "Resource": "arn:aws:ec2:*:*:vpc/*", "Condition": OWN})
    assert f"vpc/{other}" in _refused(cloud, "DeleteVpc", VpcId=other)
    cloud("DeleteVpc", VpcId=mine)
    with pytest.raises(Refusal) as caught:  # what is not there is not anybody's
        cloud("DeleteVpc", VpcId=mine)
    assert caught.value.code == "InvalidVpcID.NotFound"


def test_a_launch_is_asked_about_everything_it_touches(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    made = [f"arn:aws:ec2:*:*:{kind}/*" for kind in ("instance", "volume", "network-interface")]
    launch = {"ImageId": IMAGE, "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    for resource in ("image", "subnet"):
        _under(cloud, {"Action": "ec2:RunInstances", "Resource": list(made)})
        assert f":{resource}/" in _refused(cloud, "RunInstances", **launch)
        made.append(f"arn:aws:ec2:*:*:{resource}/*")
    _under(cloud, {"Action": "ec2:RunInstances", "Resource": made})
    cloud("RunInstances", **launch)


def test_a_deny_wins(cloud: Cloud) -> None:
    _under(cloud, {"Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "ec2:Describe*", "Resource": "*"})
    cloud.vpc()
    _refused(cloud, "DescribeVpcs")


def test_people_behind_our_back_and_other_accounts_are_not_bound(cloud: Cloud) -> None:
    _under(cloud)
    cloud.emulator.call("DescribeVpcs", account=ACCOUNT, region=REGION, external=True)
    cloud.emulator.call("DescribeVpcs", account="999900001111", region=REGION)
    cloud.emulator.configure({"policies": {"*": _policy()}})
    with pytest.raises(Refusal):
        cloud.emulator.call("DescribeVpcs", account="999900001111", region=REGION)


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "ec2:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"NotAction": "ec2:*", "Resource": "*"},
        {"Action": "DescribeVpcs", "Resource": "*"},
        {"Action": "ec2:*", "Resource": "vpc-1"},
    ],
)
def test_what_could_not_be_enforced_is_refused_at_once(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        iam.read(_policy(statement))
    with pytest.raises(ValueError):
        Config(policies={"*": _policy(statement)})


def test_what_an_association_names_is_authorised_on_all_that_hangs_on_it(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    subnet = cloud.subnet(vpc)
    cloud.gateway(vpc)
    interface, instance = cloud.interface(subnet), cloud.instance(subnet)
    address = cloud("AllocateAddress", Domain="vpc")["AllocationId"]
    mapped = cloud("AssociateAddress", AllocationId=address, NetworkInterfaceId=interface)["AssociationId"]
    table = cloud("CreateRouteTable", VpcId=vpc)["RouteTable"]["RouteTableId"]
    routed = cloud("AssociateRouteTable", RouteTableId=table, SubnetId=subnet)["AssociationId"]
    cloud("CreatePlacementGroup", GroupName="near", Strategy="spread")
    held = cloud("AttachNetworkInterface", NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=1)
    for action, params, types in (
        ("DisassociateAddress", {"AssociationId": mapped}, ("elastic-ip", "network-interface")),
        ("DisassociateRouteTable", {"AssociationId": routed}, ("route-table", "subnet")),
        ("DetachNetworkInterface", {"AttachmentId": held["AttachmentId"]}, ("network-interface", "instance")),
        ("DeletePlacementGroup", {"GroupName": "near"}, ("placement-group",)),
    ):
        for type_ in types:
            others = [f"arn:aws:ec2:*:*:{other}/*" for other in types if other != type_] or ["arn:aws:ec2:*:*:vpc/*"]
            _under(cloud, {"Action": f"ec2:{action}", "Resource": others})
            assert f":{type_}/" in _refused(cloud, action, **params)
        _under(cloud, {"Action": f"ec2:{action}", "Resource": [f"arn:aws:ec2:*:*:{type_}/*" for type_ in types]})
        cloud(action, **params)
