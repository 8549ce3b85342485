"""Images, instance types and offerings."""

from typing import Any

from tests.emulator.cloud import Cloud

from aws_emulator.catalogue.types import TYPES
from aws_emulator.catalogue.zones import REGIONS


def _images(cloud: Cloud, *filters: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    wish = [{"Name": name, "Values": [value]} for name, value in filters]
    found: list[dict[str, Any]] = cloud("DescribeImages", Filters=wish, **more)["Images"]
    return found


def test_images_of_both_architectures_by_their_publishers(cloud: Cloud) -> None:
    for architecture in ("x86_64", "arm64"):
        fits = ("architecture", architecture), ("state", "available")
        assert _images(cloud, *fits, Owners=["amazon"])
        assert _images(cloud, *fits, ("name", "ubuntu/images/*"), Owners=["099720109477"])
    assert _images(cloud, Owners=["self"]) == []
    assert _images(cloud, ("state", "failed"))


def test_images_say_that_they_are_simulated(cloud: Cloud) -> None:
    assert all("simulated" in image["Description"] for image in _images(cloud))


def test_image_ids_differ_by_region(cloud: Cloud) -> None:
    other = Cloud(region="us-west-2")
    here, there = ({image["ImageId"] for image in _images(c)} for c in (cloud, other))
    assert len(here) == len(there)
    assert not here & there


def test_figures_of_instance_types(cloud: Cloud) -> None:
    (shown,) = cloud("DescribeInstanceTypes", InstanceTypes=["m5.xlarge"])["InstanceTypes"]
    assert shown["VCpuInfo"]["DefaultVCpus"] == 4
    assert shown["MemoryInfo"]["SizeInMiB"] == 16_384
    assert shown["NetworkInfo"]["MaximumNetworkInterfaces"] == 4
    assert shown["NetworkInfo"]["Ipv4AddressesPerInterface"] == 15
    filters = [{"Name": "processor-info.supported-architecture", "Values": ["arm64"]}]
    arm = cloud("DescribeInstanceTypes", Filters=filters)["InstanceTypes"]
    assert {each["InstanceType"].partition(".")[0] for each in arm} == {"t4g", "m6g"}


def test_every_type_is_consistent() -> None:
    for kind in TYPES.values():
        assert kind.vcpus % kind.threads == 0
        assert 2 <= kind.interfaces <= 8
        assert kind.memory >= 512


def test_offerings_tell_which_zones_lack_a_type(cloud: Cloud) -> None:
    filters = [{"Name": "instance-type", "Values": ["t3.micro"]}]
    for location, field in (("availability-zone-id", None), ("availability-zone", "ZoneId")):
        found = cloud("DescribeInstanceTypeOfferings", LocationType=location, Filters=filters)
        places = {each["Location"] for each in found["InstanceTypeOfferings"]}
        assert len(places) == 5
        missing = "use1-az3" if field is None else cloud.zone("use1-az3")
        assert missing not in places
    (regional,) = cloud("DescribeInstanceTypeOfferings", Filters=filters)["InstanceTypeOfferings"]
    assert regional["Location"] == "us-east-1"


def test_other_regions_have_their_own_zones() -> None:
    for region, (prefix, count) in REGIONS.items():
        zones = Cloud(region=region)("DescribeAvailabilityZones")["AvailabilityZones"]
        assert len(zones) == count
        assert all(each["ZoneId"].startswith(f"{prefix}-az") for each in zones)
