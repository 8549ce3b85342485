"""A short way to say what exists, for tests of the emulator's core in virtual time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.emulator import wire

from aws_emulator import Config, Emulator, ManualClock, Refusal
from aws_emulator.catalogue.images import default_image

ACCOUNT, OTHER_ACCOUNT, REGION = "111122223333", "444455556666", "us-east-1"
ACCESS_KEY, OTHER_KEY = "AKIAEMULATEDACCESS01", "AKIAEMULATEDACCESS02"
IMAGE = default_image(REGION).id
ARM_IMAGE = default_image(REGION, "arm64").id
RSA = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC89SxNJ+6tBq03RgV9u/4/bPhyz0xjpi7RtaMbnFsuCr21LXKrHlwRTXnur"
    "iDqZri2Bal0KgphDR/09/pHRdxtvT4+loTzEQA+XoQeXzeEhHjns3dtRQz7Jy1TFJWAsN79V4nc/JniCj262vM67z/vWvG7A"
    "Uk2NFhiiK9QoN1rTw== user"
)
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2s20OhpPMZf2IwNiIhvrA4I7xPuCvML0YqhNCHYrWq user"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNzHlhVeN+tzdB9GPORHrU5gz"
    "k0r5gnV5LwTf/kQ1WGNslVZhLrmbNS0aRfBeXSO5vAZYe8LM4rojVsc00Le2Ds= user"
)
# Makes real clients: connect("ec2", key=…, region=…, attempts=…).
Connect = Callable[..., Any]


def config(**change: Any) -> Config:
    """Return a configuration without rate limits, with two accounts, and `change` merged in."""
    base = {"accounts": {OTHER_KEY: OTHER_ACCOUNT}, "throttle": {"enabled": False}}
    return Config().patched(base).patched(change)


class Cloud:
    """An emulator in virtual time with the calls of one account and region."""

    def __init__(self, account: str = ACCOUNT, region: str = REGION, **change: Any) -> None:
        self.clock = ManualClock()
        self.emulator = Emulator(config(**change), self.clock)
        self.account, self.region = account, region

    def __call__(self, action: str, **params: Any) -> dict[str, Any]:
        """Call an action and return its members; what the wire would do to them is checked too."""
        answer = self.emulator.call(action, params, account=self.account, region=self.region)
        wire.check(action, params, answer)
        return answer

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def zone(self, identity: str = "use1-az1") -> str:
        """Return this account's name of a zone id."""
        zones = self("DescribeAvailabilityZones")["AvailabilityZones"]
        return next(str(each["ZoneName"]) for each in zones if each["ZoneId"] == identity)

    def vpc(self, cidr: str = "10.0.0.0/16", **more: Any) -> str:
        """Make a VPC and return its id."""
        return str(self("CreateVpc", CidrBlock=cidr, **more)["Vpc"]["VpcId"])

    def subnet(self, vpc: str = "", cidr: str = "10.0.1.0/24", zone_id: str = "use1-az1") -> str:
        """Make a subnet (and a VPC when none is given) and return its id."""
        answer = self(
            "CreateSubnet",
            VpcId=vpc or self.vpc(),
            CidrBlock=cidr,
            AvailabilityZone=self.zone(zone_id),
        )
        return str(answer["Subnet"]["SubnetId"])

    def vpc_of(self, subnet: str) -> str:
        """Return the VPC of a subnet."""
        return str(self("DescribeSubnets", SubnetIds=[subnet])["Subnets"][0]["VpcId"])

    def interface(self, subnet: str, **more: Any) -> str:
        """Make an interface and return its id."""
        answer = self("CreateNetworkInterface", SubnetId=subnet, **more)
        return str(answer["NetworkInterface"]["NetworkInterfaceId"])

    def group(self, vpc: str, name: str = "web", **more: Any) -> str:
        """Make a security group and return its id."""
        answer = self("CreateSecurityGroup", VpcId=vpc, GroupName=name, Description="d", **more)
        return str(answer["GroupId"])

    def default_group(self, vpc: str) -> str:
        """Return the default group of a VPC."""
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        return str(self("DescribeSecurityGroups", Filters=filters)["SecurityGroups"][0]["GroupId"])

    def launch(self, subnet: str = "", **more: Any) -> dict[str, Any]:
        """Launch one instance; `more` overrides the parameters, None removes one."""
        params: dict[str, Any] = {
            "ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1,
        }  # fmt: skip
        if "NetworkInterfaces" not in more and "SubnetId" not in more:
            params["SubnetId"] = subnet or self.subnet()
        params |= more
        params = {name: value for name, value in params.items() if value is not None}
        return self("RunInstances", **params)

    def instance(self, subnet: str = "", *, state: str = "running", **more: Any) -> str:
        """Launch one instance, let it reach a state, and return its id."""
        identity = str(self.launch(subnet, **more)["Instances"][0]["InstanceId"])
        if state == "pending":
            return identity
        self.wait(10)
        if state in ("stopping", "stopped"):
            self("StopInstances", InstanceIds=[identity])
        elif state in ("shutting-down", "terminated"):
            self("TerminateInstances", InstanceIds=[identity])
        if state in ("stopped", "terminated"):
            self.wait(60)
        return identity

    def show(self, instance: str) -> dict[str, Any]:
        """Return an instance as it is listed."""
        answer = self("DescribeInstances", InstanceIds=[instance])
        shown: dict[str, Any] = answer["Reservations"][0]["Instances"][0]
        return shown

    def state(self, instance: str) -> str:
        """Return the state of an instance."""
        return str(self.show(instance)["State"]["Name"])

    def volume(self, zone_id: str = "use1-az1", **more: Any) -> str:
        """Make a volume that is available, and return its id."""
        answer = self("CreateVolume", AvailabilityZone=self.zone(zone_id), **({"Size": 8} | more))
        self.wait(5)
        return str(answer["VolumeId"])

    def show_volume(self, volume: str) -> dict[str, Any]:
        """Return a volume as it is listed."""
        shown: dict[str, Any] = self("DescribeVolumes", VolumeIds=[volume])["Volumes"][0]
        return shown

    def snapshot(self, volume: str = "", **more: Any) -> str:
        """Make a completed snapshot and return its id."""
        answer = self("CreateSnapshot", VolumeId=volume or self.volume(), **more)
        self.wait(120)
        return str(answer["SnapshotId"])

    def gateway(self, vpc: str = "") -> str:
        """Make a gateway, attached to a VPC when one is given, and return its id."""
        identity = str(self("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"])
        if vpc:
            self("AttachInternetGateway", InternetGatewayId=identity, VpcId=vpc)
        return identity

    def instances(self) -> list[str]:
        """Return the ids of all visible instances."""
        found = self("DescribeInstances")["Reservations"]
        return [str(i["InstanceId"]) for each in found for i in each["Instances"]]


@contextmanager
def refused(code: str, status: int = 400) -> Iterator[None]:
    """Assert that the block is refused with a code and an HTTP status."""
    with pytest.raises(Refusal) as caught:
        yield
    assert (caught.value.code, caught.value.status) == (code, status), caught.value
