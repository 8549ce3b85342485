"""Fixtures: the core in virtual time, and real clients against a served emulator."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from tests.emulator.cloud import ACCESS_KEY, REGION, Cloud, Connect, config

from aws_emulator import Emulator, ManualClock, serve


@pytest.fixture
def cloud() -> Cloud:
    """An empty cloud in virtual time."""
    return Cloud()


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the served emulator."""
    return ManualClock()


@pytest.fixture
def emulator(clock: ManualClock) -> Emulator:
    """The emulator that `client` talks to."""
    return Emulator(config(), clock)


@pytest.fixture
async def url(emulator: Emulator) -> AsyncIterator[str]:
    """The address of the served emulator."""
    runner = await serve(emulator)
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@pytest.fixture(scope="session")
def session() -> AioSession:
    """One session for all clients: reading EC2's model takes longer than most tests."""
    return get_session()


@pytest.fixture
async def connect(url: str, session: AioSession) -> AsyncIterator[Connect]:
    """Make real clients: connect("ec2", key=…, region=…, attempts=…)."""
    async with AsyncExitStack() as stack:

        async def make(service: str = "ec2", *, key: str = ACCESS_KEY, region: str = REGION, attempts: int = 1) -> Any:
            return await stack.enter_async_context(
                session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=url,
                    aws_access_key_id=key,
                    aws_secret_access_key="secret",
                    config=AioConfig(retries={"total_max_attempts": attempts, "mode": "standard"}),
                )
            )

        yield make


@pytest.fixture
async def client(connect: Connect) -> Any:
    """A real EC2 client that does not retry."""
    return await connect()
