"""What is printed in the end: figures, the diff, what is wrong with rows and mutants; as text or as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from tests.same.compare import Difference, Verdict
from tests.same.mutants import Survey
from tests.same.play import Transcript
from tests.same.rows import Row


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A run's result."""

    a: str
    b: str
    calls: int
    rows: int
    left_out: list[str]
    leftovers: list[str]
    differences: list[Difference]
    needless: list[Row]
    diff: str
    survey: Survey | None
    asked_mutants: int
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the clouds are used alike, and every mutant that was asked for was made and reported."""
        same = not self.differences and not self.needless
        if not same or not self.asked_mutants:
            return same
        return self.survey is not None and not self.survey.missed and len(self.survey.caught) == self.asked_mutants


def show(outcome: Outcome, form: str) -> None:
    """Print it; with json one document on standard output and nothing else there."""
    if form == "json":
        document = msgspec.to_builtins(outcome) | {"holds": outcome.holds}
        print(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())
        return
    if outcome.diff:
        print(outcome.diff)
    for row in outcome.needless:
        print(f"needless row: {row.call}, {row.field}: both show the same there, or nothing ({row.rule})")
    for line in outcome.leftovers:
        print(line, file=sys.stderr)
    if outcome.left_out:
        print(f"left out, because not both clouds have what they need: {', '.join(outcome.left_out)}")
    if outcome.survey is not None:
        _mutants(outcome.survey)
    elif outcome.asked_mutants:
        print("no mutants: the transcripts differ already")
    calls = len({difference.call for difference in outcome.differences})
    said = f"{calls} calls differ in {len(outcome.differences)} places" if calls else "equal but for the rows"
    figures = f"{outcome.calls} calls, {outcome.rows} rows, {outcome.seconds:.0f} s"
    print(f"{outcome.a} and {outcome.b}: {said} ({figures})", flush=True)


def _mutants(survey: Survey) -> None:
    for mutant in survey.caught:
        print(f"caught  {mutant.words}")
    for mutant in survey.missed:
        print(f"MISSED  {mutant.words}")
    print(
        f"mutants of seed {survey.seed}: {len(survey.caught)} caught, {len(survey.missed)} missed; "
        f"{survey.drawn} drawn, of which {survey.unseen} changed nothing that the client shows"
    )
    if survey.unsteady:
        print(f"not mutated, because their replay does not print the same: {', '.join(survey.unsteady)}")


def keep(directory: Path, transcripts: list[Transcript], verdict: Verdict) -> None:
    """Write what was printed and what it was compared as."""
    directory.mkdir(parents=True, exist_ok=True)
    for side, transcript, lines in zip("ab", transcripts, (verdict.lines_a, verdict.lines_b), strict=True):
        (directory / f"{side}.json").write_bytes(msgspec.json.format(msgspec.json.encode(transcript), indent=1))
        (directory / f"{side}.txt").write_text("\n".join(lines))
