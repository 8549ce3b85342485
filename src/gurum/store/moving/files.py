"""A store of any kind as a file, and back: what a backup holds is SQLite, whatever the store is.

So there is one form of backups, one form to check and to keep, and what was taken of one kind of store can be put into
another. A copy is of one moment although everything goes on: see `Instant`.
"""

from __future__ import annotations

import os
from pathlib import Path

from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import StoreConfig
from gurum.store.contract import UnavailableError
from gurum.store.moving.copying import Progress, Report, Silent, copy
from gurum.store.moving.ends import opened


async def take(config: StoreConfig, target: Path, clock: Clock | None = None) -> Report:
    """Write a copy of the store and its journal to a new file (0600). Raises StoreError, FileExistsError."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    async with (
        opened(config, make=False) as source,
        opened(StoreConfig(url=f"sqlite:///{target}"), make=True) as copied,
    ):
        report = await copy(source, copied, clock or SystemClock(), Silent(), live=False)
    _require(report)
    return report


async def put_back(
    file: Path, config: StoreConfig, name: str, progress: Progress | None = None, clock: Clock | None = None
) -> Report:
    """Fill an empty store from such a file. `name`: by which the same backup is known when this is run again.

    Raises CopyRefusedError for a store that is not empty, StoreError.
    """
    async with opened(StoreConfig(url=f"sqlite:///{file}"), make=False) as source, opened(config, make=True) as target:
        report = await copy(source, target, clock or SystemClock(), progress or Silent(), name=name, live=False)
    _require(report)
    return report


def _require(report: Report) -> None:
    if not report.held:
        first = next(words for v in (*report.kinds.values(), report.journal) for words in v.differences)
        raise UnavailableError(f"the copy in {report.target} is not what was copied: {first}, for one")
