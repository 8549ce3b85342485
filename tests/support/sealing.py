"""A store in memory that keeps user data apart, as one in a cluster does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.server import Server
from gurum.store.contract import NotFoundError, StoreError, UnavailableError
from gurum.store.memory import MemoryStore

R = TypeVar("R", bound=Resource)


class SealingStore(MemoryStore):
    """`texts` is what is kept, by the servers' ids. `away`: it cannot be read now; `asked` counts how often it was."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.texts: dict[str, str] = {}
        self.away, self.asked = False, 0

    async def create(self, obj: R) -> R:
        """As the contract."""
        return await super().create(self._without(obj))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """As the contract."""
        return await super().create_many([self._without(obj) for obj in objs])

    async def unseal(self, id: str) -> str:
        """As the contract."""
        self.asked += 1
        if self.away:
            raise UnavailableError("the API server does not answer")
        if id not in self.texts:
            raise NotFoundError(f"the user data of Server {id!r} is not there")
        return self.texts[id]

    def _without(self, obj: R) -> R:
        if not isinstance(obj, Server) or not obj.spec.user_data:
            return obj
        self.texts[obj.id] = obj.spec.user_data
        copied = codec.copy(obj)
        copied.spec.user_data, copied.spec.user_data_secret = "", obj.id
        return copied
