"""A store over another: what a request writes is looked at, held back or written down on its way, by subclasses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from gurum.model.base import Cause, Resource
from gurum.store.contract import EVERYTHING, Event, Filter, NotFoundError, Page, Sealing, Store, StoreError

R = TypeVar("R", bound=Resource)


class Through:
    """See `gurum.store.contract.Store`: hands everything on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, kind: type[R], id: str) -> R:
        """As the contract."""
        return await self._store.get(kind, id)

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """As the contract."""
        return await self._store.get_by_key(kind, key)

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        """As the contract."""
        return await self._store.list(kind, where, limit=limit, after=after)

    async def create(self, obj: R) -> R:
        """As the contract."""
        return await self._store.create(obj)

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """As the contract."""
        done: list[Resource] = []
        for obj in objs:
            try:
                done.append(await self.create(obj))
            except StoreError as refusal:
                return done, refusal
        return done, None

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """As the contract."""
        return await self._store.update_spec(obj, cause=cause)

    async def update_status(self, obj: R) -> R:
        """As the contract."""
        return await self._store.update_status(obj)

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """As the contract."""
        return await self._store.delete(kind, id, cause=cause, resource_version=resource_version)

    def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        """As the contract."""
        return self._store.watch(kind, since, where)

    def expect(self) -> float | None:
        """As the contract."""
        return self._store.expect()

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        """As the contract."""
        return await self._store.changed(kind, since, begun=begun)

    async def unseal(self, id: str) -> str:
        """As `Sealing`. Raises NotFoundError for a store that keeps nothing apart."""
        if not isinstance(self._store, Sealing):
            raise NotFoundError(f"this store keeps no user data apart, so not that of Server {id!r}")
        return await self._store.unseal(id)

    async def close(self) -> None:
        """Nothing of its own is open."""
