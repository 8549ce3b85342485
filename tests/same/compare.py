"""Two transcripts beside each other: normalised lines, what is different, which rows were needed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from tests.same.normalise import Leaf, Normaliser, covered, flat, leaves
from tests.same.play import Play, Transcript
from tests.same.rows import Row

Fields = dict[str, str]
ROW = "(a row)"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One place where two transcripts differ. None: there is nothing at that place."""

    call: str
    field: str
    a: str | None
    b: str | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a comparison. Lines are of the normalised transcripts; `needless` rows excuse nothing."""

    differences: list[Difference]
    needless: list[Row]
    lines_a: list[str]
    lines_b: list[str]

    @property
    def equal(self) -> bool:
        """Whether nothing differs but for the rows, and each row was needed."""
        return not self.differences and not self.needless

    def diff(self, a: str, b: str) -> str:
        """Return the unified diff."""
        return "\n".join(difflib.unified_diff(self.lines_a, self.lines_b, a, b, lineterm="", n=4))


def compare(a: Transcript, b: Transcript, rows: Mapping[str, list[Row]], written: str) -> Verdict:
    """Compare two transcripts of the same script; `written` is its text."""
    left, right = Normaliser(a.names, written), Normaliser(b.names, written)
    # What rows cover is numbered by itself, and what they write is as literal as what the script writes.
    by_rows = "\n".join(f"{row.b}" for of_call in rows.values() for row in of_call)
    aside = Normaliser(b.names, f"{written}\n{by_rows}")
    lines_a: list[str] = []
    lines_b: list[str] = []
    differences: list[Difference] = []
    needless: list[Row] = []
    for one, other in zip(a.plays, b.plays, strict=True):
        here = rows.get(one.name, [])
        excused = {row.field for row in here if _needed(row, one, left, other, right)}
        needless += [row for row in here if row.field not in excused]
        fields_a, fields_b = _fields(one, left, here), _fields(other, right, here)
        for row in here:
            wrong = _wrong(row, other, aside)
            if wrong is not None:
                differences.append(Difference(call=one.name, field=row.field, a=_said(row), b=wrong))
        differences += _differences(one.name, fields_a, fields_b)
        lines_a += _lines(one.name, fields_a)
        lines_b += _lines(other.name, fields_b)
    known = {play.name for play in a.plays}
    needless += [row for call, of_call in rows.items() if call not in known for row in of_call]
    return Verdict(differences=differences, needless=needless, lines_a=lines_a, lines_b=lines_b)


def _fields(play: Play, normaliser: Normaliser, rows: Sequence[Row]) -> Fields:
    """Return the shown text by path. What a row covers is said once and takes no numbers."""
    out: Fields = {"call": str(normaliser.value(play.call)), **{row.field: ROW for row in rows}}
    for path, value, key, owner in _leaves(play, normaliser):
        if not any(covered(path, row.field) for row in rows):
            out[path] = _shown(normaliser.value(value, key, owner))
    return out


def _leaves(play: Play, normaliser: Normaliser) -> list[Leaf]:
    """Return what a call shows; a path can have a name of the run in it."""
    return [(str(normaliser.named(path)), value, key, owner) for path, value, key, owner in leaves(play)]


def _below(play: Play, field: str, normaliser: Normaliser) -> list[Leaf]:
    return [leaf for leaf in _leaves(play, normaliser) if covered(leaf[0], field)]


def _needed(row: Row, one: Play, left: Normaliser, other: Play, right: Normaliser) -> bool:
    return _looks(one, row.field, left) != _looks(other, row.field, right)


def _looks(play: Play, field: str, normaliser: Normaliser) -> list[tuple[str, Any]]:
    return [(path, normaliser.seen(value, key, owner)) for path, value, key, owner in _below(play, field, normaliser)]


def _wrong(row: Row, play: Play, normaliser: Normaliser) -> str | None:
    """Return what the second cloud shows where the row says otherwise; None if it shows what the row says."""
    found = _below(play, row.field, normaliser)
    there = [(path, normaliser.value(value, key, owner)) for path, value, key, owner in found]
    says = [] if row.b is msgspec.UNSET else flat(row.b, row.field)
    if there == [(path, normaliser.named(value)) for path, value, _, _ in says]:
        return None
    return json.dumps(there, ensure_ascii=False)


def _said(row: Row) -> str:
    return "a row says: nothing" if row.b is msgspec.UNSET else f"a row says: {_shown(row.b)}"


def _differences(call: str, a: Fields, b: Fields) -> list[Difference]:
    found = [
        Difference(call=call, field=path, a=a.get(path), b=b.get(path))
        for path in dict.fromkeys((*a, *b))
        if a.get(path) != b.get(path)
    ]
    if not found and list(a) != list(b):
        found.append(Difference(call=call, field="(order)", a=" ".join(a), b=" ".join(b)))
    return found


def _lines(name: str, fields: Fields) -> list[str]:
    return [f"== {name}", *(f"{path}: {text}" for path, text in fields.items()), ""]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and _plain(value) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> bool:
    """Whether a text cannot be taken for another value when it is shown without quotes."""
    try:
        json.loads(text)
    except ValueError:
        return bool(text)
    return False
