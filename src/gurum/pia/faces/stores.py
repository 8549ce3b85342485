"""Stores for handlers that are played: most goes through to the real one, and what does not is said by each.

A handler writes its object, and beside it what belongs to that: claims of addresses, rules of a group, a parent's new
revision. When a person has written the object already, or will have when the API server goes on, the handler's own
write must not happen a second time; the rest must.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gurum.model import codec
from gurum.model.base import Cause, Resource
from gurum.model.network import SecurityGroup
from gurum.ops.clock import Clock
from gurum.pia.kernel.through import Through
from gurum.store import objects
from gurum.store.contract import (
    ConflictError,
    ExistsError,
    NotFoundError,
    Store,
    UnavailableError,
)
from gurum.store.kubernetes.wishes import Wishes

R = TypeVar("R", bound=Resource)
_TRIES = 8  # how often an object may change between our look at it and our write
Key = tuple[str, str]


class LostError(UnavailableError):
    """The wish was taken up, or changed, by somebody else meanwhile: what was made for it is taken back."""


class Admitting(Through):
    """The first object of the wish's kind that is created becomes the wish; `made` is it then.

    adjust: what a wish says that the handler of a request has no word for (an interface's name). Raises LostError.
    """

    def __init__(
        self, store: Store, wishes: Wishes, wish: dict[str, Any], adjust: Callable[[Any], None] = lambda obj: None
    ) -> None:
        super().__init__(store)
        self._wishes, self._wish, self._adjust = wishes, wish, adjust
        self.made: Resource | None = None
        self.lost = False

    async def create(self, obj: R) -> R:
        """As the contract, but for the wish's own."""
        if self.made is not None or obj.kind != self._wish["kind"] or _everybodys(obj):
            return await super().create(obj)
        self._adjust(obj)
        try:
            stored = await self._wishes.admit(obj, self._wish)
        except ConflictError as error:
            self.lost = True
            raise LostError(str(error)) from error
        self.made = stored
        return stored


def _everybodys(obj: Resource) -> bool:
    """Whether it is a project's default group, which is made on the way by whoever comes first."""
    return isinstance(obj, SecurityGroup) and obj.spec.is_default


class Trying(Through):
    """Writes nothing: what a handler writes is there for it, and for nobody else.

    The object that it is about (`subject`) is taken as given here, whatever the real store has by now.
    """

    def __init__(self, store: Store, clock: Clock, subject: Resource | None = None) -> None:
        super().__init__(store)
        self._clock = clock
        self.held: dict[Key, Resource] = {}
        if subject is not None:
            self.held[subject.kind, subject.id] = subject
        self._gone: set[Key] = set()

    async def get(self, kind: type[R], id: str) -> R:
        """As the contract."""
        if (kind.kind, id) in self._gone:
            raise NotFoundError(f"{kind.kind} {id!r} does not exist")
        held = self.held.get((kind.kind, id))
        return codec.copy(held) if isinstance(held, kind) else await super().get(kind, id)

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """As the contract."""
        for (name, _), held in self.held.items():
            if name == kind.kind and held.metadata.key == key and isinstance(held, kind):
                return codec.copy(held)
        found = await super().get_by_key(kind, key)
        return await self.get(kind, found.id)

    async def create(self, obj: R) -> R:
        """As the contract."""
        try:
            there = await self.get_by_key(type(obj), obj.metadata.key)
        except NotFoundError:
            return self._keep(objects.created(obj, self._clock.time()))
        raise ExistsError(obj.kind, obj.metadata.key, there.id)

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """As the contract."""
        current = await self.get(type(obj), obj.id)
        if current.metadata.resource_version != obj.metadata.resource_version:
            raise ConflictError(f"{obj.kind} {obj.id!r} changed since it was read")
        objects.with_spec(current, objects.duplicate(obj), cause, self._clock.time())
        return self._keep(current)

    async def update_status(self, obj: R) -> R:
        """As the contract."""
        current = await self.get(type(obj), obj.id)
        objects.with_status(current, objects.duplicate(obj))
        return self._keep(current)

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """As the contract."""
        current = await self.get(kind, id)
        if not current.metadata.finalizers:
            self._gone.add((kind.kind, id))
            return None
        objects.mark_deleted(current, cause, self._clock.time())
        return self._keep(current)

    def _keep(self, obj: R) -> R:
        self.held[obj.kind, obj.id] = obj
        return codec.copy(obj)


class Staging(Trying):
    """For a change that a person is about to make: claims are made at once, because who is first has them.

    What else the handler writes waits for the person's own write: `settle` does it then, `undo` gives the claims back.
    """

    def __init__(self, store: Store, clock: Clock, subject: Resource) -> None:
        super().__init__(store, clock, subject)
        self._subject: Key = (subject.kind, subject.id)
        self._made: list[Resource] = []
        self._later: list[tuple[Resource | None, Resource, Cause | None]] = []  # before (None: it goes), after

    async def create(self, obj: R) -> R:
        """As the contract, for real."""
        stored = await self._store.create(obj)
        self._made.append(stored)
        return self._keep(stored)

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """As the contract; for real when the person's write has happened."""
        before = await self.get(type(obj), obj.id)
        stored = await super().update_spec(obj, cause=cause)
        if (obj.kind, obj.id) != self._subject:
            self._later.append((before, stored, cause))
        return stored

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """Likewise; but what was made for this very change goes at once."""
        mine = [obj for obj in self._made if (obj.kind, obj.id) == (kind.kind, id)]
        if mine:
            self._made.remove(mine[0])
            self._gone.add((kind.kind, id))
            return await self._store.delete(kind, id, cause=cause)
        obj = await self.get(kind, id)
        if (kind.kind, id) != self._subject:
            self._later.append((None, obj, cause))
        return await super().delete(kind, id, cause=cause, resource_version=resource_version)

    async def settle(self) -> None:
        """Do what waited. What somebody else changed meanwhile stays, but for the fields that were changed here."""
        for before, after, cause in self._later:
            for _ in range(_TRIES):
                try:
                    if before is None:
                        await self._store.delete(type(after), after.id, cause=cause)
                    else:
                        current = await self._store.get(type(after), after.id)
                        _merge(before, after, current)
                        await self._store.update_spec(current, cause=cause)
                except ConflictError:
                    continue
                except NotFoundError:
                    pass  # it went meanwhile: nothing is left to be done for it
                break

    async def undo(self) -> None:
        """Give back what was claimed for a write that did not happen."""
        for obj in reversed(self._made):
            try:
                await self._store.delete(type(obj), obj.id)
            except NotFoundError:
                continue


def _merge(before: Resource, after: Resource, current: Resource) -> None:
    """Change of `current` what differs between the two others."""
    old, new, here = (objects.whole(obj).spec for obj in (before, after, current))
    for name in new.__struct_fields__:
        if getattr(new, name) != getattr(old, name):
            setattr(here, name, getattr(new, name))
    for label, value in after.metadata.labels.items():
        if before.metadata.labels.get(label) != value:
            current.metadata.labels[label] = value
    for label in before.metadata.labels.keys() - after.metadata.labels.keys():
        current.metadata.labels.pop(label, None)
