"""Client tokens: exactly as EC2 documents them, zones and terminated instances included."""

from typing import Any

import pytest
from tests.emulator.cloud import Cloud, refused


def _zones(cloud: Cloud) -> tuple[str, str]:
    vpc = cloud.vpc()
    return cloud.subnet(vpc), cloud.subnet(vpc, "10.0.2.0/24", "use1-az2")


def _id(answer: dict[str, Any]) -> str:
    return str(answer["Instances"][0]["InstanceId"])


def test_the_same_token_in_another_zone_is_a_second_instance(cloud: Cloud) -> None:
    here, there = _zones(cloud)
    first = _id(cloud.launch(here, ClientToken="t"))
    second = _id(cloud.launch(there, ClientToken="t"))
    assert first != second
    assert _id(cloud.launch(here, ClientToken="t")) == first
    assert _id(cloud.launch(there, ClientToken="t")) == second
    assert len(cloud.instances()) == 2


def test_another_subnet_of_the_same_zone_is_a_mismatch(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    cloud.launch(cloud.subnet(vpc), ClientToken="t")
    with refused("IdempotentParameterMismatch"):
        cloud.launch(cloud.subnet(vpc, "10.0.2.0/24"), ClientToken="t")


def test_naming_the_zone_too_is_no_other_request(cloud: Cloud) -> None:
    here, _ = _zones(cloud)
    first = _id(cloud.launch(here, ClientToken="t"))
    placement = {"AvailabilityZone": cloud.zone()}
    assert _id(cloud.launch(here, ClientToken="t", Placement=placement)) == first


def test_without_subnet_and_zone_the_token_is_regional() -> None:
    cloud = Cloud(default_vpc=True)
    first = cloud.launch(SubnetId=None, ClientToken="t")["Instances"][0]
    again = cloud.launch(SubnetId=None, ClientToken="t")["Instances"][0]
    assert again["InstanceId"] == first["InstanceId"]
    zone = {"AvailabilityZone": first["Placement"]["AvailabilityZone"]}
    zonal = cloud.launch(SubnetId=None, ClientToken="t", Placement=zone)["Instances"][0]
    assert zonal["InstanceId"] != first["InstanceId"]


def test_the_zone_of_an_existing_interface_counts(cloud: Cloud) -> None:
    ids = set()
    for subnet in _zones(cloud):
        nics = [{"DeviceIndex": 0, "NetworkInterfaceId": cloud.interface(subnet)}]
        first = _id(cloud.launch(NetworkInterfaces=nics, ClientToken="t"))
        assert _id(cloud.launch(NetworkInterfaces=nics, ClientToken="t")) == first
        ids.add(first)
    assert len(ids) == 2


def test_a_replay_needs_neither_room_nor_a_free_interface(cloud: Cloud) -> None:
    nics = [{"DeviceIndex": 0, "NetworkInterfaceId": cloud.interface(cloud.subnet())}]
    first = _id(cloud.launch(NetworkInterfaces=nics, ClientToken="t"))
    cloud.emulator.configure({"capacity": [{"limit": 0}], "quotas": {"vcpus": 0}})
    assert _id(cloud.launch(NetworkInterfaces=nics, ClientToken="t")) == first


def test_a_replay_tells_the_present_state(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.launch(subnet, ClientToken="t")
    cloud.wait(10)
    assert cloud.launch(subnet, ClientToken="t")["Instances"][0]["State"]["Name"] == "running"


def test_the_token_of_a_terminated_instance_returns_that_instance(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet, ClientToken="t", state="terminated")
    again = cloud.launch(subnet, ClientToken="t")["Instances"][0]
    assert (again["InstanceId"], again["State"]["Name"]) == (instance, "terminated")


def test_it_does_so_when_it_is_not_listed_any_more(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet, ClientToken="t", state="terminated")
    cloud.wait(4000)
    assert cloud.instances() == []
    with refused("InvalidInstanceID.NotFound"):
        cloud.show(instance)
    assert _id(cloud.launch(subnet, ClientToken="t")) == instance


def test_a_day_after_the_end_the_token_is_free_again(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet, ClientToken="t", state="terminated")
    cloud.wait(4000)
    cloud.wait(90_000)
    assert _id(cloud.launch(subnet, ClientToken="t")) != instance


def test_the_token_of_a_live_instance_never_expires(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet, ClientToken="t")
    cloud.wait(100 * 86_400)
    assert _id(cloud.launch(subnet, ClientToken="t")) == instance


def test_it_may_be_refused_as_the_error_codes_say() -> None:
    cloud = Cloud(replay_of_terminated="refuses")
    subnet = cloud.subnet()
    cloud.instance(subnet, ClientToken="t", state="terminated")
    with refused("IdempotentInstanceTerminated"):
        cloud.launch(subnet, ClientToken="t")


def test_a_replay_after_the_interface_is_gone(cloud: Cloud) -> None:
    interface = cloud.interface(cloud.subnet())
    nics = [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    instance = cloud.instance(NetworkInterfaces=nics, ClientToken="t", state="terminated")
    cloud("DeleteNetworkInterface", NetworkInterfaceId=interface)
    assert _id(cloud.launch(NetworkInterfaces=nics, ClientToken="t")) == instance
    with refused("InvalidNetworkInterfaceID.NotFound"):
        cloud.launch(NetworkInterfaces=nics, ClientToken="another")


def test_a_refused_call_does_not_use_up_its_token(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.emulator.configure({"quotas": {"vcpus": 0}})
    with refused("VcpuLimitExceeded"):
        cloud.launch(subnet, ClientToken="t")
    cloud.emulator.configure({"quotas": {"vcpus": 8}})
    assert _id(cloud.launch(subnet, ClientToken="t", InstanceType="t3.small"))


def test_tokens_belong_to_an_action_an_account_and_a_region(cloud: Cloud) -> None:
    cloud.volume(ClientToken="t")
    cloud.interface(cloud.subnet(), ClientToken="t")
    other = Cloud(region="us-west-2")
    other.emulator = cloud.emulator
    answer = other("CreateVolume", Size=8, AvailabilityZone="us-west-2a", ClientToken="t")
    assert answer["VolumeId"] not in {v["VolumeId"] for v in cloud("DescribeVolumes")["Volumes"]}


@pytest.mark.parametrize("count", [1, 3])
def test_a_replay_returns_all_instances_of_the_launch(cloud: Cloud, count: int) -> None:
    subnet = cloud.subnet()
    params = {"ClientToken": "t", "MinCount": count, "MaxCount": count}
    first = [i["InstanceId"] for i in cloud.launch(subnet, **params)["Instances"]]
    assert [i["InstanceId"] for i in cloud.launch(subnet, **params)["Instances"]] == first
    assert len(first) == count


def test_route_tables_have_tokens_too(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    tables = {cloud("CreateRouteTable", VpcId=vpc, ClientToken="t")["RouteTable"]["RouteTableId"] for _ in range(2)}
    assert len(tables) == 1


def test_the_token_of_a_deleted_volume_is_no_second_volume(cloud: Cloud) -> None:
    volume = cloud.volume(ClientToken="t")
    cloud("DeleteVolume", VolumeId=volume)
    cloud.wait(10)
    with refused("InvalidVolume.NotFound"):
        cloud.volume(ClientToken="t")
