"""What a run found, as a table for people and as JSON for everything else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from tests.golden.player import groups
from tests.golden.player.mutate import Survey
from tests.golden.player.rows import Row
from tests.golden.player.thresholds import Check
from tests.golden.player.verdict import Compared, Verdict

_BAR = 20
_SHOWN = 5
_WIDTH = 160


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run found."""

    region: str
    verdict: Verdict
    checks: list[Check]
    unfounded: list[Row] = []
    unresolved: Mapping[str, str] = {}
    left: Mapping[str, list[str]] = {}
    surveys: list[Survey] = []

    @property
    def held(self) -> bool:
        """Whether the region keeps what is promised, and the comparer notices what it should."""
        return not (
            self.verdict.stale
            or self.unfounded
            or any(step.open for step in self.verdict.steps)
            or any(not check.held for check in self.checks)
            or any(survey.survivors for survey in self.surveys)
        )


def as_json(reports: list[Report]) -> str:
    """The reports as a JSON document: an object for one region, a list of them for several."""
    documents = [_document(report) for report in reports]
    return json.dumps(documents[0] if len(documents) == 1 else documents, ensure_ascii=False, indent=1)


def _document(report: Report) -> dict[str, Any]:
    return {
        "region": report.region,
        "held": report.held,
        "groups": [_group(report, name) for name in [*groups.NAMES, None]],
        "not_compared": report.verdict.not_compared,
        "thresholds": msgspec.to_builtins(report.checks),
        "stale_rows": msgspec.to_builtins(report.verdict.stale),
        "unfounded_rows": msgspec.to_builtins(report.unfounded),
        "unresolved": dict(report.unresolved),
        "left_behind": dict(report.left),
        "steps": [
            {**msgspec.to_builtins(step), "state": step.state} for step in report.verdict.steps if step.state != "equal"
        ],
        "mutations": msgspec.to_builtins(report.surveys),
    }


def as_table(report: Report, *, every: bool = False) -> str:
    """The report as text: what differs (`every` difference or the first few of a step), then the groups."""
    lines = [line for step in report.verdict.steps for line in _step(step, every)]
    lines += [f"unresolved: {name}: {why}" for name, why in report.unresolved.items()]
    lines += [f"left behind: {s}: {', '.join(things)}" for s, things in report.left.items()]
    lines += [f"stale row: {' / '.join(row.place)}" for row in report.verdict.stale]
    lines += [f"row without a counting reason: {' / '.join(r.place)}" for r in report.unfounded]
    lines += ["", f"{'group':<22}{'steps':>6}{'equal':>7}{'rows':>6}{'differ':>8}{'equal %':>9}"]
    minimum = {check.group: check for check in report.checks}
    for name in [*groups.NAMES, None]:
        row = _group(report, name)
        if row["steps"]:
            lines.append(
                f"{row['group']:<22}{row['steps']:>6}{row['equal']:>7}{row['rows']:>6}"
                f"{row['differing']:>8}{row['equal_percent']:>9.1f}  "
                f"{_bar(row)}  {_floor(minimum.get(row['group']))}".rstrip()
            )
    lines.append(f"not compared: {report.verdict.not_compared}")
    lines += [line for survey in report.surveys for line in _mutations(survey)]
    lines.append(f"{report.region}: {'held' if report.held else 'NOT HELD'}")
    return "\n".join(lines)


def _group(report: Report, name: str | None) -> dict[str, Any]:
    """Figures of one group, or of all steps."""
    steps = [s for s in report.verdict.steps if name in (None, s.group)]
    count = Counter(step.state for step in steps)
    return {
        "group": name or "all",
        "steps": len(steps),
        "equal": count["equal"],
        "rows": count["rows"],
        "differing": count["differing"],
        "equal_percent": round(100 * count["equal"] / len(steps), 2) if steps else None,
        "equal_or_rows_percent": round(100 * (len(steps) - count["differing"]) / len(steps), 2) if steps else None,
    }


def _bar(row: Mapping[str, Any]) -> str:
    """Equal, rows, differing as a picture: `████▒▒··`. Something that is there is never rounded away."""
    cells = {}
    for state in ("differing", "rows"):
        share = _BAR * row[state] / row["steps"]
        cells[state] = max(round(share), 1) if row[state] else 0
    return "█" * (_BAR - sum(cells.values())) + "▒" * cells["rows"] + "·" * cells["differing"]


def _floor(check: Check | None) -> str:
    if check is None:
        return ""
    if check.equal is None:
        return f"min {check.minimum:.1f} (played in part, not judged)"
    return f"min {check.minimum:.1f} {'held' if check.held else 'NOT HELD'}"


def _step(step: Compared, every: bool) -> list[str]:
    shown = step.open if every else step.open[:_SHOWN]
    lines = [
        f"{step.scenario} / {step.step}: {d.kind} {d.path}: expected {_short(d.expected)}, got {_short(d.got)}"
        for d in shown
    ]
    if len(shown) < len(step.open):
        lines.append(f"{step.scenario} / {step.step}: {len(step.open) - len(shown)} more")
    return lines


def _mutations(survey: Survey) -> list[str]:
    lines = [f"survived: {m.scenario} / {m.step}: {m.kind} at {m.path}" for m in survey.survivors]
    by = Counter(m.kind for m in survey.made)
    lines.append(f"mutations by kind: {', '.join(f'{k} {n}' for k, n in sorted(by.items()))}")
    noticed = len(survey.made) - len(survey.survivors)
    lines.append(f"mutations (seed {survey.seed}): {noticed} of {len(survey.made)} noticed")
    return lines


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:_WIDTH]
