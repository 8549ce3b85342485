"""The journal in memory, for tests."""

from __future__ import annotations

import msgspec

from gurum.ops.clock import Clock, SystemClock
from gurum.store.contract import Record
from gurum.store.memory.hostility import PEACEFUL, Dice, Hostility


class MemoryJournal:
    """See `gurum.store.contract.Journal`. Of the vices it knows only `throttle`, `slow` and `early`."""

    def __init__(self, *, clock: Clock | None = None, seed: int = 0, hostility: Hostility = PEACEFUL) -> None:
        self.hostility = hostility
        self._dice = Dice(seed, clock or SystemClock())
        self._records: list[Record] = []
        self._once: dict[tuple[str, str, str], int] = {}
        self._position = 0

    async def append(self, record: Record, *, unique: str) -> None:
        """Add a record, unless one with this (type, object_id, `unique`) is there already."""
        await self._dice.enter(self.hostility)
        name = (record.type, record.object_id, unique)
        if name not in self._once:
            self._position += 1
            self._once[name] = self._position
            self._records.append(msgspec.structs.replace(record, position=self._position))
        await self._dice.pause(self.hostility.early, self.hostility.pause)

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
        await self._dice.enter(self.hostility)
        wanted = [
            record
            for record in self._records
            if record.position > after
            and record.at >= since
            and kind in ("", record.kind)
            and object_id in ("", record.object_id)
            and project in ("", record.project)
            and region in ("", record.region)
            and type in ("", record.type)
        ]
        return wanted[:limit]

    async def prune(self, before: float) -> int:
        """Remove records older than `before`; return how many."""
        await self._dice.enter(self.hostility)
        count = len(self._records)
        self._records = [record for record in self._records if record.at >= before]
        kept = {record.position for record in self._records}
        self._once = {name: position for name, position in self._once.items() if position in kept}
        return count - len(self._records)

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
