"""The calls to the cloud that were made for an object: read from the engine's log, where each call is one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gurum.cli.explain.answer import Call

EVENT = b'"aws call"'  # the words of gurum.providers.aws.caller
LAST = 50


def calls(directory: Path, names: Mapping[str, str]) -> list[Call]:
    """Return the last calls (at most 50) for the objects whose ids are in `names`, oldest first.

    names: id to what to call it. Reads the log and its renamed predecessors; what was rotated away is not shown.
    """
    found = []
    for line in _lines(directory):
        if EVENT not in line:
            continue
        entry = _decoded(line)
        if entry.get("resource_id") in names:
            found.append(
                Call(
                    at=str(entry.get("time", "")),
                    action=str(entry.get("action", "")),
                    outcome=str(entry.get("outcome", "")),
                    ms=float(entry.get("ms", 0.0)),
                    request_id=str(entry.get("aws_request_id", "")),
                    of=names[str(entry["resource_id"])],
                    for_request=str(entry.get("request_id") or ""),
                )
            )
    return found[-LAST:]


def _lines(directory: Path) -> Iterator[bytes]:
    files = sorted(directory.glob("engine.log.*"), key=lambda file: -int(file.suffix[1:]))
    for file in (*files, directory / "engine.log"):
        if file.exists():
            with file.open("rb") as lines:
                yield from lines


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        entry = msgspec.json.decode(line)
    except msgspec.DecodeError:  # the last line of a process that was killed while it wrote
        return {}
    return entry if isinstance(entry, dict) else {}
