"""Transcripts for tests: calls that nobody made."""

from __future__ import annotations

import json
from typing import Any

from tests.same.play import Play, Transcript
from tests.same.warm import Result

ONE, TWO, THREE = (f"{n}1111111-2222-4333-8444-555555555555" for n in "abc")


def play(name: str, printed: Any = None, *, code: int = 0, stderr: str = "", call: str = "") -> Play:
    """Return a call that printed a document, or a text as it is."""
    text = printed if isinstance(printed, str) else "" if printed is None else json.dumps(printed)
    return Play(name=name, call=call or f"openstack {name}", result=Result(exit=code, stdout=text, stderr=stderr))


def transcript(*plays: Play, **names: str) -> Transcript:
    """Return a transcript; `names` are the run's own, by what they are called."""
    return Transcript(cloud="x", names={value: f"<{key}>" for key, value in names.items()}, plays=list(plays))
