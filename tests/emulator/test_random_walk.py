"""A long walk of random calls, right and wrong: what must hold always does."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.cloud import ACCOUNT, REGION, Cloud, config

from aws_emulator import Emulator, ManualClock, Refusal
from aws_emulator.emulator import Dropped, InjectedError
from aws_emulator.state.kinds import KINDS
from aws_emulator.state.region import Region

STEPS = 400
LOOSE = {"vpcs": 50, "addresses": 20, "internet_gateways": 50}


class Walker:
    """Makes random calls about what it has seen made."""

    def __init__(self, cloud: Cloud, seed: int) -> None:
        self.cloud, self.random = cloud, random.Random(seed)
        self.cloud.vpc()

    def any(self, kind: str) -> str:
        """Return an id of a kind, now and then one that does not exist."""
        rows = self.cloud.emulator.state()[ACCOUNT][REGION][kind]
        if not rows or self.random.random() < 0.05:
            return f"{KINDS[kind].prefix}-{'0' * 17}"
        return str(self.random.choice(rows)["id"])

    def step(self) -> None:
        """Make one call; refusals and injected faults are part of the walk."""
        self.cloud.wait(self.random.choice((0, 0, 1, 5, 40)))
        with suppress(Refusal, Dropped, InjectedError, ValueError):
            self.random.choice(MOVES)(self)


def _subnet(w: Walker) -> Any:
    cidr = f"10.0.{w.random.randrange(8)}.0/28"
    zone = w.cloud.zone(f"use1-az{w.random.randrange(1, 3)}")
    return w.cloud("CreateSubnet", VpcId=w.any("vpc"), CidrBlock=cidr, AvailabilityZone=zone)


def _launch(w: Walker) -> Any:
    token = {"ClientToken": f"t{w.random.randrange(10)}"} if w.random.random() < 0.5 else {}
    subnet = w.any("subnet")
    if w.random.random() < 0.5:
        nics = [{"DeviceIndex": 0, "NetworkInterfaceId": w.any("network-interface")}]
        return w.cloud.launch(NetworkInterfaces=nics, **token)
    count = w.random.randrange(1, 3)
    return w.cloud.launch(subnet, MinCount=1, MaxCount=count, **token)


def _attach_interface(w: Walker) -> Any:
    return w.cloud(
        "AttachNetworkInterface",
        NetworkInterfaceId=w.any("network-interface"),
        InstanceId=w.any("instance"),
        DeviceIndex=1,
    )


def _attach_volume(w: Walker) -> Any:
    device = f"/dev/sd{w.random.choice('fgh')}"
    return w.cloud("AttachVolume", VolumeId=w.any("volume"), InstanceId=w.any("instance"), Device=device)


def _associate(w: Walker) -> Any:
    return w.cloud(
        "AssociateAddress",
        AllocationId=w.any("elastic-ip"),
        NetworkInterfaceId=w.any("network-interface"),
        AllowReassociation=w.random.random() < 0.5,
    )


def _tag(w: Walker) -> Any:
    kind = w.random.choice(("instance", "volume", "network-interface", "vpc"))
    tags = [{"Key": w.random.choice("abc"), "Value": w.random.choice("xyz")}]
    return w.cloud(w.random.choice(("CreateTags", "DeleteTags")), Resources=[w.any(kind)], Tags=tags)


def _on(action: str, member: str, kind: str, *, many: bool = False) -> Callable[[Walker], Any]:
    return lambda w: w.cloud(action, **{member: [w.any(kind)] if many else w.any(kind)})


MOVES: list[Callable[[Walker], Any]] = [
    lambda w: w.cloud.vpc(),
    _subnet, _subnet, _launch, _launch, _launch, _attach_interface, _attach_volume, _associate, _tag,
    lambda w: w.cloud("CreateVolume", Size=8, AvailabilityZone=w.cloud.zone()),
    lambda w: w.cloud("AllocateAddress"),
    lambda w: w.cloud.gateway(w.any("vpc")),
    lambda w: w.cloud.group(w.any("vpc"), f"g{w.random.randrange(3)}"),
    _on("CreateNetworkInterface", "SubnetId", "subnet"),
    _on("CreateNetworkInterface", "SubnetId", "subnet"),
    _on("CreateSnapshot", "VolumeId", "volume"),
    _on("StopInstances", "InstanceIds", "instance", many=True),
    _on("StartInstances", "InstanceIds", "instance", many=True),
    _on("TerminateInstances", "InstanceIds", "instance", many=True),
    _on("DetachVolume", "VolumeId", "volume"),
    _on("DeleteVolume", "VolumeId", "volume"),
    _on("DeleteNetworkInterface", "NetworkInterfaceId", "network-interface"),
    _on("DeleteSubnet", "SubnetId", "subnet"),
    _on("DeleteVpc", "VpcId", "vpc"),
    _on("ReleaseAddress", "AllocationId", "elastic-ip"),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_world_stays_sound(seed: int, tmp_path: Path) -> None:
    clock = ManualClock()
    settings = config(lag={"resource": 3, "tags": 6}, quotas=LOOSE)
    cloud = Cloud()
    cloud.clock, cloud.emulator = clock, Emulator(settings, clock, tmp_path)
    walker = Walker(cloud, seed)
    cloud.emulator.add_fault({"kind": "drop-after", "probability": 0.05})
    cloud.emulator.add_fault({"kind": "error", "probability": 0.02})
    for _ in range(STEPS):
        walker.step()
    outcomes = Counter(entry["outcome"] for entry in cloud.emulator.ledger())
    assert outcomes["ok"] > STEPS / 4
    assert outcomes["InternalError"] == sum(rule["struck"] for rule in cloud.emulator.faults()[1:])
    _check(cloud.emulator.world.region(ACCOUNT, REGION))
    state = cloud.emulator.state()
    cloud.emulator.close()
    again = Emulator(settings, clock, tmp_path)
    assert again.state() == state
    _check(again.world.region(ACCOUNT, REGION))
    again.close()


def _check(region: Region) -> None:
    """Assert what must hold whatever was called."""
    held = [(row.subnet_id, address) for row in region.interfaces for address in row.addresses]
    assert len(held) == len(set(held))
    for interface in region.interfaces:
        assert region.subnets.get(interface.subnet_id) is not None
        if interface.attachment:
            instance = region.instances.get(interface.attachment.instance_id)
            assert instance is not None
            assert instance.state != "terminated"
    for subnet in region.subnets:
        assert region.vpcs.get(subnet.vpc_id) is not None
    for volume in region.volumes:
        assert bool(volume.attachments) == (volume.state == "in-use")
        for each in volume.attachments:
            instance = region.instances.get(each.instance_id)
            assert instance is not None
            assert instance.state != "terminated"
    for address in region.addresses:
        assert bool(address.association_id) == bool(address.interface_id) == bool(address.private_ip)
        if address.interface_id:
            target = region.interfaces.get(address.interface_id)
            assert target is not None
            assert address.private_ip in target.addresses
    for instance in region.instances:
        volumes = region.volumes.by("instance", instance.id)
        assert (
            instance.state == "terminated"
            or instance.root_device in {each.device for volume in volumes for each in volume.attachments}
            or instance.state in ("stopped", "pending", "stopping", "shutting-down")
        )
    for kind in KINDS.values():
        table = region.table(kind.name)
        for name, keys in kind.indexes.items():
            for row in table:
                for key in keys(row):
                    assert row.id in table.ids(name, key)
