"""Cases that any call can meet."""

from unittest.mock import patch

from tests.emulator.cases.case import Case, send, signature
from tests.emulator.cloud import Cloud

from aws_emulator.actions import vpc


def _tag(cloud: Cloud, key: str, value: str = "v") -> None:
    cloud("CreateTags", Resources=[cloud.vpc()], Tags=[{"Key": key, "Value": value}])


def _on_create(cloud: Cloud, *tags: tuple[str, str], kind: str = "vpc") -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags]
    cloud.vpc(TagSpecifications=[{"ResourceType": kind, "Tags": pairs}])


def _two_pages(cloud: Cloud) -> str:
    group = cloud.vpc()
    for number in range(6):
        cloud.group(group, f"g{number}")
    return str(cloud("DescribeSecurityGroups", MaxResults=5)["NextToken"])


def _other_filter(cloud: Cloud) -> None:
    token = _two_pages(cloud)
    filters = [{"Name": "group-name", "Values": ["g*"]}]
    cloud("DescribeSecurityGroups", NextToken=token, Filters=filters)


def _reuse_token(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.interface(subnet, ClientToken="t")
    cloud.interface(subnet, ClientToken="t", Description="another")


def _terminated_token(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.instance(subnet, state="terminated", ClientToken="t")
    cloud.launch(subnet, ClientToken="t")


def _too_fast(cloud: Cloud) -> None:
    for _ in range(3):
        cloud("DescribeVpcs")


def _unauthorised(cloud: Cloud) -> None:
    cloud.emulator.configure({"policies": {"*": {"Version": "2012-10-17", "Statement": []}}})
    cloud("DescribeVpcs")


def _internal(cloud: Cloud) -> None:
    with patch.object(vpc, "make_vpc", side_effect=RuntimeError("boom")):
        send(cloud, Action="CreateVpc", CidrBlock="10.0.0.0/16")


def _many_values(cloud: Cloud) -> None:
    cloud("DescribeVpcs", Filters=[{"Name": "vpc-id", "Values": [str(n) for n in range(201)]}])


CASES = {
    "unauthorized": Case(_unauthorised),
    "auth.missing": Case(lambda c: send(c, "", Action="DescribeVpcs")),
    "auth.incomplete": Case(lambda c: send(c, "Basic abc", Action="DescribeVpcs")),
    "auth.unknown-key": Case(lambda c: send(c, signature("AKIANOBODY"), Action="DescribeVpcs")),
    "auth.unknown-key-sts": Case(
        lambda c: send(c, signature("AKIANOBODY", service="sts"), Action="GetCallerIdentity")
    ),
    "auth.region": Case(lambda c: send(c, signature(region="mars-1"), Action="DescribeVpcs")),
    "auth.service": Case(lambda c: send(c, signature(service="s3"), Action="DescribeVpcs")),
    "action.missing": Case(lambda c: send(c, Version="2016-11-15")),
    "action.unknown": Case(lambda c: send(c, Action="MakeCoffee")),
    "action.not-emulated": Case(lambda c: send(c, Action="CreateNatGateway", SubnetId="s")),
    "parameter.not-emulated": Case(
        lambda c: c("CreateVpc", CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    ),
    "parameter.unknown": Case(lambda c: send(c, Action="DescribeVpcs", Colour="blue")),
    "parameter.missing": Case(lambda c: send(c, Action="DeleteVpc")),
    "parameter.value": Case(lambda c: send(c, Action="DescribeVpcs", VpcId__one="vpc-1")),
    "parameter.choice": Case(
        lambda c: send(c, Action="CreateVpc", CidrBlock="10.0.0.0/16", InstanceTenancy="mine")
    ),
    "parameter.integer": Case(lambda c: send(c, Action="DescribeVpcs", MaxResults="many")),
    "parameter.boolean": Case(lambda c: send(c, Action="DescribeVpcs", DryRun="maybe")),
    "parameter.base64": Case(
        lambda c: send(c, Action="ImportKeyPair", KeyName="k", PublicKeyMaterial="%%%")
    ),
    "parameter.character": Case(
        lambda c: send(c, Action="CreateTags", ResourceId__1="i", Tag__1__Key="a\x01")
    ),
    "parameter.range": Case(
        lambda c: c.launch(MetadataOptions={"HttpPutResponseHopLimit": 65})
    ),
    "parameter.combination": Case(
        lambda c: c(
            "CreateVolume", Size=1, AvailabilityZone=c.zone(), AvailabilityZoneId="use1-az1"
        )
    ),
    "parameter.one-of": Case(lambda c: c("DeleteKeyPair")),
    "dry-run": Case(lambda c: c.vpc(DryRun=True)),
    "page.size": Case(lambda c: c("DescribeInstances", MaxResults=4)),
    "page.with-ids": Case(
        lambda c: c("DescribeInstances", InstanceIds=[c.instance()], MaxResults=5)
    ),
    "page.token": Case(_other_filter),
    "filter.unknown": Case(
        lambda c: c("DescribeVpcs", Filters=[{"Name": "colour", "Values": ["blue"]}])
    ),
    "filter.too-many": Case(_many_values),
    "tag.reserved": Case(lambda c: _tag(c, "aws:mine")),
    "tag.key": Case(lambda c: _tag(c, "k" * 129)),
    "tag.value": Case(lambda c: _tag(c, "k", "v" * 257)),
    "tag.limit": Case(lambda c: _on_create(c, *((f"k{n}", "v") for n in range(51)))),
    "tag.duplicate": Case(lambda c: _on_create(c, ("k", "a"), ("k", "b"))),
    "tag.no-tags": Case(_on_create),
    "tag.resource-type": Case(lambda c: _on_create(c, ("k", "v"), kind="subnet")),
    "tag.id": Case(lambda c: c("CreateTags", Resources=["car-1"], Tags=[{"Key": "k"}])),
    "token.length": Case(lambda c: c.launch(ClientToken="t" * 65)),
    "token.mismatch": Case(_reuse_token),
    "token.terminated": Case(_terminated_token, {"replay_of_terminated": "refuses"}),
    "rate": Case(
        _too_fast,
        {"throttle": {"enabled": True, "requests": {"DescribeVpcs": {"capacity": 2, "refill": 1}}}},
    ),
    "internal": Case(_internal),
}  # fmt: skip
