"""Fixtures of the identity tests: a fake Keystone for each test, a real one for the session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.identity.client import Client, administrator
from tests.identity.fake_keystone import SERVICE_PASSWORD, Clock, FakeKeystone, serving
from tests.support.keystone import RunningKeystone, running

from gurum.identity.session import PasswordAuth
from gurum.ops import secrets


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeKeystone]:
    async with serving(FakeKeystone(clock)) as keystone:
        yield keystone


@pytest.fixture
def service(fake: FakeKeystone, tmp_path: Path) -> PasswordAuth:
    path = tmp_path / "service-password"
    secrets.write(path, SERVICE_PASSWORD)
    return PasswordAuth(auth_url=fake.auth_url, username="gurum", password_file=path, project_name="service")


@pytest.fixture(scope="session")
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKeystone]:
    """A real Keystone with nothing but its bootstrap; make your own projects and users."""
    with running(tmp_path_factory.mktemp("keystone")) as started:
        yield started


@pytest.fixture
async def admin(keystone: RunningKeystone) -> AsyncIterator[Client]:
    async with administrator(keystone) as client:
        yield client
