"""Recordings as files, one a scenario, so that a run can be looked at and compared again without the cloud.

They hold tokens and passwords of the run's own short-lived users (masking needs them) and so are readable by their
owner alone. The administrator's are never in them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from tests.golden.player.model import Recording


def to_document(recording: Recording) -> dict[str, Any]:
    """The recording as its file holds it: what a step does not have is absent, not null."""
    document: dict[str, Any] = msgspec.to_builtins(recording)
    document["steps"] = [{key: value for key, value in step.items() if value is not None} for step in document["steps"]]
    return document


def write(root: Path, recording: Recording) -> None:
    """Write one recording to `root/service/scenario.json`, over an earlier one."""
    path = root / f"{recording.scenario}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(to_document(recording)), indent=1)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def read(root: Path, scenario: str) -> Recording | None:
    """The recording of a scenario; None if there is none."""
    path = root / f"{scenario}.json"
    return msgspec.json.decode(path.read_bytes(), type=Recording) if path.exists() else None
