"""From a failure in the middle of thousands of requests to the few that bring it about."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.fuzz.call import Call
from tests.fuzz.play import Failure, replay

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST = 80  # replays for one failure
ORDERS = 8  # ways in which requests at once are let interleave, to find one that does it
EARLIER = 400  # requests before the failure, at most


@dataclass
class Reproducer:
    """Requests to send one by one on a fresh region, and then those to send at once: the last has the problem."""

    before: list[Call]
    wave: list[Call]
    seed: int


class Minimiser:
    """Looks for the shortest lists."""

    def __init__(self, failure: Failure, seed: int) -> None:
        self._failure, self._seed, self._left = failure, seed, MOST

    async def run(self) -> Reproducer | None:
        """Return the lists; None when nothing within reach does it again."""
        call, others = self._failure.call, [other for other in self._failure.wave if other is not self._failure.call]
        for candidates in ([], self._related([call]), self._failure.before[-EARLIER:]):
            if await self._fails(candidates, [call], self._seed):
                return Reproducer(await self._shorter_before(candidates, [call], self._seed), [call], self._seed)
        candidates = self._related([call, *others])
        for seed in range(self._seed, self._seed + ORDERS if others else self._seed):
            wave = list(self._failure.wave)
            if await self._fails(candidates, wave, seed):
                wave = [*await _shorter(others, lambda left, seed=seed: self._with(candidates, left, seed)), call]  # type: ignore[misc]  # mypy and defaults
                return Reproducer(await self._shorter_before(candidates, wave, seed), wave, seed)
        return None

    def _related(self, calls: list[Call]) -> list[Call]:
        """Return the earlier requests that touched what these name, and so on back."""
        wanted = set().union(*map(_ids, calls))
        chosen = []
        for call in reversed(self._failure.before):
            if self._failure.touched.get(call.number, set()) & wanted:
                chosen.append(call)
                wanted |= _ids(call)
        return chosen[::-1]

    async def _fails(self, before: list[Call], wave: list[Call], seed: int) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        wanted = self._failure.problem
        found = await replay(before, wave, self._failure.call, self._failure.profile, seed)
        return any((problem.kind, problem.detail) == (wanted.kind, wanted.detail) for problem in found)

    async def _with(self, before: list[Call], others: list[Call], seed: int) -> bool:
        return await self._fails(before, [*others, self._failure.call], seed)

    async def _shorter_before(self, before: list[Call], wave: list[Call], seed: int) -> list[Call]:
        return await _shorter(before, lambda left: self._fails(left, wave, seed))


async def _shorter(calls: list[Call], fails: Callable[[list[Call]], Awaitable[bool]]) -> list[Call]:
    """Leave out ever smaller pieces as long as it still fails."""
    size = max(len(calls) // 2, 1)
    while calls:
        at = 0
        while at < len(calls):
            without = calls[:at] + calls[at + size :]
            if await fails(without):
                calls = without
            else:
                at += size
        if size == 1:
            break
        size = max(size // 2, 1)
    return calls


def _ids(call: Call) -> set[str]:
    return set(_ID.findall(call.target + call.body.decode("utf-8", "replace")))
