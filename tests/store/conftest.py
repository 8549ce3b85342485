"""The backends the contract suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.support.store import Patient, StepClock, Stores

from gurum.store.memory import HOSTILE, MemoryStore
from gurum.store.sqlite import SqliteStore


async def _sqlite(tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    store = await SqliteStore.open(tmp_path / "store.db", clock=clock)
    yield Stores(store, store, clock, lambda: store.forget(-1.0))
    await store.close()


async def _sqlite_twice(tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    one = await SqliteStore.open(tmp_path / "store.db", clock=clock, poll=0.001)
    other = await SqliteStore.open(tmp_path / "store.db", clock=clock, poll=0.001)
    yield Stores(one, other, clock, lambda: one.forget(-1.0))
    await one.close()
    await other.close()


async def _memory(tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    store = MemoryStore(clock=clock)
    yield Stores(store, store, clock, store.forget)


async def _hostile(tmp_path: Path) -> AsyncIterator[Stores]:
    """Every vice but conflicts without a reason, which a suite that asks for exact answers cannot bear."""
    clock = StepClock()
    store = MemoryStore(clock=clock, seed=7, hostility=msgspec.structs.replace(HOSTILE, conflict=0.0))
    yield Stores(Patient(store), Patient(store), clock, store.forget)


CALM = {"sqlite": _sqlite, "sqlite-twice": _sqlite_twice, "memory": _memory}
BACKENDS = CALM | {"hostile": _hostile}


@pytest.fixture(params=BACKENDS)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    """Every backend: for what holds however a store behaves."""
    async for opened in BACKENDS[request.param](tmp_path):
        yield opened


@pytest.fixture(params=CALM)
async def calm(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    """The well-behaved backends: for tests that count events."""
    async for opened in CALM[request.param](tmp_path):
        yield opened
