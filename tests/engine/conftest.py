"""Engine tests run on every kind of store, and log nothing: what a controller says is asserted through status."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from tests.support.backend import on_postgresql
from tests.support.checks import problems
from tests.support.postgresql import timeless
from tests.support.virtual import run_virtual
from tests.support.world import World

from gurum.ops.clock import LoopClock
from gurum.store.contract import ConflictError, Store, UnavailableError
from gurum.store.memory import HOSTILE, PEACEFUL, MemoryStore
from gurum.store.postgresql import PostgresqlJournal, PostgresqlStore
from gurum.store.sqlite import SqliteJournal, SqliteStore


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


class Patient:
    """A test's own hand on a hostile store: it asks again, so that hostility meets the engine alone."""

    def __init__(self, inner: Store, clock: LoopClock) -> None:
        self._inner = inner
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def ask(*args: Any, **kwargs: Any) -> Any:
            for tries in itertools.count():
                try:
                    return await method(*args, **kwargs)
                except UnavailableError:
                    await self._clock.sleep(0.01)
                except ConflictError:
                    if tries > 20:  # a real one: the hostile store's own are by chance
                        raise
            return None

        return ask


@pytest.fixture(params=["postgresql"] if on_postgresql() else ["memory", "hostile", "sqlite"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., None]:
    """Return what runs a scenario in a world with an engine, and checks the world at the end."""
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""

    async def build(settings: dict[str, Any]) -> World:
        clock = LoopClock()
        if request.param == "sqlite":
            store = await SqliteStore.open(tmp_path / "store.sqlite", clock=clock)
            return World(store=store, journal=SqliteJournal(store.database), clock=clock, **settings)
        if request.param == "postgresql":
            there = await PostgresqlStore.open(url, clock=clock, connect=timeless)
            return World(store=there, journal=PostgresqlJournal(there.database), clock=clock, **settings)
        memory = MemoryStore(clock=clock, seed=7, hostility=HOSTILE if request.param == "hostile" else PEACEFUL)
        world = World(store=cast("Store", Patient(memory, clock)), clock=clock, **settings)
        world.engine_store = memory
        return world

    def run(scenario: Callable[[World], Awaitable[None]], **settings: Any) -> None:
        async def whole() -> None:
            world = await build(settings)
            await world.start()
            try:
                await scenario(world)
                assert await problems(world) == []
            finally:
                await world.kill()
                await world.store.close()

        run_virtual(whole())

    return run
