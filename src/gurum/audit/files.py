"""Where a chain lies: a directory a writer, in it numbered files of whole lines, each going on where the last ended.

A file is never written again once a newer one was begun. So old ones can be taken away for good keeping, as a whole;
the first line of each, which says what came before it, stays as `<name>.head`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\d{8})-(\d{12})\.jsonl(\.head)?\Z")
LOCK = "lock"


@dataclass(frozen=True)
class Segment:
    """A file of a chain. first: the number of its first event. stub: only its first line is here."""

    path: Path
    number: int
    first: int
    stub: bool = False


def name(number: int, first: int) -> str:
    """Return a file's name."""
    return f"{number:08d}-{first:012d}.jsonl"


def segments(directory: Path) -> list[Segment]:
    """Return a writer's files, oldest first; where a whole file is there, its stub is not told."""
    found: dict[int, Segment] = {}
    for path in directory.iterdir():
        match = _NAME.match(path.name)
        if match is None:
            continue
        one = Segment(path, int(match[1]), int(match[2]), match[3] is not None)
        known = found.get(one.number)
        if known is None or known.stub:
            found[one.number] = one
    return [found[number] for number in sorted(found)]


def writers(directory: Path) -> list[str]:
    """Return the names of the chains below a directory."""
    return sorted(path.name for path in directory.iterdir() if path.is_dir()) if directory.is_dir() else []


def lines(path: Path, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line with its end) from an offset on; the last may be without its end."""
    with path.open("rb") as file:
        file.seek(offset)
        for whole in file:
            yield offset, whole
            offset += len(whole)
