"""How a command shows what it found: for people as aligned lines, for programs as JSON, from the same values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO


def write(values: Mapping[str, Any], form: str, out: TextIO) -> None:
    """Write a flat mapping in that form (`table` or `json`)."""
    if form == "json":
        write_json(values, out)
        return
    width = max((len(name) for name in values), default=0)
    out.writelines(f"{name:<{width}}  {value}\n" for name, value in values.items())


def rows(head: Sequence[str], lines: Iterable[Sequence[object]], out: TextIO) -> None:
    """Write aligned columns under a head."""
    table = [tuple(head), *(tuple(str(cell) for cell in line) for line in lines)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    out.writelines(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in table
    )


def write_json(values: Any, out: TextIO) -> None:
    """Write any value as JSON, keys in their order."""
    out.write(json.dumps(values, indent=2, ensure_ascii=False) + "\n")
