"""From recordings to verdicts: each step is equal, equal with rows, or differing.

"Equal" is the figure that is promised; a row makes a run pass but never an answer equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from tests.golden.player import groups
from tests.golden.player.allow import AllowList
from tests.golden.player.corpus import Case
from tests.golden.player.diff import Differ
from tests.golden.player.model import Answer, Difference, Recording
from tests.golden.player.normalise import normalise
from tests.golden.player.rows import Place, Row, candidates, covered

State = Literal["equal", "rows", "differing"]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One compared step: what the allow list does not excuse, `known` by rows or `open`."""

    scenario: str
    step: str
    group: str
    open: list[Difference]
    known: list[Difference] = []

    @property
    def state(self) -> State:
        return "differing" if self.open else "rows" if self.known else "equal"

    def place(self, difference: Difference) -> Place:
        """Where a row for this difference would point."""
        return (self.scenario, self.step, difference.place)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """All compared steps, how many were not compared, and the rows that match nothing any more."""

    steps: list[Compared]
    not_compared: int
    stale: list[Row]


def differences(case: Case, recording: Recording | None, allowed: AllowList) -> dict[str, list[Difference]]:
    """For each compared step of a case, in order, what differs and is not allowed."""
    answers = [] if recording is None else normalise(recording, case.scenario, case.text)
    got = {answer.name: answer for answer in answers}
    ordered = {step.name for step in case.scenario.steps if step.ordered}
    nothing = (recording.error if recording else None) or "not recorded"
    differ = Differ()
    out = {}
    for golden in case.golden:
        if golden.unstable is not None:
            continue
        answer = got.get(golden.name, Answer(name=golden.name, failed=nothing))
        found = differ.step(golden, answer, ordered=golden.name in ordered)
        out[golden.name] = [d for d in found if not allowed.allows(case.name, golden.name, d)]
    return out


def judge(
    cases: Iterable[Case],
    recordings: Mapping[str, Recording],
    allowed: AllowList,
    rows: Iterable[Row],
) -> Verdict:
    """Compare every case; rows of scenarios that are not among the cases are left alone."""
    rows = list(rows)
    by_place = {row.place: row for row in rows}
    used: set[Place] = set()
    steps: list[Compared] = []
    not_compared = 0
    names = set()
    for case in cases:
        names.add(case.name)
        group = groups.of_steps(case)
        not_compared += sum(answer.unstable is not None for answer in case.golden)
        for step, found in differences(case, recordings.get(case.name), allowed).items():
            bare = Compared(scenario=case.name, step=step, group=group[step], open=found)
            known = covered(bare.place, found, by_place)
            used |= {bare.place(d) for d in known}
            steps.append(msgspec.structs.replace(bare, open=[d for d in found if d not in known], known=known))
    stale = [row for row in rows if row.scenario in names and row.place not in used]
    return Verdict(steps=steps, not_compared=not_compared, stale=stale)


def updated_rows(rows: Iterable[Row], verdict: Verdict) -> list[Row]:
    """The rows without the stale ones and with a candidate for every place that has none."""
    stale = {row.place for row in verdict.stale}
    kept = {row.place: row for row in rows if row.place not in stale}
    for step in verdict.steps:
        kept |= {row.place: row for row in candidates(step.place, step.open)}
    return list(kept.values())
