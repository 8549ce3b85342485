"""Which store the tests run on: `GURUM_TEST_STORE=postgresql|kubernetes` (`make test STORE=…`), else what each prefers.

The store's own suite runs on every backend whatever is chosen. This is for what stands on a store: the engine, the
APIs, the whole embedded run, and the programs behind `make bench` and its like.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.support import postgresql

from gurum.ops.clock import Clock
from gurum.ops.config import EMBEDDED_CLUSTER, ConfigError, StoreConfig
from gurum.store.contract import Journal, Store
from gurum.store.factory import open_store
from gurum.store.memory import MemoryJournal, MemoryStore

STORE = "GURUM_TEST_STORE"
CHOICES = ("", "postgresql", "kubernetes")


def chosen() -> str:
    """Return which was chosen, empty for what each prefers."""
    name = os.environ.get(STORE, "")
    if name not in CHOICES:
        raise ConfigError(f"{STORE} is {name!r}; it may be one of {', '.join(CHOICES[1:])}, or empty")
    return name


def on_postgresql() -> bool:
    """Whether PostgreSQL was chosen."""
    return chosen() == "postgresql"


def on_kubernetes() -> bool:
    """Whether Kubernetes was chosen."""
    return chosen() == "kubernetes"


@contextmanager
def available(*options: str) -> Iterator[None]:
    """Have the chosen store's server while inside; what is started inside finds it by the environment.

    `options` are settings of a server of our own: without any, it is fast and forgets when its machine crashes.
    """
    with ExitStack() as stack:
        if on_postgresql():
            stack.enter_context(postgresql.server(*options))
        yield


def run_url(state: Path) -> str:
    """Return the URL of the store of a run in a state directory, the same at every start; `available` is needed.

    On Kubernetes each run starts a control plane of its own.
    """
    if on_kubernetes():
        return EMBEDDED_CLUSTER
    if not on_postgresql():
        return f"sqlite:///{state}/gurum.sqlite"
    name = "run_" + hashlib.sha256(str(state).encode()).hexdigest()[:12]
    with postgresql.server() as url, postgresql.administered(url) as admin:
        admin.run(f"CREATE SCHEMA IF NOT EXISTS {name}")
    return postgresql.within(url, name)


class Late:
    """Something that is opened by its first call, for tests that make it where nothing can be awaited."""

    def __init__(self, opening: Opening, journal: bool = False) -> None:
        self._opening, self._journal = opening, journal

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await getattr((await self._opening.pair())[self._journal], name)(*args, **kwargs)

        return call

    def expect(self) -> float | None:
        """As the contract, once it is open."""
        opened = self._opening.opened
        return opened[0].expect() if opened is not None else None

    async def watch(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        """As the contract."""
        async for event in (await self._opening.pair())[0].watch(*args, **kwargs):
            yield event


class Opening:
    """A store and its journal in an empty schema, from the first call on."""

    def __init__(self, schemas: ExitStack, ends: AsyncExitStack, clock: Clock) -> None:
        self._schemas, self._ends, self._clock = schemas, ends, clock
        self._pair: tuple[Store, Journal] | None = None

    @property
    def opened(self) -> tuple[Store, Journal] | None:
        """The two, if there was a call."""
        return self._pair

    async def pair(self) -> tuple[Store, Journal]:
        """Return the two."""
        if self._pair is None:
            url = self._schemas.enter_context(postgresql.server())
            admin = self._schemas.enter_context(postgresql.administered(url))
            place = self._schemas.enter_context(postgresql.schema(admin))
            self._pair = store, journal = await open_store(StoreConfig(url=place), self._clock)
            self._ends.push_async_callback(store.close)
            self._ends.push_async_callback(journal.close)
        return self._pair


class Stores:
    """The stores of a test that makes them where nothing can be awaited, closed at its end."""

    def __init__(self) -> None:
        self._schemas, self._ends = ExitStack(), AsyncExitStack()

    def make(self, clock: Clock) -> tuple[Store, Journal]:
        """Return a store and a journal of the chosen kind, empty."""
        if not on_postgresql():
            return MemoryStore(clock=clock), MemoryJournal(clock=clock)
        opening = Opening(self._schemas, self._ends, clock)
        store: Any = Late(opening)
        journal: Any = Late(opening, journal=True)
        return store, journal

    async def close(self) -> None:
        """Close what was opened, and drop it."""
        await self._ends.aclose()
        self._schemas.close()


STORES = Stores()  # of the test that runs
