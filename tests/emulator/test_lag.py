"""Eventual consistency: what is made is not seen at once, by anyone, and always the same way."""

import pytest
from tests.emulator.cloud import Cloud, refused


def _tagged(cloud: Cloud) -> str:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "uid", "Value": "1"}]}]
    return cloud.vpc(TagSpecifications=tags)


def _by_tag(cloud: Cloud) -> list[str]:
    found = cloud("DescribeVpcs", Filters=[{"Name": "tag:uid", "Values": ["1"]}])["Vpcs"]
    return [each["VpcId"] for each in found]


def test_a_new_resource_is_absent_from_lists_and_unknown_by_id() -> None:
    cloud = Cloud(lag={"resource": 30})
    vpc = cloud.vpc()
    assert cloud("DescribeVpcs")["Vpcs"] == []
    with refused("InvalidVpcID.NotFound"):
        cloud("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24")
    with refused("InvalidVpcID.NotFound"):
        cloud("CreateTags", Resources=[vpc], Tags=[{"Key": "k", "Value": "v"}])
    cloud.wait(30)
    assert len(cloud("DescribeVpcs")["Vpcs"]) == 1


def test_the_lag_is_uniform_between_nothing_and_the_longest() -> None:
    cloud = Cloud(lag={"resource": 30}, quotas={"vpcs": 1000})
    made = [cloud.vpc() for _ in range(200)]
    seen = []
    for _ in range(30):
        cloud.wait(1)
        seen.append(len(cloud("DescribeVpcs")["Vpcs"]))
    assert seen[-1] == len(made)
    assert 60 < seen[14] < 140
    assert seen == sorted(seen)


def test_tags_lag_behind_their_resource() -> None:
    cloud = Cloud(lag={"tags": 30})
    vpc = _tagged(cloud)
    assert cloud("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]["Tags"] == []
    assert _by_tag(cloud) == []
    cloud.wait(30)
    assert _by_tag(cloud) == [vpc]


def test_changed_tags_keep_their_old_value_until_the_lag_has_passed() -> None:
    cloud = Cloud()
    vpc = _tagged(cloud)
    cloud.emulator.configure({"lag": {"tags": 30}})
    cloud("DeleteTags", Resources=[vpc], Tags=[{"Key": "uid"}])
    assert _by_tag(cloud) == [vpc]
    cloud.wait(30)
    assert _by_tag(cloud) == []
    assert cloud("DescribeTags")["Tags"] == []


def test_a_replayed_token_answers_although_nothing_is_seen_yet() -> None:
    cloud = Cloud()
    subnet = cloud.subnet()
    cloud.emulator.configure({"lag": {"resource": 30}})
    first = cloud.launch(subnet, ClientToken="t")["Instances"][0]["InstanceId"]
    assert cloud.instances() == []
    assert cloud.launch(subnet, ClientToken="t")["Instances"][0]["InstanceId"] == first


def test_what_is_unseen_still_counts() -> None:
    cloud = Cloud(lag={"resource": 30}, quotas={"vpcs": 1})
    cloud.vpc()
    with refused("VpcLimitExceeded"):
        cloud.vpc()


@pytest.mark.parametrize("seed", [1, 2])
def test_one_seed_gives_one_course(seed: int) -> None:
    courses = []
    for _ in range(2):
        cloud = Cloud(seed=seed, lag={"resource": 30}, quotas={"vpcs": 100})
        ids = [cloud.vpc() for _ in range(10)]
        cloud.wait(15)
        courses.append((ids, [each["VpcId"] for each in cloud("DescribeVpcs")["Vpcs"]]))
    assert courses[0] == courses[1]
    assert 0 < len(courses[0][1]) < 10


def test_the_time_factor_shortens_the_lag() -> None:
    cloud = Cloud(lag={"resource": 30}, time_factor=0.1)
    cloud.vpc()
    cloud.wait(3)
    assert len(cloud("DescribeVpcs")["Vpcs"]) == 1
