"""What the commands need of a run: where its chains are, and what was anchored of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gurum.audit import files
from gurum.audit.anchor import register
from gurum.audit.anchor.wire import SocketAnchor
from gurum.audit.tail import first_event
from gurum.ops.audit import AuditConfig
from gurum.supervisor.rows import Refusal

CONTROLS = dict.fromkeys((*range(32), *range(127, 160), *range(8234, 8239), *range(8294, 8298)), "�")


@dataclass(frozen=True)
class Kept:
    """What the anchor has: hashes by writer and number, and chains that somebody looked into. source: how we know."""

    source: str
    hashes: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)


def shown(text: str) -> str:
    """Return a text of a file that may be forged, as it may be shown: no control, no change of direction."""
    return text.translate(CONTROLS)


def chains(config: AuditConfig) -> Path:
    """Return where the chains are. Raises Refusal."""
    directory = Path(config.directory)
    if not config.enabled:
        raise Refusal("nothing is recorded: the configuration has no audit.directory")
    if not directory.is_dir():
        raise Refusal(f"nothing was recorded yet: there is no {directory}")
    return directory


async def kept(config: AuditConfig) -> Kept:
    """Return what was anchored: all of it where we may read the anchor's directory, else what it tells.

    Raises Refusal when it can be had in neither way: a chain that is compared with nothing proves nothing.
    """
    if not config.anchored:
        return Kept("no anchor is configured: audit.anchor_socket is `none`")
    try:
        return _read(Path(config.anchor_directory))
    except OSError:
        pass  # it is another user's: asked, then
    try:
        return await _asked(config)
    except OSError as error:
        raise Refusal(
            f"what was anchored cannot be read ({config.anchor_directory}), and the anchor does not answer at "
            f"{config.anchor_socket}: {error}"
        ) from error


def _read(directory: Path) -> Kept:
    opened = register.entered(directory)
    try:
        hashes: dict[str, dict[int, str]] = {}
        for one in register.history(opened):
            hashes.setdefault(one.writer, {})[one.seq] = one.hash
        return Kept(str(directory), hashes, {one.writer: one.reason for one in register.accepted(opened)})
    finally:
        os.close(opened)


async def _asked(config: AuditConfig) -> Kept:
    anchor = SocketAnchor(Path(config.anchor_socket))
    answer = await anchor.heads()
    hashes = {writer: {head.seq: head.hash} for writer, head in answer.heads.items()}
    directory = Path(config.directory)
    for writer in files.writers(directory):
        ends = [segment.first - 1 for segment in files.segments(directory / writer) if first_event(segment) is not None]
        hashes.setdefault(writer, {}).update(await anchor.at(writer, ends))
    return Kept(config.anchor_socket, hashes, answer.accepted)
