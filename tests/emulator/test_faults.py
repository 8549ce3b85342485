"""Injected faults, seen by the core and by real clients."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from tests.emulator.cloud import OTHER_ACCOUNT, Cloud, Connect, refused

from aws_emulator import Emulator
from aws_emulator.emulator import Dropped, InjectedError

CUT = (ConnectionClosedError, EndpointConnectionError)


def test_an_error_a_number_of_times(cloud: Cloud) -> None:
    cloud.emulator.add_fault({"kind": "error", "action": "CreateVpc", "count": 2})
    for _ in range(2):
        with pytest.raises(InjectedError) as caught:
            cloud.vpc()
        assert (caught.value.code, caught.value.status) == ("InternalError", 500)
    assert cloud.vpc()
    assert cloud.emulator.faults()[0]["struck"] == 2


def test_an_error_with_its_code_status_and_text(cloud: Cloud) -> None:
    wish = {"code": "UnauthorizedOperation", "message": "no", "action": "Create*"}
    cloud.emulator.add_fault({"kind": "error", **wish})
    with pytest.raises(InjectedError) as caught:
        cloud.vpc()
    assert (caught.value.code, caught.value.status, caught.value.message) == ("UnauthorizedOperation", 403, "no")


def test_rules_match_accounts_and_regions(cloud: Cloud) -> None:
    cloud.emulator.add_fault({"kind": "error", "account": OTHER_ACCOUNT})
    cloud.emulator.add_fault({"kind": "error", "region": "us-west-*"})
    assert cloud.vpc()
    for account, region in ((OTHER_ACCOUNT, "us-east-1"), (cloud.account, "us-west-2")):
        with pytest.raises(InjectedError):
            cloud.emulator.call("DescribeVpcs", account=account, region=region)


def test_rules_skip_end_and_are_random_by_seed(cloud: Cloud) -> None:
    cloud.emulator.add_fault({"kind": "error", "action": "DescribeVpcs", "skip": 2, "count": 1})
    assert [_fails(cloud, "DescribeVpcs") for _ in range(4)] == [False, False, True, False]
    until = cloud.clock.now() + 10
    cloud.emulator.add_fault({"kind": "error", "action": "DescribeSubnets", "until": until})
    assert _fails(cloud, "DescribeSubnets")
    cloud.wait(11)
    assert not _fails(cloud, "DescribeSubnets")
    cloud.emulator.add_fault({"kind": "error", "action": "DescribeImages", "probability": 0.5})
    fails = sum(_fails(cloud, "DescribeImages") for _ in range(100))
    assert 30 < fails < 70


def _fails(cloud: Cloud, action: str) -> bool:
    try:
        cloud(action)
    except InjectedError:
        return True
    return False


def test_dropped_before_nothing_happened(cloud: Cloud) -> None:
    cloud.emulator.add_fault({"kind": "drop-before", "count": 1})
    with pytest.raises(Dropped):
        cloud.vpc()
    assert cloud("DescribeVpcs")["Vpcs"] == []
    assert cloud.emulator.ledger()[0]["delivered"] is False


def test_dropped_after_it_happened(cloud: Cloud) -> None:
    cloud.emulator.add_fault({"kind": "drop-after", "action": "CreateVpc", "count": 1})
    with pytest.raises(Dropped):
        cloud.vpc()
    (vpc,) = cloud("DescribeVpcs")["Vpcs"]
    entry = cloud.emulator.ledger()[0]
    assert (entry["outcome"], entry["delivered"]) == ("ok", False)
    assert vpc["VpcId"] in entry["made"]


def test_no_capacity_in_one_zone(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    here, there = cloud.subnet(vpc), cloud.subnet(vpc, "10.0.2.0/24", "use1-az2")
    cloud.emulator.add_fault({"kind": "capacity", "zone_id": "use1-az1", "instance_type": "t3.*"})
    with refused("InsufficientInstanceCapacity", 500):
        cloud.launch(here)
    assert cloud.instance(there)
    assert cloud.instance(here, InstanceType="m5.large")


def test_a_stopped_instance_may_find_no_capacity(cloud: Cloud) -> None:
    instance = cloud.instance(state="stopped")
    cloud.emulator.add_fault({"kind": "capacity", "count": 1})
    with refused("InsufficientInstanceCapacity", 500):
        cloud("StartInstances", InstanceIds=[instance])
    assert cloud.state(instance) == "stopped"
    cloud("StartInstances", InstanceIds=[instance])


def test_a_launch_may_fail_after_its_answer(cloud: Cloud) -> None:
    cloud.emulator.add_fault({"kind": "launch-failure", "count": 1})
    instance = cloud.instance(state="pending")
    cloud.wait(10)
    shown = cloud.show(instance)
    assert shown["State"]["Name"] == "shutting-down"
    assert shown["StateReason"]["Code"] == "Server.InternalError"
    cloud.wait(60)
    assert cloud.state(instance) == "terminated"


def test_faults_can_be_removed(cloud: Cloud) -> None:
    first = cloud.emulator.add_fault({"kind": "error", "action": "DescribeVpcs"})
    cloud.emulator.add_fault({"kind": "error", "action": "DescribeSubnets"})
    assert cloud.emulator.remove_faults(first.id) == 1
    assert not _fails(cloud, "DescribeVpcs")
    assert _fails(cloud, "DescribeSubnets")
    assert cloud.emulator.remove_faults() == 1


# Seen by real clients


async def test_a_lost_answer_and_a_retry_with_the_token_make_one(connect: Connect, emulator: Emulator) -> None:
    client = await connect(attempts=2)
    emulator.add_fault({"kind": "drop-after", "action": "CreateVolume", "count": 1})
    zone = (await client.describe_availability_zones())["AvailabilityZones"][0]["ZoneName"]
    # botocore fills in a token that its own retry repeats
    await client.create_volume(Size=1, AvailabilityZone=zone)
    assert len((await client.describe_volumes())["Volumes"]) == 1
    calls = [e for e in emulator.ledger() if e["action"] == "CreateVolume"]
    assert [(e["delivered"], e["replayed"]) for e in calls] == [(False, False), (True, True)]


async def test_a_lost_answer_without_a_token_makes_two(connect: Connect, emulator: Emulator) -> None:
    client = await connect(attempts=2)
    emulator.add_fault({"kind": "drop-after", "action": "AllocateAddress", "count": 1})
    await client.allocate_address()
    assert len((await client.describe_addresses())["Addresses"]) == 2


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
async def test_a_cut_connection(client: Any, emulator: Emulator, kind: str) -> None:
    emulator.add_fault({"kind": kind, "action": "CreateVpc", "count": 1})
    with pytest.raises(CUT):
        await client.create_vpc(CidrBlock="10.0.0.0/16")
    made = len((await client.describe_vpcs())["Vpcs"])
    assert made == (1 if kind == "drop-after" else 0)


async def test_a_status_without_ec2s_envelope(client: Any, emulator: Emulator) -> None:
    emulator.add_fault({"kind": "status5xx", "status": 502, "count": 1})
    with pytest.raises(ClientError) as caught:
        await client.describe_vpcs()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    assert emulator.ledger()[-1]["outcome"] == "(HTTP 502)"


async def test_a_delayed_answer_arrives(client: Any, emulator: Emulator) -> None:
    emulator.add_fault({"kind": "delay", "seconds": 0.01, "count": 1})
    assert (await client.describe_vpcs())["Vpcs"] == []
    assert emulator.faults()[0]["struck"] == 1


async def test_an_injected_error_reaches_the_client(client: Any, emulator: Emulator) -> None:
    emulator.add_fault({"kind": "error", "code": "Unavailable", "action": "DescribeVpcs"})
    with pytest.raises(ClientError, match="Unavailable") as caught:
        await client.describe_vpcs()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
