"""What was held against what: a row an operation, printed as a table, and whether all of them held."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LEAST = 80  # operations, or too little was looked at
KUBECTL, API = "kubectl", "API"


def plain(text: str) -> str:
    """Return a sentence without the ids in it, which are each object's own."""
    return " ".join(_ID.sub("<id>", text).split())


@dataclass
class Row:
    """An operation: of which kind, what, done through which face and read through which, what came, whether it held."""

    kind: str
    what: str
    done: str
    read: str
    came: str
    held: bool


@dataclass
class Table:
    """The rows so far."""

    rows: list[Row] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def same(self, kind: str, what: str, done: str, read: str, wanted: Any, found: Any) -> bool:
        """Take a row that holds if the two are equal."""
        held = wanted == found
        came = _short(found) if held else f"{_short(found)} INSTEAD OF {_short(wanted)}"
        return self.add(Row(kind, what, done, read, came, held))

    def refused(self, kind: str, what: str, wanted: str, found: str, *, done: str = KUBECTL, read: str = API) -> bool:
        """Take a row that holds if what one face said contains the other's sentence, which is not empty."""
        wanted, found = plain(wanted), plain(found)
        held = bool(wanted) and wanted in found
        return self.add(Row(kind, what, done, read, wanted if held else f"{found!r} WITHOUT {wanted!r}", held))

    def add(self, row: Row) -> bool:
        """Take a row, and say how it went if it did not hold."""
        self.rows.append(row)
        sign = "held" if row.held else "NOT HELD"
        print(f"{time.monotonic() - self.began:6.1f} s  {sign:<8} {row.kind} {row.what}: {row.came[:400]}", flush=True)
        return row.held

    def end(self, least: int = LEAST) -> int:
        """Print everything; return the exit status."""
        widths = [max(len(getattr(row, name)) for row in self.rows) for name in ("kind", "what", "done", "read")]
        print()
        for number, row in enumerate(self.rows, 1):
            cells = zip((row.kind, row.what, row.done, row.read), widths, strict=True)
            text = "  ".join(cell.ljust(width) for cell, width in cells)
            print(f"{number:3}  {text}  {'held    ' if row.held else 'NOT HELD'}  {row.came[:120]}")
        kinds = Counter(row.kind for row in self.rows)
        print("\n" + ", ".join(f"{kind} {count}" for kind, count in kinds.items()))
        broken = [row for row in self.rows if not row.held]
        enough = len(self.rows) >= least
        verdict = "HELD" if not broken and enough else "NOT HELD"
        print(f"{verdict}: {len(self.rows) - len(broken)} of {len(self.rows)} operations (at least {least})")
        return 0 if verdict == "HELD" else 1


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
