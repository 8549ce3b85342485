"""How a command shows what it found: for people as aligned lines, for programs as JSON, from the same values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO


def write(values: Mapping[str, Any], form: str, out: TextIO) -> None:
    """Write a flat mapping in that form (`table` or `json`)."""
    if form == "json":
        write_json(values, out)
        return
    width = max((len(name) for name in values), default=0)
    out.writelines(f"{name:<{width}}  {value}\n" for name, value in values.items())


def write_json(values: Any, out: TextIO) -> None:
    """Write any value as JSON, keys in their order."""
    out.write(json.dumps(values, indent=2, ensure_ascii=False) + "\n")
