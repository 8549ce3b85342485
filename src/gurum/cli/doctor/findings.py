"""What was looked at, what is so, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

import msgspec

from gurum.cli.output import write_json

WELL, MISSING, UNKNOWN = "well", "missing", "unknown"
_MARKS = {WELL: "✓", MISSING: "✗", UNKNOWN: "?"}


class Finding(msgspec.Struct, frozen=True):
    """A row. state: WELL, MISSING, or UNKNOWN: whoever asks may not see it. remedy: what to do, empty if nothing."""

    area: str
    what: str
    state: str
    told: str
    remedy: str = ""


def well(area: str, what: str, told: str) -> Finding:
    """Return that it is as it must be."""
    return Finding(area, what, WELL, told)


def missing(area: str, what: str, told: str, remedy: str) -> Finding:
    """Return that it is not."""
    return Finding(area, what, MISSING, told, remedy)


def unknown(area: str, what: str, told: str, remedy: str = "") -> Finding:
    """Return that it could not be seen."""
    return Finding(area, what, UNKNOWN, told, remedy)


def write(findings: Sequence[Finding], form: str, out: TextIO) -> None:
    """Write them: for people as lines with what mends each below it, for programs as JSON."""
    count = {state: sum(one.state == state for one in findings) for state in _MARKS}
    if form == "json":
        found = [msgspec.to_builtins(one) for one in findings]
        write_json({"well": not count[MISSING], "findings": found}, out)
        return
    areas = max((len(one.area) for one in findings), default=0)
    names = max((len(one.what) for one in findings), default=0)
    for one in findings:
        out.write(f"{_MARKS[one.state]} {one.area:<{areas}}  {one.what:<{names}}  {one.told}\n")
        if one.remedy:
            out.write(f"  {'':<{areas}}  mend: {one.remedy}\n")
    unseen = f", {count[UNKNOWN]} could not be seen" if count[UNKNOWN] else ""
    out.write(f"\n{count[WELL]} well, {count[MISSING]} missing{unseen}\n")
