"""From points to runs: every point killed once, as few runs as that takes, and then kills at random.

A run holds several kills, spread over its verbs, because preparing costs more than dying. What a run does not reach is
planned again with one kill a verb, where nothing can come between.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

import msgspec
from tests.chaos.board import Process
from tests.chaos.labels import ALWAYS
from tests.chaos.plan import BETWEEN, DURING, OUTAGES, Doing, Kill, Killed, Plan, Point
from tests.chaos.verbs import VERBS

HOME = "server stop"  # the verb in which kills at points of no verb fall
GENTLE = BETWEEN[:2]  # what may happen after a kill that is not the last one in its verb: the operation goes on
PARTS = ("apiserver", "etcd")  # of a cluster, that are killed at the writes of engine and API
WITHIN = (0.001, 0.002, 0.004, 0.007, 0.012)  # seconds from a write's beginning to the death of who answers it
_CREATES = ("AWS Create", "AWS RunInstances", "AWS ImportKeyPair", "AWS AllocateAddress")


class Target(msgspec.Struct, frozen=True, order=True):
    """A point to be killed at. `between` is empty where any will do."""

    point: Point
    between: str = ""


def targets(points: Iterable[Point]) -> list[Target]:
    """Return what has to be killed: each point once, and with every happening after a call that makes something."""
    found = []
    for point in points:
        if point.side == "after" and point.step.startswith(_CREATES) and point.process == "engine":
            found += [Target(point, between) for between in BETWEEN]
        else:
            found.append(Target(point))
    return found


def in_the_cluster(points: Iterable[Point]) -> Iterator[Point]:
    """Yield where a part of the cluster is killed: one at each step that writes, before, during or after it."""
    steps = dict.fromkeys((p.process, p.verb, p.step) for p in points if not p.step.startswith(("AWS ", "answer")))
    sides = ("before", DURING, "after")
    for step in steps:
        number = zlib.crc32("|".join(step).encode())  # the same in every recording
        yield Point(*step, sides[number // len(PARTS) % len(sides)], PARTS[number % len(PARTS)])


def makes_or_removes(points: Iterable[Point]) -> list[Target]:
    """Return the targets at which a defect in making or removing something shows."""
    return [
        target
        for target in targets(points)
        if target.between or (target.point.process == "engine" and target.point.verb == "server delete")
    ]


def creations_unanswered(points: Iterable[Point]) -> list[Target]:
    """Return the targets at which the API's creations are answered by nobody."""
    return [Target(p) for p in points if p.victim and p.process == "pia" and ".create" in p.step and p.side != "after"]


def plans(wanted: Sequence[Target], *, per_verb: int, seed: int, first: int, factor: float) -> list[Plan]:
    """Return runs that kill at every target, at most `per_verb` in one execution of a verb, in their order."""
    between, gentle, retry = cycle(BETWEEN), cycle(GENTLE), cycle((True, False))
    outages, within = cycle(OUTAGES), cycle(WITHIN)

    def kill(point: Point, happening: Iterator[str]) -> Kill:
        if point.victim:
            after = next(within) if point.side == DURING else 0.0
            return Kill(Process[point.victim.upper()], point=point, between=next(outages), after=after)
        return _kill(point, next(happening), retry=next(retry))

    by_verb: dict[str, list[Target]] = {}
    for target in wanted:
        by_verb.setdefault(HOME if target.point.verb == ALWAYS else target.point.verb, []).append(target)
    chunks: list[tuple[str, tuple[Kill, ...]]] = []
    for verb, group in by_verb.items():
        special = [target for target in group if target.between]
        plain = [target for target in group if not target.between]
        stride = max(1, math.ceil(len(plain) / per_verb))
        for start in range(stride):
            chosen = plain[start::stride]  # far apart, and in the order in which they come
            kills = [kill(t.point, gentle) for t in chosen[:-1]] + [kill(t.point, between) for t in chosen[-1:]]
            chunks.append((verb, tuple(kills)))
        chunks += [(verb, (_kill(target.point, target.between, retry=True),)) for target in special]
    return _packed(chunks, random.Random(seed), first, factor)


def _kill(point: Point, between: str, *, retry: bool) -> Kill:
    process = Process[point.process.upper()]
    if process is Process.PIA:
        between = "asks again" if retry else "gives up"
    return Kill(process, point=point, between=between, retry=retry)


def _packed(chunks: list[tuple[str, tuple[Kill, ...]]], rng: random.Random, first: int, factor: float) -> list[Plan]:
    """Spread chunks over as many runs as the verb with the most needs; a run does a verb at most once."""
    most = max(([verb for verb, _ in chunks].count(verb) for verb in {verb for verb, _ in chunks}), default=0)
    runs: list[dict[str, tuple[Kill, ...]]] = [{} for _ in range(most)]
    rng.shuffle(chunks)
    for verb, kills in chunks:
        free = [run for run in runs if verb not in run]
        min(free, key=lambda run: sum(len(held) for held in run.values()))[verb] = kills
    return [
        Plan(first + number, tuple(Doing(verb, run[verb]) for verb in VERBS if verb in run), factor)
        for number, run in enumerate(runs)
    ]


def second(wanted: Sequence[tuple[Killed, Point]], *, seed: int, first: int, factor: float) -> list[Plan]:
    """Return runs in which getting over a kill is killed: the same kill, and then one where only that leads."""
    chunks: list[tuple[str, tuple[Kill, ...]]] = []
    for killed, point in wanted:
        if killed.point is not None:
            kills = (_kill(killed.point, killed.between, retry=True), _kill(point, "nothing", retry=True))
            chunks.append((killed.verb, kills))
    return _packed(chunks, random.Random(seed), first, factor)


def recording(number: int, factor: float) -> Plan:
    """Return the run that does everything and is not killed."""
    return Plan(number, tuple(Doing(verb) for verb in VERBS), factor, lost_answers=False)


def at_random(
    rng: random.Random, lengths: dict[tuple[str, str], int], first: int, factor: float, *, cluster: bool = False
) -> Iterator[Plan]:
    """Yield runs for ever: some verbs, one or two kills in each, at any point or any moment.

    lengths: how many points a process passes in a verb. cluster: whether parts of one are among the victims.
    """
    number = first
    while True:
        chosen = [verb for verb in VERBS if rng.random() < 0.4]
        doings = tuple(Doing(verb, _random_kills(rng, lengths, verb, cluster)) for verb in chosen)
        yield Plan(number, doings, factor)
        number += 1


def _random_kills(
    rng: random.Random, lengths: dict[tuple[str, str], int], verb: str, cluster: bool
) -> tuple[Kill, ...]:
    kills = []
    for last in (False, True) if rng.random() < 0.5 else (True,):
        process = by = Process.ENGINE if rng.random() < 0.7 else Process.PIA
        retry = rng.random() < 0.5
        between = rng.choice(BETWEEN if last else GENTLE)
        if process is Process.PIA:
            between = "asks again" if retry else "gives up"
        after = 0.0
        if cluster and rng.random() < 0.5:
            process, between = rng.choice((Process.APISERVER, Process.ETCD)), rng.choice(OUTAGES)
            after = rng.choice((0.0, *WITHIN))
        if rng.random() < 0.3:
            kills.append(Kill(process, delay=rng.uniform(0.01, 15.0), between=between, retry=retry))
        else:
            length = lengths.get((by.name.lower(), verb), 4)
            passings = rng.randint(1, length + 2)
            kills.append(Kill(process, passings=passings, between=between, retry=retry, by=by, after=after))
    return tuple(kills)


def kills(plan: Plan) -> int:
    """Return how many kills a plan has."""
    return sum(len(doing.kills) for doing in plan.doings)


def real_length(number: int) -> Plan:
    """Return a run at the product's own pace, with the kills that take the longest to get over."""

    def kill(verb: str, step: str, side: str, between: str) -> Kill:
        return Kill(Process.ENGINE, point=Point("engine", verb, step, side), between=between)

    doings = (
        Doing(
            "server create",
            (
                kill("server create", "AWS CreateVpc vpc", "after", "nothing"),
                kill("server create", "AWS RunInstances instance", "after", "rename"),
            ),
        ),
        Doing("server stop", (kill("server stop", "AWS StopInstances", "before", "action"),)),
        Doing("server delete", (kill("server delete", "AWS TerminateInstances", "after", "nothing"),)),
        Doing("network delete", (kill("network delete", "AWS DeleteVpc", "after", "rename"),)),
    )
    return Plan(number, doings, 1.0)
