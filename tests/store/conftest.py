"""The backends the contract suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import msgspec
import pytest
from _pytest.mark import ParameterSet
from tests.support.cluster import cluster
from tests.support.store import Patient, StepClock, Stores

from gurum.store.memory import HOSTILE, MemoryStore
from gurum.store.postgresql import PostgresqlStore
from gurum.store.sqlite import SqliteStore

Request = pytest.FixtureRequest


async def _sqlite(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    store = await SqliteStore.open(tmp_path / "store.db", clock=clock)
    yield Stores(store, store, clock, lambda: store.forget(-1.0))
    await store.close()


async def _sqlite_twice(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    one = await SqliteStore.open(tmp_path / "store.db", clock=clock, poll=0.001)
    other = await SqliteStore.open(tmp_path / "store.db", clock=clock, poll=0.001)
    yield Stores(one, other, clock, lambda: one.forget(-1.0))
    await one.close()
    await other.close()


async def _postgresql(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    store = await PostgresqlStore.open(request.getfixturevalue("postgresql_url"), clock=clock)
    yield Stores(store, store, clock, lambda: store.forget(-1.0))
    await store.close()


async def _postgresql_twice(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    url = request.getfixturevalue("postgresql_url")
    one = await PostgresqlStore.open(url, clock=clock)
    other = await PostgresqlStore.open(url, clock=clock)
    yield Stores(one, other, clock, lambda: one.forget(-1.0))
    await one.close()
    await other.close()


async def _kubernetes(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    async with cluster(request.getfixturevalue("kubernetes_url"), tmp_path) as open_one:
        clock = StepClock()
        store = await open_one(clock)
        yield Stores(store, store, clock, store.forget)


async def _kubernetes_twice(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    async with cluster(request.getfixturevalue("kubernetes_url"), tmp_path) as open_one:
        clock = StepClock()
        one, other = await open_one(clock), await open_one(clock)
        yield Stores(one, other, clock, other.forget)


async def _memory(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = StepClock()
    store = MemoryStore(clock=clock)
    yield Stores(store, store, clock, store.forget)


async def _hostile(request: Request, tmp_path: Path) -> AsyncIterator[Stores]:
    """Every vice but conflicts without a reason, which a suite that asks for exact answers cannot bear."""
    clock = StepClock()
    store = MemoryStore(clock=clock, seed=7, hostility=msgspec.structs.replace(HOSTILE, conflict=0.0))
    yield Stores(Patient(store), Patient(store), clock, store.forget)


CALM = {
    "sqlite": _sqlite,
    "sqlite-twice": _sqlite_twice,
    "memory": _memory,
    "postgresql": _postgresql,
    "postgresql-twice": _postgresql_twice,
    "kubernetes": _kubernetes,
    "kubernetes-twice": _kubernetes_twice,
}
BACKENDS = CALM | {"hostile": _hostile}
CLUSTER = {"kubernetes", "kubernetes-twice"}
REAL = {"postgresql", "postgresql-twice"} | CLUSTER


def _params(names: Iterable[str]) -> list[ParameterSet]:
    return [
        pytest.param(
            name,
            marks=[
                *([pytest.mark.real] if name in REAL else ()),
                *([pytest.mark.kubernetes] if name in CLUSTER else ()),
            ],
        )
        for name in names
    ]


@pytest.fixture(params=_params(BACKENDS))
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    """Every backend: for what holds however a store behaves."""
    async for opened in BACKENDS[request.param](request, tmp_path):
        yield opened


@pytest.fixture(params=_params(CALM))
async def calm(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    """The well-behaved backends: for tests that count events."""
    async for opened in CALM[request.param](request, tmp_path):
        yield opened
