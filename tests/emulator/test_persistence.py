"""State that outlives the process: restarts, and SIGKILL at any moment."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from tests.emulator.cloud import ACCESS_KEY, ACCOUNT, REGION, Cloud, config, refused

from aws_emulator import Emulator, ManualClock
from aws_emulator.__main__ import main
from aws_emulator.state.disk import Disk


def _open(directory: Path, clock: ManualClock, **change: Any) -> Cloud:
    cloud = Cloud()
    cloud.clock = clock
    cloud.emulator = Emulator(config(**change), clock, directory)
    return cloud


def _reopen(cloud: Cloud, directory: Path) -> Cloud:
    cloud.emulator.close()
    return _open(directory, cloud.clock)


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    subnet = cloud.subnet()
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "uid", "Value": "1"}]}]
    instance = cloud.instance(subnet, ClientToken="t", TagSpecifications=tags)
    cloud.volume()
    cloud.gateway(cloud.vpc_of(subnet))
    cloud("AllocateAddress")
    state, ledger = cloud.emulator.state(), cloud.emulator.ledger()
    again = _reopen(cloud, tmp_path)
    assert again.emulator.state() == state
    assert again.emulator.ledger() == ledger
    assert again.launch(subnet, ClientToken="t", TagSpecifications=tags)["Instances"][0]["InstanceId"] == instance
    found = again("DescribeInstances", Filters=[{"Name": "tag:uid", "Values": ["1"]}])["Reservations"]
    assert found[0]["Instances"][0]["InstanceId"] == instance
    again.emulator.close()


def test_what_became_due_meanwhile_has_happened(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    instance = cloud.instance(state="pending")
    cloud.emulator.close()
    cloud.wait(10)
    again = _open(tmp_path, cloud.clock)
    assert again.state(instance) == "running"
    again.emulator.close()


def test_ids_do_not_repeat_after_a_restart(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    first = cloud.vpc()
    again = _reopen(cloud, tmp_path)
    assert again.vpc() != first
    assert len(again("DescribeVpcs")["Vpcs"]) == 2
    again.emulator.close()


def test_configuration_and_faults_changed_at_run_time_stay(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    cloud.emulator.configure({"quotas": {"vpcs": 1}})
    cloud.emulator.add_fault({"kind": "error", "action": "DescribeVpcs"})
    again = _reopen(cloud, tmp_path)
    again.vpc()
    with refused("VpcLimitExceeded"):
        again.vpc()
    assert again.emulator.faults()[0]["action"] == "DescribeVpcs"
    again.emulator.close()


def test_a_new_start_configuration_counts_where_nothing_was_changed(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    cloud.emulator.configure({"quotas": {"vpcs": 1}, "accounts": {ACCESS_KEY: None}})
    cloud.emulator.configure({"quotas": {"addresses": 7}})
    cloud.emulator.close()
    again = _open(tmp_path, cloud.clock, quotas={"vpcs": 3, "vcpus": 9}, seed=5)
    quotas = again.emulator.config.quotas
    assert (quotas.vpcs, quotas.addresses, quotas.vcpus) == (1, 7, 9)
    assert again.emulator.config.seed == 5
    assert ACCESS_KEY not in again.emulator.config.accounts
    again.emulator.close()


def test_a_deleted_resource_stays_deleted(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    cloud("DeleteVpc", VpcId=cloud.vpc())
    again = _reopen(cloud, tmp_path)
    assert again("DescribeVpcs")["Vpcs"] == []
    again.emulator.close()


def test_reset_forgets_on_disk_too(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    cloud.vpc()
    cloud.emulator.configure({"quotas": {"vpcs": 1}})
    cloud.emulator.reset()
    again = _reopen(cloud, tmp_path)
    assert again.emulator.state() == {}
    assert again.emulator.ledger() == []
    assert again.emulator.config.quotas.vpcs == 5
    again.emulator.close()


def test_a_refused_call_leaves_only_its_entry(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    subnet = cloud.subnet()
    state = cloud.emulator.state()
    with refused("InvalidAMIID.NotFound"):
        cloud.launch(subnet, ImageId="ami-00000000000000000")
    again = _reopen(cloud, tmp_path)
    assert again.emulator.state() == state
    assert again.emulator.ledger()[-1]["outcome"] == "InvalidAMIID.NotFound"
    again.emulator.close()


def test_the_ledger_keeps_its_length(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock(), ledger_keep=100)
    for _ in range(1100):
        cloud("DescribeRegions")
    assert len(cloud.emulator.ledger()) == 100
    cloud.emulator.close()
    again = _open(tmp_path, cloud.clock, ledger_keep=10_000)
    assert 100 <= len(again.emulator.ledger()) <= 300
    again.emulator.close()


def test_two_cannot_own_one_state(tmp_path: Path) -> None:
    cloud = _open(tmp_path, ManualClock())
    with pytest.raises(RuntimeError, match="in use"):
        Disk(tmp_path)
    cloud.emulator.close()
    Disk(tmp_path).close()


@pytest.mark.parametrize("text", ["{", '{"quota": 1}'])
def test_a_wrong_configuration_ends_the_program(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    assert main(["--config", str(path)]) == 2


class _Process:
    """The emulator as a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "config.json"
        self.config.write_text(json.dumps({"throttle": {"enabled": False}}))
        self.url = ""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "aws_emulator", "--port", "0", "--state", str(self.directory),
            "--config", str(self.config), stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=dict(os.environ),
        )  # fmt: skip
        assert self._process.stdout is not None
        line = json.loads(await self._process.stdout.readline())
        assert "simulated" in line["notice"]
        self.url = line["listening"]

    async def stop(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        await self._process.communicate()
        return self._process.returncode or 0


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[_Process]:
    process = _Process(tmp_path)
    await process.start()
    yield process
    await process.stop(signal.SIGTERM)


async def test_a_killed_process_comes_back_with_all_it_acknowledged(process: _Process, session: AioSession) -> None:
    def client() -> Any:
        return session.create_client(
            "ec2",
            region_name=REGION,
            endpoint_url=process.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key="x",
            config=AioConfig(retries={"total_max_attempts": 1}),
        )

    async with client() as ec2:
        volume = (await ec2.create_volume(Size=1, AvailabilityZone="us-east-1a", ClientToken="t"))["VolumeId"]
        assert await process.stop(signal.SIGKILL) == -signal.SIGKILL
    await process.start()
    async with client() as ec2:
        again = await ec2.create_volume(Size=1, AvailabilityZone="us-east-1a", ClientToken="t")
        assert again["VolumeId"] == volume
        assert len((await ec2.describe_volumes())["Volumes"]) == 1
    assert await process.stop(signal.SIGTERM) == 0
    left = Emulator(config(), ManualClock(), process.directory)
    assert [e["action"] for e in left.ledger()] == ["CreateVolume", "CreateVolume", "DescribeVolumes"]
    assert [row["id"] for row in left.state()[ACCOUNT][REGION]["volume"]] == [volume]
    left.close()
    await process.start()
