"""What is in the account and not ours: somebody's instance, and another deployment's, with a bait in its tags."""

from __future__ import annotations

import uuid
from typing import Any

from tests.faults.emulator import Emulator

IMAGE = "ami-0c0d0315010483b99"


def _tags(type_: str, **tags: str) -> dict[str, Any]:
    return {"ResourceType": type_, "Tags": [{"Key": f"pia:{key}", "Value": value} for key, value in tags.items()]}


def instance(emulator: Emulator, block: str, tags: dict[str, str] | None = None) -> tuple[str, list[str]]:
    """Let somebody make an instance in a network of its own; return its id, and the ids of all that was made."""

    def marked(*types: str) -> dict[str, Any]:
        return {"TagSpecifications": [_tags(type_, **tags) for type_ in types]} if tags else {}

    vpc = emulator.external("CreateVpc", CidrBlock=block, **marked("vpc"))["Vpc"]["VpcId"]
    subnet = emulator.external(
        "CreateSubnet", VpcId=vpc, CidrBlock=block, AvailabilityZoneId="use1-az1", **marked("subnet")
    )["Subnet"]["SubnetId"]
    [made] = emulator.external(
        "RunInstances", ImageId=IMAGE, InstanceType="t3.nano", MinCount=1, MaxCount=1, SubnetId=subnet,
        **marked("instance", "network-interface"),
    )["Instances"]  # fmt: skip
    [interface] = made["NetworkInterfaces"]
    return made["InstanceId"], [vpc, subnet, made["InstanceId"], interface["NetworkInterfaceId"]]


def leftover(emulator: Emulator, owner: str) -> str:
    """Plant what a late call of ours could have left: a network with our tag, of an object that is not."""
    tags = _tags("vpc", owner=owner, uid=str(uuid.uuid4()), kind="Domain", step="vpc")
    vpc: str = emulator.external("CreateVpc", CidrBlock="10.97.0.0/24", TagSpecifications=[tags])["Vpc"]["VpcId"]
    return vpc
