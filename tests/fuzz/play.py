"""Sends the requests and judges each answer, with an engine at work beside them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fuzz.beside import engine, settled
from tests.fuzz.call import Answer, Call, escaped, send, together
from tests.fuzz.checks import Problem, problems
from tests.fuzz.people import ALPHA, BETA, BY_TOKEN
from tests.fuzz.plan import EPOCH, PROFILES, TIGHT, Profile, request, schedule, waves
from tests.fuzz.population import LIMITS_OF_ITS_OWN, Estate, populate
from tests.fuzz.strange import bomb
from tests.fuzz.values import seeded
from tests.fuzz.world import RouteKey, World

ENGINE_EVERY, ENGINE_BESIDE = 3, 4  # waves: between two of them, and beside one
PATTERNS = 40  # one request in so many searches by a pattern


@dataclass
class Failure:
    """A problem, the request that met it first, and what came before on the same region."""

    problem: Problem
    call: Call
    answer: Answer
    profile: Profile
    before: list[Call]
    touched: dict[int, set[str]]  # of each earlier request: the ids it touched
    count: int = 1


@dataclass
class Tally:
    """What a run came to."""

    seed: int
    requests: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    routes: Counter[RouteKey] = field(default_factory=Counter)
    reached: Counter[RouteKey] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    mutations: Counter[str] = field(default_factory=Counter)
    profiles: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    concurrent: int = 0  # requests that were one of several at once
    alone: int = 0  # refused requests and reads whose whole store was compared
    engine: int = 0  # times the engine worked
    failures: dict[tuple[str, str], Failure] = field(default_factory=dict)
    nonsense: Counter[str] = field(default_factory=Counter)  # what the store holds at the end of a region and must not
    policy_errors: int = 0
    leaks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def past(self) -> int:
        """How many requests reached a handler."""
        return self.reached.total()

    def note(self, call: Call, answer: Answer) -> None:
        """Count a request."""
        self.requests += 1
        service = call.target.split("?")[0][1:].partition("/")[0]
        self.statuses[service if service in ("compute", "network", "image") else "other", answer.status] += 1
        if call.aim is not None:
            self.routes[call.aim] += 1
        if answer.reached:
            self.reached[answer.reached[-1]] += 1
        self.people[call.token if call.token in BY_TOKEN else "none or invalid"] += 1
        self.mutations.update(set(call.mutations) or {"none"})
        self.slowest.append((answer.seconds, f"{answer.status} {call.curl()[:300]}"))
        if len(self.slowest) > 200:
            self.slowest = sorted(self.slowest, reverse=True)[:20]


class Player:
    """Plays a run. progress: called with (done, of, failures) now and then."""

    def __init__(self, requests: int, seed: int, progress: Callable[[int, int, int], None] | None = None) -> None:
        self.tally = Tally(seed)
        self._requests, self._seed, self._progress = requests, seed, progress
        self._number = 0

    async def run(self) -> Tally:
        """Send all requests."""
        began = time.monotonic()
        await self._patterns(self._requests // PATTERNS)
        planned = schedule(World().routes, self._requests, self._seed)
        size = min(EPOCH, max(len(planned) // len(PROFILES) + 1, 1))
        for number, at in enumerate(range(0, len(planned), size)):
            await self._epoch(planned[at : at + size], PROFILES[number % len(PROFILES)], number)
        self.tally.seconds = time.monotonic() - began
        return self.tally

    async def _patterns(self, count: int) -> None:
        """Search lists by patterns, one by one: the first that does not end would hold up all others."""
        world = await new_world(PROFILES[0], self._seed)
        rng = seeded(self._seed, "patterns")
        key = RouteKey("compute", "GET", "/servers/detail")
        for _ in range(count if key in world.routes else 0):
            self._number += 1
            name = rng.choice(("name", "name", "description"))
            call = Call(
                number=self._number,
                method="GET",
                target=f"/compute/v2.1/servers/detail?{name}={escaped(bomb(rng))}",
                headers=[("OpenStack-API-Version", "compute 2.96"), ("Accept", "application/json")],
                token="alpha-admin",
                aim=key,
                mutations=["bomb"],
            )
            answer = await send(world, call, self._seed)
            self._judge(world, call, answer, PROFILES[0], [], {})

    async def _epoch(self, planned: list[RouteKey], profile: Profile, number: int) -> None:
        world = await new_world(profile, self._seed + number)
        tally, before, touched = self.tally, [], {}  # type: tuple[Tally, list[Call], dict[int, set[str]]]
        errors = world.policy.stats.errors
        for wave, keys in enumerate(waves(planned, self._seed + number)):
            calls = [self._request(world, key) for key in keys]
            digest = world.store.digest
            beside = asyncio.create_task(engine(world, -wave)) if len(calls) > 1 and wave % ENGINE_BESIDE == 0 else None
            answers = await together(world, calls, self._seed)
            if beside is not None:
                await beside
                tally.engine += 1
            for call, answer in zip(calls, answers, strict=True):
                self._judge(world, call, answer, profile, before, touched)
            if len(calls) == 1:
                self._alone(world, calls[0], answers[0], digest, profile, before, touched)
            else:
                tally.concurrent += len(calls)
            before += calls
            if wave % ENGINE_EVERY == 0:
                tally.engine += 1
                await engine(world, wave)
            if self._progress is not None and wave % 20 == 0:
                self._progress(tally.requests, self._requests, len(tally.failures))
        for sentence in await settled(world):
            tally.nonsense[f"{profile.name}: {sentence}"] += 1
        tally.profiles[profile.name] += len(planned)
        tally.policy_errors += world.policy.stats.errors - errors
        tally.leaks += world.logs.leaks[:5]

    def _request(self, world: World, key: RouteKey) -> Call:
        self._number += 1
        return request(world, key, self._number, self._seed)

    def _judge(
        self,
        world: World,
        call: Call,
        answer: Answer,
        profile: Profile,
        before: list[Call],
        touched: dict[int, set[str]],
    ) -> None:
        self.tally.note(call, answer)
        touched[call.number] = {uid for _, uid in answer.trace.after}
        traceback = world.logs.errors.pop(answer.header("x-openstack-request-id"), "")
        for problem in problems(world, call, answer, traceback):
            self._fail(problem, call, answer, profile, before, touched)

    def _alone(
        self,
        world: World,
        call: Call,
        answer: Answer,
        digest: int,
        profile: Profile,
        before: list[Call],
        touched: dict[int, set[str]],
    ) -> None:
        """A single request that was refused: the store as a whole must be what it was, but for a default group."""
        if answer.status < 400 or answer.trace.after:
            return  # what was written is judged by its trace
        self.tally.alone += 1
        if world.store.digest != digest:
            problem = Problem("state", "the store differs after a request that wrote nothing")
            self._fail(problem, call, answer, profile, before, touched)

    def _fail(
        self,
        problem: Problem,
        call: Call,
        answer: Answer,
        profile: Profile,
        before: list[Call],
        touched: dict[int, set[str]],
    ) -> None:
        known = self.tally.failures.get((problem.kind, problem.detail))
        if known is not None:
            known.count += 1
            return
        self.tally.failures[problem.kind, problem.detail] = Failure(
            problem, call, answer, profile, list(before), dict(touched)
        )


async def new_world(profile: Profile, seed: int) -> World:
    """Return a populated region of a profile."""
    world = World(seed=seed, hostility=profile.hostility, yields=2, config=profile.config())
    limits = TIGHT if profile.tight else LIMITS_OF_ITS_OWN
    world.inner.hostility, hostility = Profile("").hostility, world.inner.hostility
    await populate(world, profile=profile.cloud, estates=(Estate(ALPHA, 0, limits), Estate(BETA, 1, limits)))
    world.inner.hostility = hostility
    return world


async def replay(calls: list[Call], profile: Profile, seed: int, *, engine_too: bool = True) -> list[Problem]:
    """Send requests one after the other on a fresh region; return what is wrong with the last answer."""
    world = await new_world(profile, seed)
    found: list[Problem] = []
    for turn, call in enumerate(calls):
        answer = await send(world, call, seed)
        traceback = world.logs.errors.pop(answer.header("x-openstack-request-id"), "")
        found = list(problems(world, call, answer, traceback))
        if engine_too and call is not calls[-1]:
            await engine(world, turn)
    return found
