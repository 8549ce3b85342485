"""Two regions that differ in one thing: in one of them the other project does not exist.

If no request of ours can tell the two apart, then nothing of the other project can be read, counted or guessed: not
in lists, counts, limits or links, not by filters, markers or the words of a refusal. So each request is sent to both,
and the answers must be equal byte for byte (same ids are drawn, the clocks stand alike), as must be what was written.
And whatever was answered, the other project's objects must be as they were.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fuzz.build import Draft, draft
from tests.fuzz.call import Answer, Call, send
from tests.fuzz.people import ALPHA, BETA, BY_TOKEN, Person
from tests.fuzz.picks import Picks
from tests.fuzz.population import Estate, populate
from tests.fuzz.recorder import Place, place_of
from tests.fuzz.values import seeded
from tests.fuzz.world import RouteKey, World
from tests.isolation.expect import READS, TOLD_APART, describe
from tests.isolation.foreign import requests
from tests.isolation.observe import line, masked
from tests.support.pia import EPOCH

from gurum.pia.kernel.service import Service

# What two projects share and can therefore feel of each other: (pattern of route and attempt, why).
COMMONS: tuple[tuple[str, str], ...] = (
    (
        r"compute POST /servers: address of a guest on a shared network",
        "an address of a network that two projects share can be given once only, and Nova looks before it accepts",
    ),
)
TOGETHER = 400  # requests on one pair of regions, at most


@dataclass
class Told:
    """What was found: problems as lines, and how many requests came to what."""

    requests: int = 0
    routes: Counter[RouteKey] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)  # known differences, by pattern
    problems: list[str] = field(default_factory=list)


class Pair:
    """The two regions. `full` has the other project, `half` has not."""

    def __init__(self, offered: tuple[Service, ...] | None = None) -> None:
        self.full, self.half = World(offered=offered), World(offered=offered)
        self.private: dict[Place, bytes] = {}

    async def settle(self) -> None:
        """Fill both; ours comes first, so that it is the same in both."""
        await populate(self.half, estates=(Estate(ALPHA, 0),))
        beta = Estate(BETA, 1)
        await populate(self.full, estates=(Estate(ALPHA, 0), beta))
        guests = beta.guests()
        await self.full.put(*guests)
        places = [place_of(obj) for obj in (*beta.objects, *guests)]
        self.private = {place: self.full.store.content_at(place) for place in places}

    async def ask(self, call: Call) -> tuple[Answer, Answer]:
        """Send a request to both, at the same moment of their time."""
        answers = []
        for world in (self.full, self.half):
            world.clock.now = EPOCH + 1000 + call.number
            answers.append(await send(world, call, 0))
        return answers[0], answers[1]

    def damage(self) -> list[str]:
        """Return what of the other project is not as it was."""
        store = self.full.store
        return ["/".join(place) for place, content in self.private.items() if store.content_at(place) != content]


class Oracle:
    """Sends everything `foreign` makes; `share` of it, for a short run (1.0: all), and of some routes `only`."""

    def __init__(
        self,
        share: float = 1.0,
        *,
        offered: tuple[Service, ...] | None = None,
        only: Callable[[RouteKey], bool] = lambda key: True,
    ) -> None:
        self.told = Told()
        self._share, self._offered, self._only = share, offered, only
        self._pair = Pair(offered)
        self._age = 0

    async def run(self, person: Person = BY_TOKEN["alpha-member"]) -> Told:
        """Run it as a member of the one project."""
        estate, rng = Estate(BETA, 1), seeded("share")
        plan = Pair(self._offered)
        await plan.settle()
        await self._fresh()
        for key, what, made in requests(plan.full, person, estate):
            if self._only(key) and (what == "own" or rng.random() < self._share):
                await self._try(key, what, made)
        if self._share == 1 and self._offered is None:
            idle = [pattern for pattern, _ in COMMONS if not self.told.apart[pattern]]
            self.told.problems += [f"an exception that nothing needs: {pattern}" for pattern in idle]
        return self.told

    async def _fresh(self) -> None:
        self._pair = Pair(self._offered)
        await self._pair.settle()
        self._age = 0

    async def _try(self, key: RouteKey, what: str, made: Draft) -> None:
        told, pair = self.told, self._pair
        told.requests += 1
        self._age += 1
        call = made.call(told.requests)
        full, half = await pair.ask(call)
        told.routes[key] += 1
        told.statuses[full.status] += 1
        if masked(full) != masked(half) or full.trace.left() != half.trace.left():
            self._differ(key, what, call, full, half)
        damage = pair.damage()
        if damage:
            told.problems.append(f"{key}, {what}: changed {', '.join(damage)} of the other project\n{line(call, full)}")
        if damage or self._age >= TOGETHER or (key.method not in READS and (full.trace.left() or half.trace.left())):
            await self._fresh()

    def _differ(self, key: RouteKey, what: str, call: Call, full: Answer, half: Answer) -> None:
        text = f"{describe(key)}"
        for pattern, _ in (*TOLD_APART, *COMMONS):
            if re.fullmatch(pattern, text) or re.fullmatch(pattern, f"{text}: {what}"):
                self.told.apart[pattern] += 1
                return
        wrote = "" if full.trace.left() == half.trace.left() else " (and different writes)"
        self.told.problems.append(
            f"{key}, {what}: the other project can be told from nothing{wrote}\n      {line(call, full)}\n"
            f"      without the other project -> {half.status} "
            f"{half.body[:400].decode('utf-8', 'backslashreplace')}"
        )


async def warmed() -> list[str]:
    """Return what a member sees only because an administrator looked first: renderings are kept between requests."""
    problems = []
    warm, cold = World(), World()
    for world in (warm, cold):
        await populate(world, estates=(Estate(ALPHA, 0), Estate(BETA, 1)))
    number = 0
    for token in ("operator-admin", "alpha-admin", "beta-member", "alpha-member"):
        for key in warm.routes:
            if key.method not in READS:
                continue
            number += 1
            call = draft(warm, key, Picks(warm, BY_TOKEN[token], seeded(key), prefer=("active",)), lavish=0).call(
                number
            )
            warm.clock.now = cold.clock.now = EPOCH + 1000
            answer = await send(warm, call, 0)
            if token == "alpha-member":
                other = await send(cold, call, 0)
                if masked(answer) != masked(other):
                    seen = f"{line(call, answer)}\n      {line(call, other)}"
                    problems.append(f"{key}: differs after an administrator looked\n      {seen}")
    return problems
