"""Security group rules and key pairs."""

from typing import Any

import pytest
from tests.emulator.cloud import ED25519, RSA, Cloud, refused


def _permission(protocol: str = "tcp", low: int | None = 22, high: int | None = 22, **more: Any) -> dict[str, Any]:
    ports = {name: port for name, port in (("FromPort", low), ("ToPort", high)) if port is not None}
    return {"IpProtocol": protocol, **ports, **(more or {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]})}


def _ingress(cloud: Cloud, group: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = cloud("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"][0][
        "IpPermissions"
    ]
    return shown


def test_rules_come_and_go(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    ranges = [{"CidrIp": "10.0.0.0/8", "Description": "inside"}, {"CidrIp": "192.168.0.0/16"}]
    wish = [_permission(IpRanges=ranges), _permission("udp", 53, 53)]
    made = cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=wish)
    assert len(made["SecurityGroupRules"]) == 3
    shown = _ingress(cloud, group)
    assert [(each["IpProtocol"], len(each["IpRanges"])) for each in shown] == [("tcp", 2), ("udp", 1)]
    rules = cloud("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}])
    assert len(rules["SecurityGroupRules"]) == 4
    cloud("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[wish[1]])
    by_id = [made["SecurityGroupRules"][0]["SecurityGroupRuleId"]]
    cloud("RevokeSecurityGroupIngress", GroupId=group, SecurityGroupRuleIds=by_id)
    (left,) = _ingress(cloud, group)
    assert [each["CidrIp"] for each in left["IpRanges"]] == ["192.168.0.0/16"]


def test_the_rule_that_lets_everything_out_can_be_revoked(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    everything = _permission("-1", None, None, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    cloud("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[everything])
    (shown,) = cloud("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"]
    assert shown["IpPermissionsEgress"] == []
    both = [
        everything,
        _permission("-1", None, None, Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
    ]
    cloud("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=both)
    with refused("InvalidPermission.Duplicate"):
        cloud("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=both[1:])


def test_the_older_flat_spelling(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    flat = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, **flat)
    cloud("RevokeSecurityGroupIngress", GroupId=group, **flat)
    assert _ingress(cloud, group) == []


def test_one_wrong_rule_keeps_all_out(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    with refused("InvalidParameterValue"):
        cloud(
            "AuthorizeSecurityGroupIngress",
            GroupId=group,
            IpPermissions=[_permission(), _permission("tcp", 10, 9)],
        )
    assert _ingress(cloud, group) == []


@pytest.mark.parametrize(
    ("given", "protocol", "low", "high"),
    [
        (_permission("6", 22, 22), "tcp", 22, 22),
        (_permission("icmp", 8, -1), "icmp", 8, -1),
        (_permission("icmp", None, None), "icmp", -1, -1),
        (_permission("-1", 5, 6), "-1", None, None),
        (_permission("50", None, None), "50", None, None),
        (_permission("tcp", -1, -1), "tcp", 0, 65535),
    ],
)
def test_protocols_and_ports(
    cloud: Cloud, given: dict[str, Any], protocol: str, low: int | None, high: int | None
) -> None:
    group = cloud.group(cloud.vpc())
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[given])
    (shown,) = _ingress(cloud, group)
    assert (shown["IpProtocol"], shown["FromPort"], shown["ToPort"]) == (protocol, low, high)


def test_host_bits_of_a_rule_are_cut(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    rule = _permission(IpRanges=[{"CidrIp": "10.1.2.3/8"}])
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    assert _ingress(cloud, group)[0]["IpRanges"][0]["CidrIp"] == "10.0.0.0/8"


def test_a_group_may_refer_to_itself_and_still_be_deleted(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    rule = _permission("-1", None, None, UserIdGroupPairs=[{"GroupId": group}])
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    cloud("DeleteSecurityGroup", GroupId=group)


def test_groups_are_found_by_their_rules(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[_permission()])
    for name, value in (("ip-permission.from-port", "22"), ("ip-permission.cidr", "10.*")):
        filters = [{"Name": name, "Values": [value]}]
        found = cloud("DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
        assert [each["GroupId"] for each in found] == [group]


def test_fingerprints_are_those_of_openssl_and_ssh_keygen(cloud: Cloud) -> None:
    # openssl rsa -pubin -outform DER | md5; ssh-keygen -l -E sha256
    made = cloud("ImportKeyPair", KeyName="rsa", PublicKeyMaterial=RSA.encode())
    assert made["KeyFingerprint"].count(":") == 15
    made = cloud("ImportKeyPair", KeyName="ed", PublicKeyMaterial=ED25519.encode())
    assert len(made["KeyFingerprint"]) == 44


def test_key_pairs_come_and_go(cloud: Cloud) -> None:
    made = cloud("ImportKeyPair", KeyName="k", PublicKeyMaterial=ED25519.encode())
    instance = cloud.instance(KeyName="k")
    assert cloud.show(instance)["KeyName"] == "k"
    assert cloud("DescribeKeyPairs", KeyNames=["k"])["KeyPairs"][0]["KeyPairId"] == made["KeyPairId"]
    cloud("DeleteKeyPair", KeyName="k")
    with refused("InvalidKeyPair.NotFound"):
        cloud("DescribeKeyPairs", KeyNames=["k"])
    assert cloud("DeleteKeyPair", KeyName="k") == {"Return": True}
    again = cloud("ImportKeyPair", KeyName="k", PublicKeyMaterial=ED25519.encode())
    cloud("DeleteKeyPair", KeyPairId=again["KeyPairId"])
    assert cloud("DescribeKeyPairs")["KeyPairs"] == []


@pytest.mark.parametrize(
    "text", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa " + ED25519.split()[1], "garbage x y"]
)
def test_what_is_no_key(cloud: Cloud, text: str) -> None:
    with refused("InvalidKey.Format"):
        cloud("ImportKeyPair", KeyName="k", PublicKeyMaterial=text.encode())
