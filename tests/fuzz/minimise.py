"""From a failure in the middle of thousands of requests to the few that bring it about."""

from __future__ import annotations

import re

from tests.fuzz.call import Call
from tests.fuzz.play import Failure, replay

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST = 60  # replays for one failure


class Minimiser:
    """Looks for the shortest list of requests, sent one by one, whose last answer has the problem."""

    def __init__(self, failure: Failure, seed: int) -> None:
        self._failure, self._seed, self._left = failure, seed, MOST

    async def run(self) -> list[Call] | None:
        """Return the list; None when the requests do not do it one by one: they must have met each other."""
        failure = self._failure
        for candidates in ([], self._related(), failure.before[-400:]):
            if await self._fails(candidates):
                return [*await self._shorter(candidates), failure.call]
        return None

    def _related(self) -> list[Call]:
        """Return the earlier requests that touched what this one names, and so on back."""
        failure = self._failure
        wanted = _ids(failure.call)
        chosen = []
        for call in reversed(failure.before):
            if failure.touched.get(call.number, set()) & wanted:
                chosen.append(call)
                wanted |= _ids(call)
        return chosen[::-1]

    async def _fails(self, calls: list[Call]) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        found = await replay([*calls, self._failure.call], self._failure.profile, self._seed)
        wanted = self._failure.problem
        return any((problem.kind, problem.detail) == (wanted.kind, wanted.detail) for problem in found)

    async def _shorter(self, calls: list[Call]) -> list[Call]:
        """Leave out ever smaller pieces as long as it still fails."""
        size = max(len(calls) // 2, 1)
        while calls and self._left > 0:
            at = 0
            while at < len(calls):
                without = calls[:at] + calls[at + size :]
                if await self._fails(without):
                    calls = without
                else:
                    at += size
            if size == 1:
                break
            size = max(size // 2, 1)
        return calls


def _ids(call: Call) -> set[str]:
    return set(_ID.findall(call.target + call.body.decode("utf-8", "replace")))
