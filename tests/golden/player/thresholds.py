"""How much must be equal without any row, for each region and group.

Rows make a difference known, not harmless; without a floor a region could pass with nothing equal. The region that
is AWS is measured against the private one: what AWS forces may cost it some points, and nothing else may.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.golden.player import groups
from tests.golden.player.corpus import Case
from tests.golden.player.rows import Reason, Row
from tests.golden.player.verdict import Verdict

DEFAULT = Path(__file__).parent.parent / "thresholds.yaml"


class ThresholdError(Exception):
    """The thresholds are not in their format, or the region has none."""


class Relative(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A region measured against another: at most so many points less in these groups, for this reason only."""

    region: str
    points_less: float
    groups: list[str]
    additional_rows: Reason


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Floors in per cent of a group's compared steps."""

    equal: dict[str, float] = {}
    relative_to: Relative | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One floor and whether it is held. `equal` is None if the group was not played as a whole."""

    group: str
    minimum: float
    equal: float | None
    held: bool


def regions(path: Path) -> list[str]:
    """The regions that have floors, in the file's order."""
    return list(_read(path))


def load(path: Path, region: str) -> Region:
    """The floors of a region."""
    known = _read(path)
    if region not in known:
        raise ThresholdError(f"{path.name}: nothing about {region}")
    found = known[region]
    named = [*found.equal, *(found.relative_to.groups if found.relative_to else [])]
    if strangers := sorted(set(named) - set(groups.NAMES)):
        raise ThresholdError(f"{path.name}: no such group: {', '.join(strangers)}")
    return found


def _read(path: Path) -> dict[str, Region]:
    document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return msgspec.convert(document, dict[str, Region])
    except msgspec.ValidationError as error:
        raise ThresholdError(f"{path.name}: {error}") from error


def check(region: Region, verdict: Verdict, cases: Iterable[Case], other_rows: Iterable[Row]) -> list[Check]:
    """Every floor of the region against the verdict, in the order of the groups.

    `cases` is the whole corpus: a group of which only a part was played is not judged. `other_rows` are those of the
    region it is measured against; a passing run there has exactly these rows, so they tell its figures.
    """
    whole = list(cases)
    minima = dict(region.equal)
    if region.relative_to is not None:
        other = _equal_by_rows(whole, other_rows)
        for group in region.relative_to.groups:
            minimum = other.get(group, 100.0) - region.relative_to.points_less
            minima[group] = max(minima.get(group, 0.0), minimum)
    compared = Counter(step.group for step in verdict.steps)
    equal = Counter(step.group for step in verdict.steps if step.state == "equal")
    expected = Counter(g for case in whole for g in _groups(case).values())
    checks = []
    for group in groups.NAMES:
        if group in minima and expected[group]:
            complete = compared[group] == expected[group]
            share = 100 * equal[group] / expected[group] if complete else None
            held = share is None or share >= minima[group] - 1e-9
            checks.append(Check(group=group, minimum=minima[group], equal=share, held=held))
    return checks


def unfounded(region: Region, rows: Iterable[Row], other_rows: Iterable[Row]) -> list[Row]:
    """Rows that the region has beyond the one it is measured against, for a reason that does not count."""
    if region.relative_to is None:
        return []
    there = {row.place for row in other_rows}
    reason = region.relative_to.additional_rows
    return [row for row in rows if row.place not in there and row.reason != reason]


def _groups(case: Case) -> dict[str, str]:
    """Groups of the compared steps of a case."""
    group = groups.of_steps(case)
    return {a.name: group[a.name] for a in case.golden if a.unstable is None}


def _equal_by_rows(cases: list[Case], rows: Iterable[Row]) -> dict[str, float]:
    """Per cent of each group's steps that have no row."""
    rowed = {(row.scenario, row.step) for row in rows}
    total: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    for case in cases:
        for step, group in _groups(case).items():
            total[group] += 1
            equal[group] += (case.name, step) not in rowed
    return {group: 100 * equal[group] / total[group] for group in total}
