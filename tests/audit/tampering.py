"""A run's chains, changed in every way by whoever may write its files; each has to be found by `verify`."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.audit.chains import events
from tests.support.stack import Stack

from gurum.audit import chain, files
from gurum.audit.verify import verify
from gurum.cli.audit.reading import Kept, kept
from gurum.ops.audit import AuditConfig

COPY = "as-it-was"
CHAIN = "engine-1"


def copy(stack: Stack, directory: Path) -> int:
    """Copy the chains and the database, to be put back later; return how many events there are."""
    chains = Path(stack.config.audit.directory)
    shutil.copytree(chains, directory / COPY / "audit")
    for path in stack.places.state.glob("*.sqlite*"):
        shutil.copy(path, directory / COPY / path.name)
    return sum(len(events(chains / writer)) for writer in files.writers(chains))


def found(config: AuditConfig, directory: Path, say: Callable[[str], None]) -> int:
    """Change a copy of the chains in each way; return how many of the ways were found."""
    anchored = asyncio.run(kept(config))
    right = 0
    for name, (change, begins) in WAYS.items():
        chains = directory / "changed"
        shutil.copytree(config.directory, chains)
        change(chains, directory)
        what = [one for one in _findings(chains, anchored) if one.startswith(begins)]
        say(f"{name}: {what[0] if what else 'NOT FOUND'}")
        right += bool(what)
        shutil.rmtree(chains)
    return right


def _findings(chains: Path, anchored: Kept) -> list[str]:
    reports = verify(chains, anchored.hashes, anchored.accepted)
    return [finding.what for report in reports if report.writer == CHAIN for finding in report.findings]


def _segments(chains: Path) -> list[Path]:
    return [one.path for one in files.segments(chains / CHAIN)]


def _longest(chains: Path) -> Path:
    return max(_segments(chains), key=lambda path: path.stat().st_size)


def _lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def _edited(chains: Path, directory: Path) -> None:
    """Somebody else is said to have done it."""
    _lines(_longest(chains), lambda lines: [*lines[:4], lines[4].replace(b'"id":"', b'"id":"x', 1), *lines[5:]])


def _removed(chains: Path, directory: Path) -> None:
    _lines(_longest(chains), lambda lines: lines[:5] + lines[6:])


def _reordered(chains: Path, directory: Path) -> None:
    _lines(_longest(chains), lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]])


def _truncated(chains: Path, directory: Path) -> None:
    path = _segments(chains)[-1]
    _lines(path, lambda lines: lines[:-3] if len(lines) > 3 else [])


def _replaced(chains: Path, directory: Path) -> None:
    """A file is written anew, with links that fit."""
    path = _longest(chains)
    parted = [chain.parts(line) for line in path.read_bytes().splitlines(keepends=True)]
    bodies = [part[1] for part in parted if part is not None]
    link = bytes.fromhex(json.loads(bodies[0])["attachments"][0]["content"]["previousHash"])
    made = []
    for body in bodies:
        body = body.replace(b'"success"', b'"failure"')
        link = chain.follow(link, [chain.digest(body)])
        made.append(chain.line(link, body))
    path.write_bytes(b"".join(made))


def _restored(chains: Path, directory: Path) -> None:
    """All but the anchor is as it was some time ago, the database, too: so the two agree with each other."""
    shutil.rmtree(chains)
    shutil.copytree(directory / COPY / "audit", chains)


def _file_gone(chains: Path, directory: Path) -> None:
    _segments(chains)[0].unlink()


def _chain_gone(chains: Path, directory: Path) -> None:
    shutil.rmtree(chains / CHAIN)


# What is done, and how what is found of the engine's chain has to begin.
WAYS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "an event edited": (_edited, "edited"),
    "an event removed": (_removed, "removed: events before it are missing"),
    "two events reordered": (_reordered, "removed: events before it are missing"),
    "the tail truncated": (_truncated, "cut, or put back"),
    "a file replaced": (_replaced, "replaced"),
    "all but the anchor put back": (_restored, "cut, or put back"),
    "a file removed": (_file_gone, "removed: its files begin with"),
    "a chain removed": (_chain_gone, "removed: the whole chain is gone"),
}
