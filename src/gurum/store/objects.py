"""What a write makes of an object: the rules every backend shares, without any backend in them.

If each backend had its own idea of what a create drops, when the generation rises or when a deletion is done, then
controllers would behave differently on SQL and on Kubernetes. All functions work on objects that the caller owns.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar, cast

import msgspec

from gurum.model import codec
from gurum.model.base import Cause, Metadata, Resource, Status
from gurum.store.contract import EVERYTHING, Filter

R = TypeVar("R", bound=Resource)


class Whole(Protocol):
    """What every kind has beside metadata; the base class cannot say it, because each kind has its own types."""

    metadata: Metadata
    schema: int
    spec: msgspec.Struct
    status: Status


def whole(obj: Resource) -> Whole:
    """Return the same object, typed so that spec and status can be reached."""
    return cast("Whole", obj)


def duplicate(obj: R) -> R:
    """Return a deep copy that has gone through the stored form, so that what cannot be stored fails here."""
    return cast("R", codec.decode(type(obj).kind, codec.encode(obj), type(obj).version))


def apart(obj: R) -> R:
    """Return the same object with metadata of its own, so that a version can be given to it without a word to others.

    Much cheaper than a duplicate; what is below metadata is shared.
    """
    return msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata))


def created(obj: R, now: float) -> R:
    """Return the object as a create stores it: no status, generation 1, no deletion, times set where they are 0."""
    new = duplicate(obj)
    meta = new.metadata
    meta.created_at = meta.created_at or now
    meta.updated_at = meta.updated_at or now
    meta.generation, meta.resource_version = 1, 0
    meta.deletion_requested_at = meta.deletion_cause = None
    whole(new).status = type(whole(new).status)()
    return new


def with_spec(current: R, wanted: R, cause: Cause | None, now: float) -> bool:
    """Make spec, labels and finalizers of `current` those of `wanted`; return whether anything differed.

    `updated_at` is when spec or labels last changed; finalizers are the machinery's own. A cause belongs to a
    generation. The two share what was taken over: `wanted` must be the caller's own copy.
    """
    meta, old, new = current.metadata, whole(current), whole(wanted)
    spec = old.spec != new.spec
    labels = meta.labels != wanted.metadata.labels
    finalizers = meta.finalizers != wanted.metadata.finalizers
    if spec:
        meta.generation += 1
        meta.cause = cause or Cause()
    if spec or labels:
        meta.updated_at = now
    old.spec, meta.labels, meta.finalizers = new.spec, wanted.metadata.labels, wanted.metadata.finalizers
    return spec or labels or finalizers


def with_status(current: R, wanted: R) -> bool:
    """Make status, finalizers, account and revision those of `wanted`, likewise; return whether anything differed."""
    meta, new, old = current.metadata, wanted.metadata, whole(current)
    same = (
        meta.finalizers == new.finalizers
        and meta.account == new.account
        and meta.revision == new.revision
        and old.status == whole(wanted).status
    )
    meta.finalizers, meta.account, meta.revision = new.finalizers, new.account, new.revision
    old.status = whole(wanted).status
    return not same


def mark_deleted(current: R, cause: Cause | None, now: float) -> bool:
    """Mark the object as to be deleted; return False when it was marked already. Kubernetes counts it a generation."""
    meta = current.metadata
    if meta.deletion_requested_at is not None:
        return False
    meta.deletion_requested_at, meta.deletion_cause = now, cause
    meta.generation += 1
    return True


def finished(obj: Resource) -> bool:
    """Whether nothing holds an object any more whose deletion was asked for: it is to be removed."""
    return obj.deleting and not obj.metadata.finalizers


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's cyclic garbage collector from running inside: only around short work without an `await`.

    Decoding makes many objects and no garbage. Left alone, the collector looks at all of them again and again while
    they are made, which takes three times as long as making them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def check_limit(limit: int) -> None:
    """Raise ValueError for a page of nothing: it would never end a list."""
    if limit < 1:
        raise ValueError(f"a page has at least one object, not {limit}")


def matches(meta: Metadata, where: Filter) -> bool:
    """Whether an object with this metadata is among those the filter names."""
    return where is EVERYTHING or (
        (not where.region or meta.region == where.region)
        and (not where.account or meta.account == where.account)
        and (not where.project or meta.project == where.project)
    )
