"""One release back: a copy of the store as the previous release left it, made before this one writes anything.

A release writes objects in its own forms, and an older one refuses them rather than guess. Writing two forms at once
would double every change of the model; so the way back is the store itself, from before. What users did since is then
not in the store any more, but it is not lost in the clouds either: the engine treats the copy as a restored backup.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gurum.model import codec
from gurum.ops import secrets
from gurum.ops.config import StoreConfig
from gurum.store import backup
from gurum.store.contract import NewerStoreError
from gurum.store.sqlite import migrate

KEPT = 3  # copies


class Form(msgspec.Struct, frozen=True):
    """What a store is written in: the last migration, and the version of each kind's form."""

    migration: int
    kinds: dict[str, int]

    def readable_by(self, other: Form) -> bool:
        """Whether a release that writes `other` can read this."""
        return self.migration <= other.migration and all(
            version <= other.kinds.get(kind, 0) for kind, version in self.kinds.items()
        )


class Copy(msgspec.Struct, frozen=True):
    """A copy: form None where nobody recorded it. taken_at: seconds since the epoch."""

    file: str
    taken_at: float
    form: Form | None


def present() -> Form:
    """Return the form that this release writes."""
    kinds = {name: kind.version for name, kind in sorted(codec.KINDS.items())}
    return Form(migration=migrate.shipped()[-1].number, kinds=kinds)


def copies(directory: Path) -> list[Copy]:
    """Return the copies, newest first."""
    found = [msgspec.json.decode(path.read_bytes(), type=Copy) for path in directory.glob("*.copy.json")]
    return sorted((one for one in found if (directory / one.file).exists()), key=lambda one: -one.taken_at)


def keep(store: Path, directory: Path, now: float) -> Path | None:
    """Copy the store if it was last opened in another form than this release writes; return the copy.

    For every process at its start, before it opens the store: the first one copies, the others wait for it.
    Raises UnavailableError, OSError, NewerStoreError: then nothing may be written.
    """
    secrets.directory(directory)
    with _alone(directory / "lock"):
        record, ours = directory / "form.json", present()
        last = msgspec.json.decode(record.read_bytes(), type=Form) if record.exists() else None
        if last == ours:
            return None
        if last is not None and not last.readable_by(ours):
            raise NewerStoreError(
                f"The store {store} was written by a newer release: start that release, or go back to the copy made"
                " before it with `gurum upgrade undo`."
            )
        made = None
        if store.exists() and store.stat().st_size > 0:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
            made = directory / f"{store.name}.{stamp}"
            draft = directory / f".{made.name}"
            draft.unlink(missing_ok=True)  # of a process that was killed here
            backup.backend(StoreConfig(url="sqlite:///")).snapshot(f"sqlite:///{store}", draft)
            draft.replace(made)
            entry = Copy(file=made.name, taken_at=now, form=last)
            secrets.write(directory / f"{made.name}.copy.json", msgspec.json.encode(entry))
        secrets.write(record, msgspec.json.encode(ours))
        for old in copies(directory)[KEPT:]:
            (directory / old.file).unlink()
            (directory / f"{old.file}.copy.json").unlink()
        return made


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
