"""Which shards this engine acts for at this moment, and in whose name each piece of its work is done.

A shard is one cloud account in one region, with all its kinds: what shares a rate, a list of instances and one address
plan has one engine. Whoever asks `holds` before it acts, and acts inside `acting`, cannot act for another's shard: the
store refuses what is written late, the provider what is called late.

Times here are those of the event loop, which no clock of another machine moves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from gurum.providers.contract import Place
from gurum.store import fence
from gurum.store.fence import Fence


def loop_time() -> float:
    """Return the running event loop's time in seconds."""
    return asyncio.get_running_loop().time()


@dataclass
class _Shard:
    """until: to when the lease is certainly ours. open: work may begin, which it may not yet, or not any more."""

    fence: Fence | None = None
    until: float = 0.0
    open: bool = False
    busy: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)


class Shards:
    """The shards of the configuration. None is held at first."""

    def __init__(self, places: Sequence[Place], now: Callable[[], float] = loop_time) -> None:
        self.places = tuple(places)
        self._now = now
        self._shards = {place: _Shard() for place in places}
        self._homes: dict[Place, Place | None] = {}
        for shard in self._shards.values():
            shard.free.set()

    @property
    def held(self) -> list[Place]:
        """The shards whose lease is ours, as far as we know: also one that was not renewed in time."""
        return [place for place, shard in self._shards.items() if shard.fence is not None]

    @property
    def epochs(self) -> dict[Place, int]:
        """The epochs of those leases."""
        return {place: shard.fence.epoch for place, shard in self._shards.items() if shard.fence is not None}

    def home(self, place: Place) -> Place | None:
        """Return the shard of a place: its own, or for an account that nothing names (any more) its region's first.

        None: the region is not served here.
        """
        if place in self._shards:
            return place
        if place not in self._homes:
            self._homes[place] = next((one for one in self.places if one.region == place.region), None)
        return self._homes[place]

    def holds(self, place: Place) -> bool:
        """Whether work for the place may begin now, and calls for it be made."""
        home = self.home(place)
        shard = self._shards[home] if home is not None else None
        return shard is not None and shard.fence is not None and shard.open and self._now() < shard.until

    @contextmanager
    def acting(self, place: Place) -> Iterator[None]:
        """Do something for a place: what is written inside is refused once the shard is another's."""
        home = self.home(place)
        shard = self._shards[home] if home is not None else _Shard()
        guard = shard.fence or Fence(f"{place.region}/{place.account}", "nobody", 0, lambda: False)
        shard.busy += 1
        try:
            with fence.within(guard):
                yield
        finally:
            shard.busy -= 1

    def take(self, place: Place, key: str, holder: str, epoch: int, until: float) -> None:
        """Learn that the lease is ours, of a new epoch. Work begins with `begin`."""
        shard = self._shards[place]

        def live() -> bool:
            return shard.fence is guard and self._now() < shard.until

        guard = Fence(key, holder, epoch, live)
        shard.fence, shard.until, shard.open = guard, until, False
        shard.free.clear()
        shard.held.set()

    def renew(self, place: Place, until: float) -> bool:
        """Learn that the lease was renewed; return whether it had not been held in between."""
        shard = self._shards[place]
        lapsed = self._now() >= shard.until
        shard.until = until
        return lapsed

    def begin(self, place: Place) -> None:
        """Let work for the shard begin, unless it was lost meanwhile."""
        self._shards[place].open = self._shards[place].fence is not None

    def leave(self, place: Place) -> None:
        """Let nothing more begin for the shard: it is to be given up."""
        self._shards[place].open = False

    def lose(self, place: Place) -> None:
        """Learn that the lease is not ours any more."""
        shard = self._shards[place]
        shard.fence, shard.open = None, False
        shard.held.clear()
        shard.free.set()

    def busy(self, place: Place) -> int:
        """Return how many pieces of work for the shard are under way."""
        return self._shards[place].busy

    async def until_held(self, place: Place) -> None:
        """Return once the shard is ours."""
        await self._shards[place].held.wait()

    async def until_lost(self, place: Place) -> None:
        """Return once it is not."""
        await self._shards[place].free.wait()
