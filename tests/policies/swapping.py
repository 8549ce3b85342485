"""A hundred changes of the bundle under load: every decision is a whole one, of the bundle that it says it is by.

Two bundles take turns, which differ in who may see and stop servers. What is asked meanwhile is compared with what a
third implementation says by the table of either: "wrongly allowed" is allowed though the bundle named denies it, and
"outdated" is by a bundle that had been replaced for longer than an answer may be remembered.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from tests.faults.figures import Figures
from tests.policies.language import BUNDLE
from tests.policies.unfit import Workshop
from tests.policies.verdict import REMEMBERED
from tests.policy.oracle import Oracle, questions
from tests.support import opa

from gurum.ops.policy import PolicyConfig
from gurum.policy.bundle import read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import Decision, PolicyInput, Principal, Target
from gurum.policy.opa.point import OpaDecisionPoint
from gurum.policy.prepared import PATH, written

SWAPS = 100
THREADS = 3
PAUSE = 0.3  # seconds between changes at OPA: longer than an answer is remembered, so that outdated ones would show
DIFFERENT = ("show", "stop", "delete")


@dataclass
class Made:
    """One decision: when it was begun and had, which question, what came."""

    began: float
    ended: float
    question: int
    decision: Decision


@dataclass
class Load:
    """Asks without end, from several threads, and keeps what came."""

    asked: Sequence[PolicyInput]
    made: list[Made] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def decide(self, seed: int, decide: Callable[[PolicyInput], Decision]) -> None:
        """Ask one question after the other."""
        dice = random.Random(seed)
        while not self.ended.is_set():
            number, began = dice.randrange(len(self.asked)), time.monotonic()
            decision = decide(self.asked[number])
            self.made.append(Made(began, time.monotonic(), number, decision))
            time.sleep(0.004)

    async def ask(self, point: OpaDecisionPoint) -> None:
        """Ask in an event loop, several at once."""

        async def one(seed: int) -> None:
            dice = random.Random(seed)
            while not self.ended.is_set():
                number, began = dice.randrange(len(self.asked)), time.monotonic()
                decision = await point.ask(self.asked[number])
                self.made.append(Made(began, time.monotonic(), number, decision))
                await asyncio.sleep(0.005)

        await asyncio.gather(*(one(seed) for seed in range(100, 104)))


@dataclass(frozen=True)
class Change:
    """A change of the bundle: begun, in force at the latest, and which bundle."""

    began: float
    in_force: float
    revision: str


def play(directory: Path, figures: Figures, swaps: int = SWAPS) -> None:
    """Measure it."""
    private, public = opa.keys(directory)
    other = _other(directory / "other")
    sources = [read_bundle(BUNDLE), read_bundle(other)]
    archives = [Workshop.of(place, private, private).signed({}) for place in (BUNDLE, other)]
    oracles = {source.revision: Oracle(source) for source in sources}
    revisions = [source.revision for source in sources]
    load = Load(_questions(oracles[revisions[0]]))
    expected = {revision: [oracle.decide(question) for question in load.asked] for revision, oracle in oracles.items()}
    figures.say("the bundle changes under load: the embedded engine")
    changes = _embedded(directory / "swapped.tar.gz", public, archives, load, swaps)
    judge("embedded", load.made, changes, expected, figures, remembered=0.0)
    figures.say("the bundle changes under load: OPA")
    load = Load(load.asked)
    changes = _server(public, archives, revisions, load, swaps)
    judge("opa", load.made, changes, expected, figures, remembered=REMEMBERED)


def judge(
    engine: str,
    made: Sequence[Made],
    changes: Sequence[Change],
    expected: dict[str, list[dict[str, object]]],
    figures: Figures,
    remembered: float,
) -> None:
    """Count what went wrong. changes: the first is what was there before; in their order."""
    undecided = sum(one.decision.error for one in made)
    decided = [one for one in made if not one.decision.error]
    wrong = [one for one in decided if _wrong(one, expected)]
    wrongly = sum(one.decision.allow and not _want(one, expected)["allow"] for one in wrong)
    figures.put(f"{engine}_swaps", len(changes) - 1)
    figures.put(f"{engine}_swap_decisions", len(made))
    figures.put(f"{engine}_swap_undecided", undecided)
    figures.put(f"{engine}_swap_wrongly_allowed", wrongly)
    figures.put(f"{engine}_swap_wrong", len(wrong))
    figures.put(f"{engine}_swap_outdated", sum(outdated(one, changes, remembered) for one in decided))
    figures.put(f"{engine}_swap_both_seen", len({one.decision.revision for one in decided} & set(expected)))


def outdated(one: Made, changes: Sequence[Change], remembered: float) -> bool:
    """Whether a decision is by a bundle that had been replaced when it was asked, for longer than is allowed."""
    past = [change for change in changes if change.in_force + remembered <= one.began]
    possible = {past[-1].revision} if past else {changes[0].revision}
    possible |= {change.revision for change in changes[len(past) :] if change.began <= one.ended}
    return one.decision.revision not in possible


def _want(one: Made, expected: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    rows = expected.get(one.decision.revision)
    return rows[one.question] if rows is not None else {"allow": False, "unknown": one.decision.revision}


def _wrong(one: Made, expected: dict[str, list[dict[str, object]]]) -> bool:
    return any(getattr(one.decision, name, None) != value for name, value in _want(one, expected).items())


def _embedded(place: Path, public: Path, archives: Sequence[bytes], load: Load, swaps: int) -> list[Change]:
    place.write_bytes(archives[0])
    point = EmbeddedDecisionPoint(place, verification_key=public)
    threads = [threading.Thread(target=load.decide, args=(seed, point.decide)) for seed in range(THREADS)]
    changes = [Change(0.0, 0.0, point.revision)]
    for thread in threads:
        thread.start()
    try:
        for number in range(swaps):
            place.write_bytes(archives[(number + 1) % 2])
            began = time.monotonic()
            revision = point.reload()
            changes.append(Change(began, time.monotonic(), revision))
    finally:
        load.ended.set()
        for thread in threads:
            thread.join()
    return changes


def _server(public: Path, archives: Sequence[bytes], revisions: Sequence[str], load: Load, swaps: int) -> list[Change]:
    changes = [Change(0.0, 0.0, revisions[0])]
    with opa.Bundles(archives[0]) as bundles, opa.serving(bundles, public) as real:
        config = PolicyConfig(url=real.url, deadline=10.0, remembered=REMEMBERED)
        with closing(OpaDecisionPoint(config)) as point:
            threads = [threading.Thread(target=load.decide, args=(seed, point.decide)) for seed in range(THREADS)]
            threads.append(threading.Thread(target=lambda: asyncio.run(load.ask(point))))
            for thread in threads:
                thread.start()
            try:
                for number in range(swaps):
                    wanted = (number + 1) % 2
                    began = time.monotonic()
                    bundles.put(archives[wanted])
                    while opa.revision(real.url) != revisions[wanted]:
                        time.sleep(0.01)
                    changes.append(Change(began, time.monotonic(), revisions[wanted]))
                    time.sleep(PAUSE)
            finally:
                load.ended.set()
                for thread in threads:
                    thread.join()
    return changes


def _questions(oracle: Oracle) -> list[PolicyInput]:
    own = Target(project_id="p1", user_id="u1")
    people = [Principal(user_id="u1", project_id="p1", roles=roles) for roles in (("reader",), ("member", "reader"))]
    different = [
        PolicyInput(action=f"compute:servers:{verb}", principal=who, target=own) for verb in DIFFERENT for who in people
    ]
    return different * 4 + list(questions(oracle, seed=9, count=60))


def _other(place: Path) -> Path:
    """Write a bundle by which nobody but an administrator sees, stops or deletes a server; return its directory."""
    shutil.copytree(BUNDLE, place)
    actions = place / "gurum" / "actions" / "compute" / "data.json"
    table = msgspec.json.decode(actions.read_bytes())
    for verb in DIFFERENT:
        table["servers"][verb]["allow"] = {"admin": ["any"]}
    actions.write_bytes(msgspec.json.encode(table))
    (place / PATH).write_bytes(written(read_bundle(place)))
    return place
