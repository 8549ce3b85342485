"""One contract suite, every provider: the simulated cloud, AWS over our emulator, moto's EC2 as a second opinion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import yaml
from moto.server import ThreadedMotoServer
from tests.providers.bed import Bed, bed
from tests.providers.suite import CHECKS, Check
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, AWS, PRIVATE, ZONES, World

from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig, RegionConfig
from gurum.providers.aws.provider import AwsProvider
from gurum.providers.aws.transport import BotoTransport
from gurum.store.memory import MemoryStore

LIES = yaml.safe_load((Path(__file__).parent / "moto_lies.yaml").read_text())["lies"]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("region", [PRIVATE, AWS])
def test_contract(region: str, check: Check) -> None:
    async def whole() -> None:
        world = World()
        made = await bed(world.providers()[region], world, region)
        try:
            await check(made)
        finally:
            await made.cache.stop()

    run_virtual(whole())


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionConfig]:
    """moto's server, and the configuration of a region on it."""
    secret = tmp_path_factory.mktemp("moto") / "credentials.json"
    secret.touch(mode=0o600)
    secret.write_text(json.dumps({"access_key_id": "AKIAMOTO", "secret_access_key": "moto"}))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    account = AwsAccountConfig(number=ACCOUNT, credentials_file=str(secret))
    aws = AwsConfig(
        endpoint_url=f"http://{host}:{port}", accounts=[account], throttle=False, observe_interval=0.05,
        idle_interval=0.1, visibility_window=0.0,
    )  # fmt: skip
    yield RegionConfig(name=AWS, provider="aws", port=0, cloud_region="us-east-1", zones=ZONES, aws=aws)
    server.stop()


async def _against_moto(config: RegionConfig, check: Check) -> None:
    clock = SystemClock()
    world = World(store=MemoryStore(clock=clock), clock=clock)
    assert config.aws is not None
    provider = AwsProvider(config, BotoTransport(config.aws, "us-east-1"), clock, "second-opinion")
    made: Bed = await bed(provider, world, AWS, ami="ami-03cf127a")
    try:
        await check(made)
    finally:
        await made.cache.stop()
        await provider.close()


@pytest.mark.real
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_second_opinion(moto: RegionConfig, check: Check) -> None:
    lie = LIES.get(check.__name__)
    if lie is None:
        asyncio.run(_against_moto(moto, check))
        return
    # A lie that is told no more is as wrong a row as a new one that is not listed.
    with pytest.raises(AssertionError):
        asyncio.run(_against_moto(moto, check))
