"""How far a chain on disk has come, read by whoever wants to go on with it or show it to the anchor.

A writer that was killed, or a full disk, leaves bytes behind the last whole event. They are told (`Torn`), and stay
where they are: the next file's first event names their length and digest, so that they can neither be mistaken for an
edit nor hide one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gurum.audit import chain, files
from gurum.audit.chain import Head
from gurum.audit.errors import BrokenError
from gurum.audit.event import Event, Torn, decode
from gurum.audit.files import Segment

_HASH = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Tail:
    """The end of a chain: its head, the number of its last file, and what is torn behind the head."""

    head: Head
    segment: int
    torn: tuple[Torn, ...]


@dataclass(frozen=True)
class Cursor:
    """A place in a chain: behind the event whose head it is, at an offset of a file."""

    head: Head
    segment: int = 0
    offset: int = 0


def first_event(segment: Segment) -> Event | None:
    """Return the event that a file begins with; None if it has no whole line of ours."""
    _, whole = next(files.lines(segment.path), (0, b""))
    found = chain.parts(whole)
    if found is None:
        return None
    try:
        event = decode(found[1])
    except msgspec.DecodeError:
        return None
    return event if _HASH.match(event.links.previous_hash) else None


def tail(directory: Path) -> Tail:
    """Return the end of the chain in a writer's directory. Raises BrokenError where whole events follow a wrong one."""
    found = files.segments(directory)
    torn: list[Torn] = []
    for segment in reversed(found):
        if segment.stub:
            break
        head = _followed(segment, torn)
        if head is not None:
            return Tail(head, found[-1].number, tuple(reversed(torn)))
    if any(not segment.stub for segment in found) and any(segment.first > 1 for segment in found):
        raise BrokenError(f"no file in {directory} begins with an event")
    return Tail(chain.NOTHING, found[-1].number if found else 0, tuple(reversed(torn)))


def _followed(segment: Segment, torn: list[Torn]) -> Head | None:
    """Return the head at a file's end, adding what is torn behind it; None if nothing in it is whole."""
    begin = first_event(segment)
    link = bytes.fromhex(begin.links.previous_hash) if begin is not None else b""
    seq, size = segment.first - 1, 0
    for offset, whole in files.lines(segment.path):
        found = chain.parts(whole) if begin is not None else None
        if found is None or chain.follow(link, [chain.digest(found[1])]) != found[0]:
            break
        link, seq, size = found[0], seq + 1, offset + len(whole)
    with segment.path.open("rb") as file:
        file.seek(size)
        rest = file.read()
    if rest:
        if holds_events(rest):
            raise BrokenError(f"{segment.path.name}: events follow that are not linked to number {seq}")
        torn.append(Torn(segment=segment.number, bytes=len(rest), sha256=hashlib.sha256(rest).hexdigest()))
    return Head(seq, link.hex()) if size else None


def holds_events(rest: bytes) -> bool:
    """Whether bytes behind the last event of a chain hold whole events: then nobody was merely interrupted there."""
    return any(chain.parts(line + b"\n") is not None for line in rest.split(b"\n")[:-1])


def onward(directory: Path, cursor: Cursor) -> Iterator[tuple[Cursor, list[bytes]]]:
    """Yield (where it ends, digests of the events) for each file after the cursor, as they stand on disk now.

    Raises BrokenError where the chain on disk does not go on from the cursor's head.
    """
    found = [segment for segment in files.segments(directory) if not segment.stub]
    if cursor.segment:
        here = next((s for s in found if s.number == cursor.segment), None)
    else:
        begun = (s for s in reversed(found) if s.first <= cursor.head.seq + 1)
        here = next((s for s in begun if first_event(s) is not None), None)
    if here is None:
        if cursor.head.seq:
            raise BrokenError(f"the file of event {cursor.head.seq} is gone")
        return
    skipped, skip_link = cursor.head.seq, bytes.fromhex(cursor.head.hash)
    link, seq = skip_link, skipped
    for segment in (s for s in found if s.number >= here.number):
        offset = cursor.offset if segment.number == cursor.segment else 0
        if offset == 0:
            begin = first_event(segment)
            if begin is None:
                continue  # torn as a whole: the next one's first event says so
            if segment is here:
                link, seq = bytes.fromhex(begin.links.previous_hash), segment.first - 1
            elif begin.links.previous_hash != link.hex() or segment.first != seq + 1:
                raise BrokenError(f"{segment.path.name} does not go on from event {seq}")
            if seq == skipped and link != skip_link:
                raise BrokenError(f"event {seq} is another one than was anchored")
        elif segment.path.stat().st_size < offset:
            raise BrokenError(f"{segment.path.name} was cut before event {skipped}, which was anchored")
        digests: list[bytes] = []
        for at, whole in files.lines(segment.path, offset):
            parted = chain.parts(whole)
            if parted is None:
                break
            digest = chain.digest(parted[1])
            link = chain.follow(link, [digest])
            if link != parted[0]:
                raise BrokenError(f"{segment.path.name}: event {seq + 1} is not the one that was written")
            seq, offset = seq + 1, at + len(whole)
            if seq == skipped and link != skip_link:
                raise BrokenError(f"event {seq} is another one than was anchored")
            if seq > skipped:
                digests.append(digest)
        if digests:
            yield Cursor(Head(seq, link.hex()), segment.number, offset), digests
    if seq < skipped:
        raise BrokenError(f"the chain ends with event {seq}, but {skipped} was anchored")
