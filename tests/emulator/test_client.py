"""What a real client sees: the wire in both directions, errors, identity, isolation."""

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.cases.case import signature
from tests.emulator.cloud import ACCOUNT, IMAGE, OTHER_ACCOUNT, OTHER_KEY, REGION, Connect

from aws_emulator import Emulator, ManualClock


async def _launch(client: Any, **more: Any) -> dict[str, Any]:
    vpc = (await client.create_vpc(CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
    zones = (await client.describe_availability_zones())["AvailabilityZones"]
    zone = next(each["ZoneName"] for each in zones if each["ZoneId"] == "use1-az2")
    subnet = await client.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=zone)
    answer: dict[str, Any] = await client.run_instances(
        ImageId=IMAGE,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["Subnet"]["SubnetId"],
        **more,
    )
    return answer


async def test_a_server_from_vpc_to_termination(client: Any, clock: ManualClock) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "a <b> & 'c' é"}]}]
    launched = await _launch(client, TagSpecifications=tags, UserData="#!/bin/sh\necho hi\n")
    instance = launched["Instances"][0]
    assert instance["State"] == {"Code": 0, "Name": "pending"}
    assert instance["Tags"] == [{"Key": "Name", "Value": "a <b> & 'c' é"}]
    assert launched["OwnerId"] == ACCOUNT
    identity = instance["InstanceId"]
    clock.advance(10)
    listed = await client.describe_instances(InstanceIds=[identity])
    running = listed["Reservations"][0]["Instances"][0]
    assert running["State"]["Name"] == "running"
    assert running["LaunchTime"].timestamp() == clock.now() - 10
    assert running["NetworkInterfaces"][0]["PrivateIpAddress"] == running["PrivateIpAddress"]
    assert running["BlockDeviceMappings"][0]["DeviceName"] == running["RootDeviceName"]
    asked = await client.describe_instance_attribute(InstanceId=identity, Attribute="userData")
    assert base64.b64decode(asked["UserData"]["Value"]) == b"#!/bin/sh\necho hi\n"
    gone = await client.terminate_instances(InstanceIds=[identity])
    assert gone["TerminatingInstances"][0]["PreviousState"]["Name"] == "running"
    clock.advance(60)
    waiter = client.get_waiter("instance_terminated")
    await waiter.wait(InstanceIds=[identity], WaiterConfig={"MaxAttempts": 1})


async def test_errors_have_ec2s_envelope(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        await client.describe_vpcs(VpcIds=["vpc-00000000000000000"])
    error = caught.value.response
    assert error["Error"]["Code"] == "InvalidVpcID.NotFound"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["ResponseMetadata"]["RequestId"]


async def test_an_action_that_the_emulator_lacks_says_so(client: Any) -> None:
    with pytest.raises(ClientError, match="this emulator does not implement it") as caught:
        await client.create_nat_gateway(SubnetId="subnet-00000000000000000")
    assert caught.value.response["Error"]["Code"] == "InvalidAction"


async def test_a_parameter_that_the_emulator_lacks_is_never_ignored(client: Any) -> None:
    with pytest.raises(ClientError, match="Ipv6CidrBlock") as caught:
        await client.create_subnet(VpcId="vpc-1", CidrBlock="10.0.0.0/24", Ipv6CidrBlock="fd00::/64")
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"


def test_an_error_about_unprintable_characters_is_still_xml(emulator: Emulator) -> None:
    reply = emulator.handle(authorization=signature(), body="Action=Describe%01Vpcs")
    assert reply.status == 400
    assert b"Describe?Vpcs" in reply.body


async def test_sts_tells_the_account_of_the_key(connect: Connect) -> None:
    for key, account in (("AKIAEMULATEDACCESS01", ACCOUNT), (OTHER_KEY, OTHER_ACCOUNT)):
        identity = await (await connect("sts", key=key)).get_caller_identity()
        assert identity["Account"] == account
        assert identity["Arn"].startswith(f"arn:aws:iam::{account}:")


async def test_an_unknown_key_is_refused(connect: Connect) -> None:
    with pytest.raises(ClientError) as caught:
        await (await connect(key="AKIASTRANGER")).describe_vpcs()
    assert caught.value.response["Error"]["Code"] == "AuthFailure"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 401
    with pytest.raises(ClientError) as caught:
        await (await connect("sts", key="AKIASTRANGER")).get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


async def test_accounts_and_regions_do_not_see_each_other(connect: Connect) -> None:
    own = await connect()
    vpc = (await own.create_vpc(CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
    for other in (await connect(key=OTHER_KEY), await connect(region="us-west-2")):
        assert (await other.describe_vpcs())["Vpcs"] == []
        with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
            await other.delete_vpc(VpcId=vpc)
    assert [each["VpcId"] for each in (await own.describe_vpcs())["Vpcs"]] == [vpc]


async def test_paginators_of_the_client_work(client: Any, emulator: Emulator) -> None:
    for number in range(12):
        tags = [{"ResourceType": "security-group", "Tags": [{"Key": "n", "Value": str(number)}]}]
        vpc = (await client.describe_vpcs())["Vpcs"] or [(await client.create_vpc(CidrBlock="10.0.0.0/16"))["Vpc"]]
        await client.create_security_group(
            VpcId=vpc[0]["VpcId"], GroupName=f"g{number}", Description="d", TagSpecifications=tags
        )
    seen = []
    async for page in client.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}):
        assert len(page["SecurityGroups"]) <= 5
        seen += [group["GroupName"] for group in page["SecurityGroups"]]
    assert seen == ["default", *(f"g{number}" for number in range(12))]


async def test_the_ledger_knows_the_user_agent_and_hides_user_data(client: Any, emulator: Emulator) -> None:
    await _launch(client, UserData="secret words", ClientToken="tok")
    entry = emulator.ledger()[-1]
    assert entry["action"] == "RunInstances"
    assert entry["client_token"] == "tok"
    assert "aiobotocore" in entry["user_agent"].lower() or "botocore" in entry["user_agent"].lower()
    assert entry["outcome"] == "ok"
    assert entry["region"] == REGION
    assert "secret" not in str(entry)
    kinds = {identity.partition("-")[0] for identity in entry["made"]}
    assert kinds == {"i", "eni", "vol"}
