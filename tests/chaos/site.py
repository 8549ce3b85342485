"""The surroundings of one scenario: a directory, a store, an account, and the configuration of its processes.

Seconds are the product's defaults: time is compressed under them (see `timelapse`), not in them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.board import Board
from tests.chaos.timelapse import Lapse
from tests.permissions import verdict

from aws_emulator.config import Config as EmulatorConfig
from gurum.ops.config import (
    AwsAccountConfig,
    AwsConfig,
    Config,
    EngineConfig,
    ExternalNetworkConfig,
    FlavorConfig,
    ImageConfig,
    LogConfig,
    RegionConfig,
    ZoneConfig,
)

if TYPE_CHECKING:
    from tests.chaos.stores import Kept

REGION = "kakao-usa-east1"
CLOUD_REGION = "us-east-1"
ACCOUNT = "111122223333"
PROJECT, USER = "a" * 32, "1" * 32
OWNER = "chaos"
FLAVOR, IMAGE = "m1.tiny", "debian-12"
EXTERNAL = "public"  # the network of gateways and floating IPs
ZONE = f"{REGION}-a"
RECORDING = "points"  # the file's name
TOKEN_KEY = b"k" * 32

# Seconds until a creation, and its tags, are seen by reads, at most. Longer than a lease, else whoever takes over would
# always see what his predecessor made; shorter than the product's visibility window of a minute.
LAG = {"resource": 5.0, "tags": 45.0}
LOST_ANSWERS = 0.1
# The cloud's own times, shorter than AWS's: they are not what is tested, and every scenario waits for them.
# A console has its text from the start: how long a machine takes must not decide what a step writes.
DURATIONS = {"instance_pending": 3.0, "instance_stopping": 4.0, "instance_shutting_down": 4.0, "console_output": 0.0}
QUOTAS = {"vpcs": 100, "internet_gateways": 100, "addresses": 100}  # of which each kill may leave one for a while
SWEEP = 60.0  # seconds between looks for orphans, instead of ten minutes: a scenario does not last as long


@dataclass(frozen=True)
class Site:
    """A scenario's place; `store` is what it stands on. `mutant` names a defect that its processes are given."""

    directory: Path
    lapse: Lapse
    board: Board
    store: Kept
    mutant: str = ""

    @property
    def recording(self) -> Path:
        """Where the processes write the points they pass."""
        return self.directory / RECORDING

    @property
    def socket(self) -> Path:
        """Where the API listens."""
        return self.directory / "pia"

    @property
    def watch_interval(self) -> float:
        """Seconds between looks for another process's writes: twenty milliseconds of the machine, whatever the pace."""
        return 0.02 * self.lapse.factor

    def config(self, endpoint: str) -> Config:
        """Return the configuration of engine and API."""
        credentials = self.directory / "credentials"
        credentials.touch(mode=0o600)
        credentials.write_text(json.dumps({"access_key_id": "AKIAEMULATEDACCESS01", "secret_access_key": "none"}))
        zones = [ZoneConfig(name=f"{REGION}-{z}", id=f"use1-az{n}") for z, n in (("a", 1), ("b", 2), ("c", 4))]
        region = RegionConfig(
            name=REGION,
            provider="aws",
            port=0,
            cloud_region=CLOUD_REGION,
            zones=zones,
            flavors=[FlavorConfig(name=FLAVOR, vcpus=2, ram=512, disk=8, id="1", instance_type="t3.nano")],
            external_networks=[ExternalNetworkConfig(name=EXTERNAL, subnet_name="public4", cidr="203.0.113.0/24")],
            images=[ImageConfig(name=IMAGE, cloud_id="ami-0c0d0315010483b99", min_disk=8, root_device="/dev/xvda")],
            aws=AwsConfig(
                endpoint_url=endpoint,
                accounts=[AwsAccountConfig(number=ACCOUNT, credentials_file=str(credentials))],
            ),
        )
        return Config(
            state=str(self.directory),
            engine=EngineConfig(deployment=OWNER, workers=16, sweep=SWEEP),
            log=LogConfig(directory=str(self.directory / "log"), max_bytes=0),
            regions=[region],
        )


def emulator_config(config: Config, *, lost_answers: bool) -> tuple[EmulatorConfig, list[dict[str, object]]]:
    """Return the emulator's configuration and the faults that are in force throughout.

    The policy that the product prints for its own configuration binds it here, too: what it does after a kill needs
    calls that it never makes otherwise, and an account that forbids one of them leaks.
    """
    settings = {"lag": LAG, "durations": DURATIONS, "quotas": QUOTAS, "policies": verdict.in_force(config)}
    faults: list[dict[str, object]] = []
    if lost_answers:
        faults.append({"kind": "drop-after", "id": "lost-answers", "probability": LOST_ANSWERS})
    return EmulatorConfig().patched(settings), faults
