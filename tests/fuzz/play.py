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
class Scene:
    """A region and what has happened on it: what a reproducer is made of."""

    world: World
    profile: Profile
    before: list[Call] = field(default_factory=list)
    touched: dict[int, set[str]] = field(default_factory=dict)  # of each earlier request: the ids it touched
    wave: list[Call] = field(default_factory=list)  # what is sent at once, now


@dataclass
class Failure:
    """A problem, the request that met it first, what came before on the same region and what was sent with it."""

    problem: Problem
    call: Call
    answer: Answer
    profile: Profile
    before: list[Call]
    touched: dict[int, set[str]]
    wave: list[Call] = field(default_factory=list)
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
        scene = Scene(await new_world(PROFILES[0], self._seed), PROFILES[0])
        rng = seeded(self._seed, "patterns")
        key = RouteKey("compute", "GET", "/servers/detail")
        for _ in range(count if key in scene.world.routes else 0):
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
            self._judge(scene, call, await send(scene.world, call, self._seed))

    async def _epoch(self, planned: list[RouteKey], profile: Profile, number: int) -> None:
        world = await new_world(profile, self._seed + number)
        tally, scene = self.tally, Scene(world, profile)
        errors = world.policy.stats.errors
        for wave, keys in enumerate(waves(planned, self._seed + number)):
            scene.wave = [self._request(world, key) for key in keys]
            await self._wave(scene, wave)
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

    async def _wave(self, scene: Scene, number: int) -> None:
        """Send requests at once, now and then with the engine at work beside them, and judge the answers."""
        world, calls, digest = scene.world, scene.wave, scene.world.store.digest
        beside = None
        if len(calls) > 1:
            self.tally.concurrent += len(calls)
            if number % ENGINE_BESIDE == 0:
                self.tally.engine += 1
                beside = asyncio.create_task(engine(world, -number))
        answers = await together(world, calls, self._seed)
        if beside is not None:
            await beside
        for call, answer in zip(calls, answers, strict=True):
            self._judge(scene, call, answer)
        if len(calls) == 1:
            self._alone(scene, calls[0], answers[0], digest)
        scene.before += calls

    def _request(self, world: World, key: RouteKey) -> Call:
        self._number += 1
        return request(world, key, self._number, self._seed)

    def _judge(self, scene: Scene, call: Call, answer: Answer) -> None:
        self.tally.note(call, answer)
        scene.touched[call.number] = {uid for _, uid in answer.trace.after}
        traceback = scene.world.logs.errors.pop(answer.header("x-openstack-request-id"), "")
        for problem in problems(scene.world, call, answer, traceback):
            self._fail(scene, problem, call, answer)

    def _alone(self, scene: Scene, call: Call, answer: Answer, digest: int) -> None:
        """A single request that was refused: the store as a whole must be what it was, but for a default group."""
        if answer.status < 400 or answer.trace.after:
            return  # what was written is judged by its trace
        self.tally.alone += 1
        if scene.world.store.digest != digest:
            problem = Problem("state", "the store differs after a request that wrote nothing")
            self._fail(scene, problem, call, answer)

    def _fail(self, scene: Scene, problem: Problem, call: Call, answer: Answer) -> None:
        known = self.tally.failures.get((problem.kind, problem.detail))
        if known is not None:
            known.count += 1
            return
        self.tally.failures[problem.kind, problem.detail] = Failure(
            problem, call, answer, scene.profile, list(scene.before), dict(scene.touched), list(scene.wave)
        )


async def new_world(profile: Profile, seed: int) -> World:
    """Return a populated region of a profile."""
    world = World(seed=seed, hostility=profile.hostility, yields=2, config=profile.config())
    limits = TIGHT if profile.tight else LIMITS_OF_ITS_OWN
    world.inner.hostility, hostility = Profile("").hostility, world.inner.hostility
    await populate(world, profile=profile.cloud, estates=(Estate(ALPHA, 0, limits), Estate(BETA, 1, limits)))
    world.inner.hostility = hostility
    return world


async def replay(calls: list[Call], wave: list[Call], last: Call, profile: Profile, seed: int) -> list[Problem]:
    """Send requests one by one on a fresh region, then a wave at once; return what is wrong with `last` of it."""
    world = await new_world(profile, seed)
    for turn, call in enumerate(calls):
        await send(world, call, seed)
        await engine(world, turn)
    for call, answer in zip(wave, await together(world, wave, seed), strict=True):
        if call is last:
            traceback = world.logs.errors.pop(answer.header("x-openstack-request-id"), "")
            return list(problems(world, call, answer, traceback))
    raise ValueError("the last request is not of the wave")
