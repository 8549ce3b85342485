"""A store, or one object, of a release that does not exist yet: each program must refuse it in one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.stack import BIN
from tests.upgrade.content import Content, content, copied
from tests.upgrade.site import environ

from gurum.supervisor.places import Places

SECONDS = 60.0


def _store(rows: Content) -> None:
    rows.sql("INSERT INTO migrations SELECT max(number) + 1, 'of a newer release', max(applied_at) FROM migrations")


def _object(rows: Content) -> None:
    [[server]] = rows.sql("SELECT min(id) FROM objects WHERE kind = 'Server'")
    if server is None:
        raise RuntimeError("the store has no server to make newer")
    rows.sql("UPDATE objects SET schema = 99 WHERE kind = 'Server' AND id = ?", server)


NEWER: dict[str, Callable[[Content], None]] = {"store": _store, "object": _object}


def programs(places: Places) -> dict[str, list[str]]:
    """Return the command lines of what opens a store."""
    config = ["--config", str(places.effective)]
    return {
        "engine": [sys.executable, "-m", "gurum.engine", *config],
        "pia": [sys.executable, "-m", "gurum.pia", *config],
        "gurum store info": [str(BIN / "gurum"), "store", "info", "--state", str(places.state)],
    }


def refusals(places: Places, store: str, scratch: Path) -> list[tuple[str, str, str]]:
    """Start every program on a newer store and on a newer object; return (what, what it said, what is wrong or "")."""
    found = []
    for what, spoil in NEWER.items():
        copy = copied(store, f"newer-{what}", scratch)
        with content(copy) as rows:
            spoil(rows)
        surroundings = environ(GURUM_STORE__URL=copy, GURUM_LOG__DIRECTORY=str(scratch / "log"))
        for name, words in programs(places).items():
            found.append((f"{name}, newer {what}", *_refusal(words, surroundings)))
    return found


def _refusal(words: list[str], surroundings: dict[str, str]) -> tuple[str, str]:
    try:
        ended = subprocess.run(words, env=surroundings, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "", f"still running after {SECONDS:.0f} s"
    said = ended.stderr.strip()
    if ended.returncode == 0:
        return said, "exit status 0"
    if len(said.splitlines()) != 1 or "newer release" not in said:
        return said, f"not one sentence about a newer release, but {len(said.splitlines())} lines"
    return said, ""
