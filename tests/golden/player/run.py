"""One run against a region: cast actors, play the cases side by side, clean up.

A scenario that cannot even be started (no users, no endpoint) becomes a recording with an error, so that its steps
count as differing and the rest goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec
from tests.golden.player.corpus import Case
from tests.golden.player.keystone import Cast, Keystone, KeystoneError
from tests.golden.player.mask import by_chance
from tests.golden.player.model import Recording
from tests.golden.player.play import Player, Tamper, Time
from tests.golden.player.purge import purge
from tests.golden.player.transport import Transport, TransportError
from tests.golden.player.variables import Resolved, resolve

CHANCES = 6  # of ten addresses at most a few stand in a scenario
Tell = Callable[[str], None]
"""Takes one line about how the run goes."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """The recordings by scenario, variables and roles that are lacking, and what could not be removed."""

    recordings: dict[str, Recording]
    unresolved: dict[str, str] = {}
    left: dict[str, list[str]] = {}


class Run:
    """Plays cases with casts of `keystone`, at most `jobs` at a time; `clean` removes what they made."""

    def __init__(
        self,
        transport: Transport,
        keystone: Keystone,
        time: Time,
        tell: Tell,
        *,
        jobs: int,
        clean: bool,
    ) -> None:
        self._transport, self._keystone, self._time, self._tell = transport, keystone, time, tell
        self._jobs, self._clean = asyncio.Semaphore(jobs), clean
        self._left: dict[str, list[str]] = {}

    async def play(self, cases: Iterable[Case], tamper: Tamper | None = None) -> Played:
        """All cases. Raises KeystoneError or TransportError only if the administrator cannot authenticate."""
        resolved = await resolve(self._transport, await self._keystone.admin())
        lacking = await self._keystone.prepare()
        unresolved = resolved.missing | {f"role {r}": "the cloud has no such role" for r in lacking}
        for name, why in unresolved.items():
            self._tell(f"unresolved: {name}: {why}")
        recordings = await asyncio.gather(*(self._one(case, resolved, tamper) for case in cases))
        return Played(
            recordings={recording.scenario: recording for recording in recordings},
            unresolved=unresolved,
            left=self._left,
        )

    async def _one(self, case: Case, resolved: Resolved, tamper: Tamper | None) -> Recording:
        """Play a case; again if the cloud chose, by chance, an address that the scenario writes."""
        for _ in range(CHANCES):
            recording = await self._once(case, resolved, tamper)
            same = by_chance(recording, case.text)
            if not same:
                break
            self._tell(f"{case.name}: the cloud chose {', '.join(same)}, which the scenario writes: played again")
        return recording

    async def _once(self, case: Case, resolved: Resolved, tamper: Tamper | None) -> Recording:
        async with self._jobs:
            begun = self._time.now()
            try:
                cast = await self._keystone.cast()
            except (KeystoneError, TransportError) as error:
                self._tell(f"{case.name}: not played: {error}")
                return Recording(scenario=case.name, steps=[], error=f"not played: {error}")
            player = Player(case, cast.actors, resolved, self._transport, self._time, tamper)
            recording = await player.play()
            late = [s.name for s in recording.steps if s.waited is False or s.failed]
            self._tell(
                f"{case.name}: {len(recording.steps)} steps, {self._time.now() - begun:.1f} s"
                + (f", waited in vain or failed: {', '.join(late)}" if late else "")
            )
            if self._clean:
                await self._remove(case.name, cast)
            return recording

    async def _remove(self, scenario: str, cast: Cast) -> None:
        left = []
        for actor in ("member", "other"):
            left += await purge(self._transport, cast.actors[actor], self._time)
        if left:
            # Without its project nobody but an administrator could remove it any more.
            self._left[scenario] = left
            return
        try:
            await self._keystone.dismiss(cast)
        except (KeystoneError, TransportError) as error:
            self._left[scenario] = [str(error)]
