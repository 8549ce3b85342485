"""Stores and objects for tests: small ones, with no more set than a test needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from gurum.model.base import Cause, Metadata, Resource, new_id
from gurum.model.network import AddressClaim, AddressClaimSpec, Network, NetworkSpec
from gurum.model.server import Server, ServerFlavor, ServerSpec
from gurum.ops.config import StoreConfig
from gurum.store.contract import (
    EVERYTHING,
    Event,
    Filter,
    Page,
    Store,
    StoreError,
    UnavailableError,
    WatchExpiredError,
)

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

REGION = "kakao-usa-east1"


def metadata(key: str = "", *, region: str = REGION, project: str = "p1", account: str = "") -> Metadata:
    """Return metadata of a new object; the key defaults to the id."""
    fresh = new_id()
    return Metadata(id=fresh, key=key or fresh, region=region, project=project, account=account)


def make_server(
    name: str = "web", *, project: str = "p1", region: str = REGION, finalizers: Sequence[str] = ()
) -> Server:
    """Return a server as an API would create it."""
    server = Server(
        metadata=metadata(project=project, region=region),
        spec=ServerSpec(name=name, user_id="u1", flavor=ServerFlavor(id="1", name="m1.tiny", vcpus=1, ram=512, disk=1)),
    )
    server.metadata.finalizers = list(finalizers)
    return server


def make_network(name: str = "net", *, key: str = "", project: str = "p1", region: str = REGION) -> Network:
    """Return a network."""
    return Network(metadata=metadata(key, project=project, region=region), spec=NetworkSpec(name=name))


def make_claim(address: str, owner: str, *, subnet: str = "s1", attempt: int = 0) -> AddressClaim:
    """Return the claim of an address."""
    return AddressClaim(
        metadata=metadata(f"{subnet}/{address}"),
        spec=AddressClaimSpec(subnet_id=subnet, address=address, owner_kind="Port", owner_id=owner, attempt=attempt),
    )


class StepClock:
    """A clock that moves only when somebody sleeps or a test sets `now`; sleeping lets others run for a while."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def time(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move on by `seconds`, in steps in which other tasks may run."""
        self.now += seconds
        for _ in range(1 + min(int(seconds * 200), 20)):
            await asyncio.sleep(0)


class Patient:
    """A store that asks again when the one under it is throttled: what a well-written caller does.

    It lets the suite of a well-behaved store run on a hostile one.
    """

    def __init__(self, store: Store, tries: int = 50) -> None:
        self._store, self._tries = store, tries

    async def get(self, kind: type[R], id: str) -> R:
        return await self._insist(lambda: self._store.get(kind, id))

    async def get_by_key(self, kind: type[R], key: str) -> R:
        return await self._insist(lambda: self._store.get_by_key(kind, key))

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        return await self._insist(lambda: self._store.list(kind, where, limit=limit, after=after))

    async def create(self, obj: R) -> R:
        return await self._insist(lambda: self._store.create(obj))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        done: list[Resource] = []
        for _ in range(self._tries):
            try:
                created, refusal = await self._store.create_many(objs[len(done) :])
            except UnavailableError:
                continue
            done += created
            if not isinstance(refusal, UnavailableError):
                return done, refusal
        raise AssertionError("the store never let us through")

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        return await self._insist(lambda: self._store.update_spec(obj, cause=cause))

    async def update_status(self, obj: R) -> R:
        return await self._insist(lambda: self._store.update_status(obj))

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        return await self._insist(lambda: self._store.delete(kind, id, cause=cause, resource_version=resource_version))

    def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        return self._store.watch(kind, since, where)

    def expect(self) -> float | None:
        return self._store.expect()

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        return await self._insist(lambda: self._store.changed(kind, since, begun=begun))

    async def close(self) -> None:
        await self._store.close()

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        for _ in range(self._tries):
            try:
                return await call()
            except UnavailableError:
                continue
        raise AssertionError("the store never let us through")


def store_config(url: str) -> StoreConfig:
    """Return the configuration of a store by its URL; beside Kubernetes, the journal's URL stands after a `#`."""
    place, _, journal = url.partition("#")
    return StoreConfig(url=place, journal_url=journal)


class Stores(msgspec.Struct):
    """One store as two processes see it: `other` is a second view of what `one` writes, where a backend has one."""

    one: Store
    other: Store
    clock: StepClock
    forget: Callable[[], Awaitable[object]]  # forget what happened, so that watches that are behind expire


async def list_all(store: Store, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500) -> tuple[list[R], int]:
    """Return all objects of a kind and the version they are of; begins again when the list expires."""
    while True:
        items: list[R] = []
        after = None
        try:
            while True:
                page = await store.list(kind, where, limit=limit, after=after)
                items += page.items
                after = page.next
                if after is None:
                    return items, page.resource_version
        except WatchExpiredError:
            continue


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail after ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for may be another process's and has no event
            await asyncio.sleep(0.001)


class Replica:
    """What a reader knows who lists once and then only watches: equal to the store in the end, or events were lost."""

    def __init__(self, store: Store, kind: type[R], where: Filter = EVERYTHING) -> None:
        self._store, self._kind, self._where = store, kind, where
        self.objects: dict[str, Resource] = {}
        self.expired = 0

    async def follow(self) -> None:
        """Run until cancelled."""
        while True:
            try:
                items, version = await list_all(self._store, self._kind, self._where, limit=7)
                self.objects = {obj.id: obj for obj in items}
                async for event in self._store.watch(self._kind, version, self._where):
                    if event.type == "put" and event.object is not None:
                        self.objects[event.id] = event.object
                    elif event.type == "gone":
                        self.objects.pop(event.id, None)
            except WatchExpiredError:
                self.expired += 1
            except UnavailableError:
                continue
