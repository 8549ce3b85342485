"""The store contract: what every backend promises, and nothing that one of them could not.

Kubernetes is one of the backends, so there are no transactions over several objects. What must be unique is an object
whose key is the unique thing; what must be limited is a counter object changed by compare-and-swap.

What a reader may rely on:
* `resource_version` is opaque, comparable within one kind of one store, and may go back after a restore.
* Watch is ordered per kind only. The latest state of every object and every deletion is delivered, at least once;
  states in between may be skipped, and a write that a backend does in two steps may be told in both; an event may come
  twice, or before the write's own acknowledgement. A watch may expire (`WatchExpiredError`): list again.
* A create carries no status. A deletion is done when the id is absent: `delete` of an object with finalizers only
  marks it, and the write that removes the last finalizer removes the object.
* A client reads its own writes. `list` and `get` see every write acknowledged before they began, whoever made it.
* A write within a fence (`gurum.store.fence`) whose lease has passed to another holder is refused: `FencedError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

import msgspec

from gurum.model.base import Cause, Resource

R = TypeVar("R", bound=Resource)


class StoreError(Exception):
    """Base of what a store answers instead of doing."""


class ConflictError(StoreError):
    """The object changed since it was read: read it again, decide again."""


class ExistsError(StoreError):
    """The id or the key is taken. `holder` is the id of the object that has the key, where the backend knows it."""

    def __init__(self, kind: str, key: str, holder: str = "") -> None:
        super().__init__(f"{kind} {key!r} exists")
        self.kind, self.key, self.holder = kind, key, holder


class OwnedError(StoreError):
    """A field is somebody else's to change, by name: they declare it elsewhere, and would change it back.

    Only from stores that several tools write to (Kubernetes: a field that is applied on the server's side).
    """

    def __init__(self, kind: str, id: str, manager: str, fields: Sequence[str]) -> None:
        super().__init__(f"{', '.join(fields)} of {kind} {id!r} is managed by {manager!r}: change it there")
        self.kind, self.manager, self.fields = kind, manager, tuple(fields)


class NotFoundError(StoreError):
    """There is no such object (any more)."""


class WatchExpiredError(StoreError):
    """The watch fell behind what the store remembers: list again."""


class UnavailableError(StoreError):
    """The store cannot answer now (busy, throttled, disk full): nothing was written. The message says which."""


class AdriftError(UnavailableError):
    """What others acknowledged last cannot be seen, because the server that has it is away.

    Only from `changed`. What was told before still is the latest that anybody can know who does not hold it themselves.
    """


class InDoubtError(UnavailableError):
    """The exception to that: the store went away while it acknowledged, and the write may be there or not.

    Whoever retries reads first, as after a crash of its own. Raised only when the store stays away for so long that
    what became of the write cannot be found out.
    """


class FencedError(UnavailableError):
    """The writer's time is over: another engine acts for the shard, or may. Nothing was written (see `fence`)."""


class NewerStoreError(StoreError):
    """The store was written by a newer release; the message says so in one sentence."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects of a kind; empty fields do not filter.

    Region and project are fixed for life and an account is set once: objects enter a filter but never leave it alive.
    """

    region: str = ""
    account: str = ""
    project: str = ""


EVERYTHING = Filter()


class Page(msgspec.Struct, Generic[R], frozen=True):
    """A part of a list. All pages of one list are of one version; `next` is None on the last, and good for one call.

    `resource_version` is where a watch that continues this list starts.
    """

    items: list[R]
    resource_version: int
    next: str | None = None


class Event(msgspec.Struct, Generic[R], frozen=True):
    """`put`: the object as it is now. `gone`: the id is absent (object is the last state where known, else None).

    `bookmark`: nothing happened up to resource_version; id is empty.
    """

    type: Literal["put", "gone", "bookmark"]
    id: str
    resource_version: int
    object: R | None = None


class Store(Protocol):
    """Desired state. All methods may raise UnavailableError.

    Objects handed in are not kept and objects handed out belong to the caller: a store never shares one.
    """

    async def get(self, kind: type[R], id: str) -> R:
        """Return the object. Raises NotFoundError."""
        ...

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """Return the object that holds the key. Raises NotFoundError."""
        ...

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        """Return a page of at most `limit` (at least 1), ordered by id; `after` is the previous page's `next`.

        Raises WatchExpiredError when the list's version is no longer known: begin again.
        """
        ...

    async def create(self, obj: R) -> R:
        """Store a new object and return it as stored.

        Sets created_at, updated_at (where 0), resource_version, generation 1. Drops any status. Raises ExistsError.
        """
        ...

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """Create in order and stop at the first refusal; return what was created and the refusal.

        Not atomic, neither as a whole nor for readers.
        """
        ...

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """Replace spec (and labels, finalizers) of the object at the version that was read.

        When the spec differs, raises generation by one and sets updated_at and cause; when only labels do, sets
        updated_at. Never touches status.
        Raises ConflictError, NotFoundError. No write happens when nothing differs.
        """
        ...

    async def update_status(self, obj: R) -> R:
        """Replace status (and finalizers, account, revision) of the object at the version that was read.

        Never touches spec, generation or updated_at. Removing the last finalizer of an object whose deletion was asked
        for removes the object. Raises ConflictError, NotFoundError. No write happens when nothing differs.
        """
        ...

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """Ask for deletion: mark the object (raising generation) if it has finalizers, else remove it.

        Idempotent while the object exists. With `resource_version`, only that version (else ConflictError).
        Returns the marked object, None when it is gone. Raises NotFoundError.
        """
        ...

    def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        """Yield what happens after `since` (a page's resource_version), for ever.

        Raises WatchExpiredError from the iteration.
        """
        ...

    def expect(self) -> float | None:
        """Begin to look for changes, where that takes a while: who will ask `changed` does something else meanwhile.

        Returns since when that look sees what was acknowledged, to be given to `changed`; None: asking is quick.
        """
        ...

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        """Return, without waiting, what a watch would yield now: how a cache is brought up to date before it answers.

        Costs next to nothing when nothing changed. `begun` is a moment of `time.monotonic()`: it is enough to see what
        was acknowledged before it, so that questions about several kinds may share one look at a server. Without it
        that moment is the call. Raises WatchExpiredError.
        """
        ...

    async def close(self) -> None:
        """Release files and connections; pending calls end first."""
        ...


@runtime_checkable
class Collecting(Protocol):
    """A store in which a write is several, so that one that was cut off may leave something beside the objects."""

    async def collect(self) -> int:
        """Remove what can be nobody's any more of what was left; return how much. Raises UnavailableError."""
        ...


@runtime_checkable
class Sealing(Protocol):
    """A store whose objects more people may read than a server's user data is for, and which keeps it apart.

    Its `create` takes the text out of the server and keeps it first: what is stored, and returned, names what keeps it
    (`user_data_secret`). It goes with the server. See `gurum.store.userdata`.
    """

    async def unseal(self, id: str) -> str:
        """Return the user data that is kept for the server of that id. Raises NotFoundError, UnavailableError."""
        ...


@runtime_checkable
class Noting(Protocol):
    """A store whose latest versions are remembered beside it, where a restore of the store does not reach."""

    async def noted(self, kind: type[Resource]) -> int:
        """Return the latest version of the kind that any process has acknowledged, 0 for none."""
        ...


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the journal. `type`: action, event, generation, deleted. `data` is JSON by type."""

    at: float
    type: str
    kind: str
    object_id: str
    region: str
    project: str
    data: bytes
    request_id: str = ""
    position: int = 0  # set by the journal: rises with every append, never reused


class Journal(Protocol):
    """What happened, append-only. It is a contract of its own because it stays SQL also beside Kubernetes.

    Appending is idempotent by (type, object_id, `unique`): a controller that was killed after the append may repeat it.
    """

    async def append(self, record: Record, *, unique: str) -> None:
        """Add a record, unless one with this `unique` is there already."""
        ...

    async def read(
        self,
        *,
        kind: str = "",
        object_id: str = "",
        project: str = "",
        region: str = "",
        type: str = "",
        since: float = 0.0,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Record]:
        """Return matching records, oldest first, with position > after and at >= since."""
        ...

    async def prune(self, before: float) -> int:
        """Remove records older than `before`; return how many. Retention is configuration, never a default of code."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
