"""Known differences of one region: one place a row, each with the class of its reason and a why.

A row says "we know, and this is why". So it names one scenario, one step and one path and nothing more: a pattern
would go on excusing what nobody has looked at. A row that no longer matches fails the run, or the list would keep
growing and hide the day a difference comes back. A crash (500) is never excused.

Another status is another document: a row of path `status` names the status that is answered instead, and covers the
headers and the body that come with it, as long as it is that one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from tests.golden.player.corpus import Case
from tests.golden.player.model import Difference

DEFAULT = Path(__file__).parent.parent / "rows"
TODO = "TODO"
CRASH = 500
HEADER = """\
# What {region} answers differently from the recorded OpenStack, one place a row (tests/golden/player/rows.py).
#   class: aws-rule   AWS forces it; `why` names the rule
#          not-built  it is not built yet; `why` says what is missing
#          ours       decided so; `why` says for what reason
#   path:  $.json.path with list indexes, header:name, status, or wait; no patterns
#   got:   with path status: the status answered instead (`failed`: none), whose headers and body the row covers too
# Candidates are written by --update-rows and are refused until `why` is filled in.
"""

Reason = Literal["aws-rule", "not-built", "ours"]
Place = tuple[str, str, str]
"""Scenario, step, path."""

_PATH = re.compile(r"status|wait|header:[a-z0-9\-]+|\$(?:\.[^.\[\]*?]+|\[\d+\])*")


class RowError(Exception):
    """The rows of a region are not acceptable; the text says which and why."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One known difference."""

    scenario: str
    step: str
    path: str
    got: int | Literal["failed"] | None = None
    reason: Reason = msgspec.field(name="class")
    why: str

    @property
    def place(self) -> Place:
        return (self.scenario, self.step, self.path)


def load(path: Path, cases: Iterable[Case] | None, *, unfinished: bool = False) -> list[Row]:
    """The rows of a file; none if there is no file.

    Each must name a scenario and step of `cases` (not checked if None). `unfinished` lets candidates pass whose why
    is still to be written, which only the writing of candidates may want. Raises RowError with all that is wrong.
    """
    if not path.exists():
        return []
    document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        rows = msgspec.convert(document or [], list[Row])
    except msgspec.ValidationError as error:
        raise RowError(f"{path.name}: {error}") from error
    known = None if cases is None else {c.name: {a.name for a in c.golden} for c in cases}
    wrong = [f"{row.scenario} / {row.step} / {row.path}: {w}" for row in rows if (w := _wrong(row))]
    wrong += [f"{' / '.join(place)}: more than one row" for place in _repeated(rows)]
    if known is not None:
        wrong += [
            f"{row.scenario} / {row.step}: no such step" for row in rows if row.step not in known.get(row.scenario, ())
        ]
    if not unfinished:
        wrong += [
            f"{row.scenario} / {row.step} / {row.path}: why is still to be written"
            for row in rows
            if not row.why.strip() or row.why.strip().upper().startswith(TODO)
        ]
    if wrong:
        raise RowError("\n".join(f"{path.name}: {text}" for text in wrong))
    return rows


def status_of(difference: Difference) -> int | Literal["failed"]:
    """What a row says was answered instead, for a difference of status."""
    return difference.got if isinstance(difference.got, int) else "failed"


def covered(
    place: Callable[[Difference], Place], found: list[Difference], rows: Mapping[Place, Row]
) -> list[Difference]:
    """The differences of one step that rows excuse; `place` says where a row for one would point."""
    for difference in found:
        row = rows.get(place(difference))
        if difference.path == "status" and row is not None and _same_status(row, difference):
            return found
    return [d for d in found if d.path != "status" and place(d) in rows]


def _same_status(row: Row, difference: Difference) -> bool:
    got = status_of(difference)
    return got != CRASH and row.got == got


def write(path: Path, region: str, rows: Iterable[Row], order: Iterable[Case]) -> None:
    """Write rows in the order of the corpus, over the file."""
    places = {(case.name, answer.name): i for i, (case, answer) in enumerate((c, a) for c in order for a in c.golden)}
    last = len(places)
    ordered = sorted(rows, key=lambda r: (places.get((r.scenario, r.step), last), r.place))
    path.parent.mkdir(parents=True, exist_ok=True)
    documents = [
        yaml.safe_dump([msgspec.to_builtins(r)], sort_keys=False, allow_unicode=True, width=110) for r in ordered
    ]
    path.write_text(HEADER.format(region=region) + "".join(documents), encoding="utf-8")


def candidates(place: Callable[[Difference], Place], open_: list[Difference]) -> list[Row]:
    """Rows to be thought about, for the differences of one step that have none."""
    status = [d for d in open_ if d.path == "status"]
    wanted = {place(d): status_of(d) if d.path == "status" else None for d in status or open_}
    return [
        Row(scenario=scenario, step=step, path=path, got=got, reason="not-built", why=TODO)
        for (scenario, step, path), got in wanted.items()
        if got != CRASH
    ]


def _document(row: Row) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(row)
    return {key: value for key, value in document.items() if value is not None}


def _wrong(row: Row) -> str | None:
    if "*" in row.scenario or "*" in row.path or "?" in row.path:
        return "patterns are not allowed"
    if not _PATH.fullmatch(row.path):
        return "not a path (status, wait, header:name, $.json.path)"
    if (row.path == "status") != (row.got is not None):
        return "a row of path status, and no other, says what is got"
    return None


def _repeated(rows: list[Row]) -> list[Place]:
    return [place for place, count in Counter(row.place for row in rows).items() if count > 1]
