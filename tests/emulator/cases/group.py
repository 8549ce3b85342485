"""Cases of security groups and key pairs."""

from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import ECDSA, ED25519, Cloud

SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}


def _rules(cloud: Cloud, *permissions: dict[str, Any], action: str = "Authorize") -> None:
    group = cloud.group(cloud.vpc())
    cloud(f"{action}SecurityGroupIngress", GroupId=group, IpPermissions=list(permissions))


def _twice(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    for _ in range(2):
        cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[SSH])


def _described(cloud: Cloud, text: str) -> None:
    _rules(cloud, SSH | {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": text}]})


def _peer_elsewhere(cloud: Cloud) -> None:
    peer = cloud.group(cloud.vpc())
    _rules(cloud, {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": peer}]})


def _delete_peer(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    peer, group = cloud.group(vpc, "peer"), cloud.group(vpc, "group")
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": peer}]}
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    cloud("DeleteSecurityGroup", GroupId=peer)


def _import(cloud: Cloud, text: str = ED25519, name: str = "key", times: int = 1) -> None:
    for _ in range(times):
        cloud("ImportKeyPair", KeyName=name, PublicKeyMaterial=text.encode())


CASES = {
    "group.duplicate": Case(lambda c: [c.group(v) for v in [c.vpc()] * 2]),
    "group.reserved": Case(lambda c: c.group(c.vpc(), "default")),
    "group.name": Case(lambda c: c.group(c.vpc(), "caffè")),
    "group.limit": Case(lambda c: c.group(c.vpc()), {"quotas": {"security_groups": 1}}),
    "group.in-use": Case(_delete_peer),
    "group.default": Case(
        lambda c: c("DeleteSecurityGroup", GroupId=c.default_group(c.vpc()))
    ),
    "group.rule-duplicate": Case(_twice),
    "group.rule-twice": Case(lambda c: _rules(c, SSH, SSH)),
    "group.rule-not-found": Case(lambda c: _rules(c, SSH, action="Revoke")),
    "group.rule-limit": Case(
        lambda c: _rules(c, SSH, SSH | {"ToPort": 23}), {"quotas": {"rules_per_group": 1}}
    ),
    "group.rule-malformed": Case(lambda c: _rules(c, {"IpProtocol": "tcp"} )),
    "group.rule-cidr": Case(lambda c: _rules(c, SSH | {"IpRanges": [{"CidrIp": "ten"}]})),
    "group.rule-port": Case(lambda c: _rules(c, SSH | {"ToPort": 70000})),
    "group.rule-protocol": Case(lambda c: _rules(c, SSH | {"IpProtocol": "tpc"})),
    "group.rule-description": Case(lambda c: _described(c, "über")),
    "group.rule-peer-vpc": Case(_peer_elsewhere),
    "key.duplicate": Case(lambda c: _import(c, times=2)),
    "key.format": Case(lambda c: _import(c, ECDSA)),
    "key.limit": Case(_import, {"quotas": {"key_pairs": 0}}),
    "key.name": Case(lambda c: _import(c, name="k" * 256)),
    "key.unknown": Case(lambda c: c.launch(KeyName="nobody")),
}  # fmt: skip
