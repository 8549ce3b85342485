"""A company that was in AWS before us: networks, groups, machines, addresses, made as its own people make them."""

from __future__ import annotations

import base64
import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Do = Callable[..., dict[str, Any]]  # (action, **params) -> AWS's answer

IMAGES = ("ami-0c0d0315010483b99", "ami-079f9d59f6b30710c")
TYPES = ("t3.nano", "t3.small", "t3.medium", "t3.large", "m5.large")  # the last is no flavor's
SERVERS, GROUPS, KEYS = 40, 18, 5
SPARE, EXTRA, MAPPED, LOOSE = 5, 5, 8, 2
UNNAMED = 3  # machines without a name

# Kinds of what is made, as the emulator's state names them.
KINDS = (
    "vpc", "subnet", "security-group", "security-group-rule", "internet-gateway", "route-table", "key-pair",
    "placement-group", "instance", "network-interface", "elastic-ip",
)  # fmt: skip


@dataclass
class Company:
    """What was made, by kind: cloud ids in the order in which they were made."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    second: list[str] = field(default_factory=list)  # interfaces that are to be attached beside the first

    def add(self, kind: str, id_: str, name: str = "") -> str:
        """Take one in."""
        self.ids.setdefault(kind, []).append(id_)
        if name:
            self.names[id_] = name
        return id_

    @property
    def count(self) -> int:
        """How many things there are; rules are counted by the emulator."""
        return sum(len(ids) for ids in self.ids.values())


def _named(type_: str, name: str, **tags: str) -> list[dict[str, Any]]:
    values = {"Name": name, "company": "kakao", **tags}
    marked = [{"Key": key, "Value": value} for key, value in values.items() if value]
    return [{"ResourceType": type_, "Tags": marked}]


def public_key(number: int) -> str:
    """Return an ED25519 public key that nobody has the other half of."""
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (b"ssh-ed25519", bytes([number]) * 32))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} person-{number}"


def build(do: Do, servers: int = SERVERS) -> Company:
    """Make everything that can be made before the machines run."""
    made = Company()
    _networks(do, made)
    _groups(do, made)
    for number in range(KEYS):
        answer = do(
            "ImportKeyPair", KeyName=f"person-{number}", PublicKeyMaterial=public_key(number),
            TagSpecifications=_named("key-pair", ""),
        )  # fmt: skip
        made.add("key-pair", answer["KeyPairId"], f"person-{number}")
    for name, strategy in (
        ("apart", {"Strategy": "spread"}),
        ("parts", {"Strategy": "partition", "PartitionCount": 3}),
    ):
        answer = do("CreatePlacementGroup", GroupName=name, **strategy, TagSpecifications=_named("placement-group", ""))
        made.add("placement-group", answer["PlacementGroup"]["GroupId"], name)
    _machines(do, made, servers)
    return made


def _networks(do: Do, made: Company) -> None:
    for number, (name, zones) in enumerate((("production", 4), ("staging", 2), ("", 1))):
        vpc = do("CreateVpc", CidrBlock=f"10.{40 + number}.0.0/16", TagSpecifications=_named("vpc", name))["Vpc"]
        made.add("vpc", vpc["VpcId"], name)
        for zone, id_ in zip(range(zones), ("use1-az1", "use1-az2", "use1-az4", "use1-az6"), strict=False):
            subnet = do(
                "CreateSubnet", VpcId=vpc["VpcId"], CidrBlock=f"10.{40 + number}.{zone}.0/24", AvailabilityZoneId=id_,
                TagSpecifications=_named("subnet", f"{name or 'old'}-{zone}"),
            )["Subnet"]  # fmt: skip
            made.add("subnet", subnet["SubnetId"], f"{name or 'old'}-{zone}")
    for vpc in made.ids["vpc"][:2]:
        name = made.names[vpc]
        gateway = do("CreateInternetGateway", TagSpecifications=_named("internet-gateway", name))["InternetGateway"]
        made.add("internet-gateway", gateway["InternetGatewayId"], name)
        do("AttachInternetGateway", InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
        table = do("CreateRouteTable", VpcId=vpc, TagSpecifications=_named("route-table", f"{name}-out"))["RouteTable"]
        made.add("route-table", table["RouteTableId"], f"{name}-out")
        do(
            "CreateRoute", RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0",
            GatewayId=gateway["InternetGatewayId"],
        )  # fmt: skip
        for subnet in _subnets(made, vpc):
            do("AssociateRouteTable", RouteTableId=table["RouteTableId"], SubnetId=subnet)


def _subnets(made: Company, vpc: str) -> list[str]:
    at = made.ids["vpc"].index(vpc)
    first, count = ((0, 4), (4, 2), (6, 1))[at]
    return made.ids["subnet"][first : first + count]


def _groups(do: Do, made: Company) -> None:
    before = ""
    for number in range(GROUPS):
        name, vpc = f"app-{number}", made.ids["vpc"][0 if number < GROUPS - 6 else 1]
        group = do(
            "CreateSecurityGroup", GroupName=name, Description=f"application {number}", VpcId=vpc,
            TagSpecifications=_named("security-group", ""),
        )["GroupId"]  # fmt: skip
        made.add("security-group", group, name)
        rules: list[dict[str, Any]] = [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
            {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": f"10.{number}.0.0/16"}]},
            {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        ]
        if number == 0:  # ports mean nothing to this protocol: Neutron says it in another way
            rules.append({"IpProtocol": "50", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]})
        if before and number != GROUPS - 6:
            pair = {"UserIdGroupPairs": [{"GroupId": before}]}
            rules.append({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **pair})
        do("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rules)
        before = group


def _machines(do: Do, made: Company, servers: int) -> None:
    addresses = (itertools.count(10) for _ in made.ids["subnet"])
    hosts: list[Iterator[int]] = list(addresses)
    for number in range(servers):
        at = number % 6  # of production and staging
        group = made.ids["security-group"][number % 12 if at < 4 else 12 + number % 6]
        interface = {
            "DeviceIndex": 0, "SubnetId": made.ids["subnet"][at], "Groups": [group],
            "PrivateIpAddress": _address(made, at, next(hosts[at])), "DeleteOnTermination": True,
        }  # fmt: skip
        name = "" if number < UNNAMED else f"machine-{number}"
        more: dict[str, Any] = {"KeyName": f"person-{number % KEYS}"} if number % 2 else {}
        if number in (1, 2):
            more["Placement"] = {"GroupName": "apart"}
        [instance] = do(
            "RunInstances", ImageId=IMAGES[number % 2], InstanceType=TYPES[number % len(TYPES)], MinCount=1,
            MaxCount=1, NetworkInterfaces=[interface],
            TagSpecifications=_named("instance", name, team="a" if number % 4 == 0 else "b"), **more,
        )["Instances"]  # fmt: skip
        made.add("instance", instance["InstanceId"], name)
        made.add("network-interface", instance["NetworkInterfaces"][0]["NetworkInterfaceId"])
    for number in range(SPARE + EXTRA):
        made_now = do(
            "CreateNetworkInterface", SubnetId=made.ids["subnet"][number % 4], Groups=[made.ids["security-group"][0]],
            PrivateIpAddress=_address(made, number % 4, next(hosts[number % 4])),
            TagSpecifications=_named("network-interface", f"nic-{number}"),
        )["NetworkInterface"]  # fmt: skip
        made.add("network-interface", made_now["NetworkInterfaceId"], f"nic-{number}")
    made.second = made.ids["network-interface"][servers : servers + EXTRA]


def _address(made: Company, at: int, host: int) -> str:
    name = made.names[made.ids["subnet"][at]]
    vpc, zone = name.rsplit("-", 1)
    return f"10.{40 + ('production', 'staging', 'old').index(vpc)}.{zone}.{host}"


def connect(do: Do, made: Company) -> None:
    """Make what needs machines that run: second interfaces and public addresses."""
    for number, interface in enumerate(made.second):
        # Of the same zone: every fourth machine of production is in the zone of the first subnet, and so on.
        instance = made.ids["instance"][(0, 1, 2, 3, 6)[number]]
        do("AttachNetworkInterface", InstanceId=instance, NetworkInterfaceId=interface, DeviceIndex=1)
    for number in range(MAPPED + LOOSE):
        address = do("AllocateAddress", Domain="vpc", TagSpecifications=_named("elastic-ip", ""))
        made.add("elastic-ip", address["AllocationId"], address["PublicIp"])
        if number < MAPPED:
            target = made.ids["network-interface"][3 + number]
            do("AssociateAddress", AllocationId=address["AllocationId"], NetworkInterfaceId=target)
