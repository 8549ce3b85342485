"""Cases of placement groups."""

from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import Cloud


def _group(cloud: Cloud, strategy: str = "spread", name: str = "g", **more: Any) -> None:
    cloud("CreatePlacementGroup", GroupName=name, Strategy=strategy, **more)


def _launch(cloud: Cloud, subnet: str, kind: str = "t3.nano", name: str = "g") -> None:
    cloud.launch(subnet, InstanceType=kind, Placement={"GroupName": name})


def _twice(cloud: Cloud) -> None:
    for _ in range(2):
        _group(cloud)


def _in_use(cloud: Cloud) -> None:
    _group(cloud)
    _launch(cloud, cloud.subnet(cloud.vpc()))
    cloud("DeletePlacementGroup", GroupName="g")


def _eighth(cloud: Cloud) -> None:
    _group(cloud)
    subnet = cloud.subnet(cloud.vpc())
    for _ in range(8):
        _launch(cloud, subnet)


def _two_zones(cloud: Cloud) -> None:
    _group(cloud, "cluster")
    vpc = cloud.vpc()
    for cidr, zone in (("10.0.1.0/24", "use1-az1"), ("10.0.2.0/24", "use1-az2")):
        _launch(cloud, cloud.subnet(vpc, cidr, zone), "m5.large")


def _burstable(cloud: Cloud) -> None:
    _group(cloud, "cluster")
    _launch(cloud, cloud.subnet(cloud.vpc()))


def _many(cloud: Cloud) -> None:
    for number in range(501):
        _group(cloud, name=f"g{number}")


CASES = {
    "placement.duplicate": Case(_twice),
    "placement.unknown": Case(lambda c: c("DeletePlacementGroup", GroupName="nobody")),
    "placement.in-use": Case(_in_use),
    "placement.name": Case(lambda c: _group(c, name="x" * 256)),
    "placement.partitions": Case(lambda c: _group(c, "partition", PartitionCount=8)),
    "placement.limit": Case(_many),
    "placement.spread-limit": Case(_eighth),
    "placement.cluster-zone": Case(_two_zones),
    "placement.cluster-type": Case(_burstable),
}
