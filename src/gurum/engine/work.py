"""An object in a controller's hands: a private copy, and the one safe way to write its status back.

The result of a cloud call must reach the store even if a user renamed the object meanwhile: that write must not be lost
to an optimistic conflict. Status has one writer, so it is put onto the newer object, provided nobody else wrote status.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from gurum.model import codec, conditions
from gurum.model.base import Condition, Resource
from gurum.model.conditions import Reason
from gurum.store.cache import Cache
from gurum.store.contract import ConflictError, Store

R = TypeVar("R", bound=Resource)

FINALIZER = "engine"

_encoder = msgspec.json.Encoder()


class Work(Generic[R]):
    """One reconciliation of one object."""

    def __init__(self, store: Store, cache: Cache, obj: R) -> None:
        self.store, self.cache = store, cache
        self.obj = codec.copy(obj)
        self._read = self._state(self.obj)

    @staticmethod
    def _state(obj: Resource) -> bytes:
        return _encoder.encode((obj.status, obj.metadata.account, obj.metadata.finalizers))

    async def save(self) -> None:
        """Write the status if it differs from what was read.

        Raises ConflictError when somebody else wrote this object's status (a controller of a later epoch), and
        NotFoundError when the object is gone.
        """
        if self._state(self.obj) == self._read:
            return
        mine = self.obj
        while True:
            try:
                stored = await self.store.update_status(mine)
                break
            except ConflictError:
                fresh = await self.store.get(type(self.obj), self.obj.id)
                if self._state(fresh) != self._read:
                    raise
                fresh.status = self.obj.status
                fresh.metadata.account = self.obj.metadata.account
                fresh.metadata.finalizers = self.obj.metadata.finalizers
                mine = fresh
        self.obj = codec.copy(stored)
        self._read = self._state(self.obj)
        self.cache.apply(stored)

    async def release(self) -> None:
        """Say that nothing of the object is left in the cloud: take our finalizer off, which removes the object."""
        self.obj.metadata.finalizers = [name for name in self.obj.metadata.finalizers if name != FINALIZER]
        await self.save()

    def condition(
        self, type_: str, status: bool, reason: Reason, message: str, now: float, until: float | None = None
    ) -> None:
        """Set a condition (written with the next save)."""
        self.obj.status.conditions = conditions.put(
            self.obj.status.conditions,
            Condition(
                type=type_,
                status=status,
                reason=reason,
                message=message,
                since=now,
                until=until,
                observed_generation=self.obj.metadata.generation,
            ),
        )

    def ready(self, now: float) -> None:
        """Say that the object is as it was asked for."""
        self.obj.status.observed_generation = self.obj.metadata.generation
        self.condition("Available", True, Reason.SUCCESS, "", now)
        self.condition("Progressing", False, Reason.SUCCESS, "", now)
