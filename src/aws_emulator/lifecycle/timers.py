"""The order in which timers fire.

A heap of due moments that points into the rows: the row's own `timers` are the truth (they survive
a restart), an entry of the heap that no longer agrees with its row is simply dropped.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aws_emulator.context import NEVER, TAGS_SHOWN, Context
from aws_emulator.lifecycle import instance, interface, volume
from aws_emulator.state.region import Region

_Fire = Callable[[Context, Any], None]
TIMERS: Mapping[str, Mapping[str, _Fire]] = {
    "instance": instance.TIMERS,
    "network-interface": interface.TIMERS,
    "volume": volume.TIMERS,
    "snapshot": volume.SNAPSHOT_TIMERS,
    "image": volume.IMAGE_TIMERS,
}


class Timers:
    """All timers of all regions."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Region, str, str, str]] = []
        self._count = 0

    def schedule(self, due: float, region: Region, kind: str, identity: str, what: str) -> None:
        """Let `what` of a row fire at `due`, unless the row's own timer says otherwise by then."""
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, region, kind, identity, what))

    def next_due(self) -> float | None:
        """Return when the next entry is due, or None."""
        return self._heap[0][0] if self._heap else None

    def fire(self, now: float, context: Callable[[Region, float], Context]) -> None:
        """Fire all that is due at `now`, each at its own moment and in order."""
        while self._heap and self._heap[0][0] <= now:
            due, _, region, kind, identity, what = heapq.heappop(self._heap)
            table = region.table(kind)
            row = table.get(identity)
            if row is None or row.timers.get(what) != due:
                continue
            del row.timers[what]
            call = context(region, due)
            if what == TAGS_SHOWN:
                row.shown_tags = dict(row.tags)
                table.put(row)
            else:
                TIMERS[kind][what](call, row)

    def load(self, regions: Iterable[Region]) -> None:
        """Fill the heap from the rows, after a restart or a change of pace."""
        self._heap.clear()
        for region in regions:
            for table in region.tables():
                for row in table:
                    for what, due in row.timers.items():
                        self.schedule(due, region, table.kind, row.id, what)

    def rescale(self, regions: Iterable[Region], now: float, ratio: float) -> None:
        """Multiply what is left of every wait by `ratio` (a change of time_factor)."""
        every = list(regions)
        for region in every:
            for table in region.tables():
                for row in list(table):
                    waits = now < row.visible_at < NEVER
                    if waits:
                        row.visible_at = now + (row.visible_at - now) * ratio
                    for what, due in row.timers.items():
                        row.timers[what] = now + max(0.0, due - now) * ratio
                    if waits or row.timers:
                        table.put(row)
        self.load(every)
