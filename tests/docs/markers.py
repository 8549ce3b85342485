"""Generated parts of a page: what stands between two markers belongs to a generator, the rest to people.

<!-- begin: capabilities -->
...
<!-- end: capabilities -->
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

Parts = Mapping[str, str]

_PART = re.compile(r"<!-- begin: (?P<name>[\w-]+) -->\n.*?<!-- end: (?P=name) -->", re.DOTALL)


def fill(page: str, parts: Parts) -> str:
    """Return the page with each part between its markers. Raises ValueError unless page and parts name the same."""
    found = [match["name"] for match in _PART.finditer(page)]
    if sorted(found) != sorted(parts):
        raise ValueError(f"the page has the parts {sorted(found)}, its generator makes {sorted(parts)}")

    def part(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- begin: {name} -->\n{parts[name].strip()}\n<!-- end: {name} -->"

    return _PART.sub(part, page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown. A bar within a cell is escaped, a line end becomes a space."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(names: Iterable[str]) -> str:
    """Return names set as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)
