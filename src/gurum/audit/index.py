"""Finding events by what they are about, without reading all of them.

An index is a file beside the chains, one for each of their files that is closed: for each key of each event eight bytes
of the key's digest and the place of the event, sorted. It is made when it is first needed and holds nothing that is not
in the chain: it may be removed at any time. What it leads to is read from the chain, so a wrong index can hide an event
from a question, but never make one up; `verify` makes no use of it.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gurum.audit import chain, files
from gurum.audit.event import Event, decode, keys
from gurum.audit.files import Segment

_ROW = struct.Struct(">8sQ")
_MAGIC = b"gurumidx1\n"
_SIZE = struct.Struct(">Q")


@dataclass(frozen=True, order=True)
class Found:
    """An event and where it stands. Sorted by time, then by chain and number."""

    at: str
    writer: str
    seq: int
    event: Event

    def __hash__(self) -> int:
        return hash((self.writer, self.seq))


class Index:
    """The events of all chains below a directory, by their keys (`gurum.audit.event.keys`)."""

    def __init__(self, chains: Path, beside: Path) -> None:
        """`beside`: where the index files are kept. Raises OSError where they cannot be."""
        self._chains, self._beside = chains, beside
        beside.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find(self, key: str) -> list[Found]:
        """Return every event that has this key, oldest first."""
        sought = _short(key)
        found = []
        for segment, last in self._segments():
            offsets = self._offsets(segment, sought) if not last else _scanned(segment, sought)
            found += [one for one in _read(segment.path, offsets) if key in keys(one.event)]
        return sorted(found, key=lambda one: (one.at, one.writer, one.seq))

    def _segments(self) -> Iterator[tuple[Segment, bool]]:
        """Yield every file, and whether it may still grow: then an index of it would be old at once."""
        for writer in files.writers(self._chains):
            found = [segment for segment in files.segments(self._chains / writer) if not segment.stub]
            for segment in found:
                yield segment, segment is found[-1]

    def _offsets(self, segment: Segment, sought: bytes) -> list[int]:
        path = self._beside / f"{segment.path.parent.name}-{segment.path.name}.index"
        size = segment.path.stat().st_size
        if not _fits(path, size):
            _make(segment, path, size)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            rows = _Rows(whole)
            at = bisect_left(rows, sought)
            offsets = []
            while at < len(rows) and rows[at] == sought:
                offsets.append(rows.offset(at))
                at += 1
        return offsets


class _Rows:
    """The sorted keys of an index file, as `bisect` asks for them."""

    def __init__(self, whole: mmap.mmap) -> None:
        self._whole = whole
        self._first = len(_MAGIC) + _SIZE.size

    def __len__(self) -> int:
        return (len(self._whole) - self._first) // _ROW.size

    def __getitem__(self, number: int) -> bytes:
        at = self._first + number * _ROW.size
        return self._whole[at : at + 8]

    def offset(self, number: int) -> int:
        """Return the place of the event of a row."""
        row = _ROW.unpack_from(self._whole, self._first + number * _ROW.size)
        return int(row[1])


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()


def _fits(path: Path, size: int) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC) + _SIZE.size)
    except FileNotFoundError:
        return False
    return head == _MAGIC + _SIZE.pack(size)


def _make(segment: Segment, path: Path, size: int) -> None:
    rows = [_ROW.pack(_short(key), at) for at, event in _events(segment.path) for key in keys(event)]
    rows.sort()
    draft = path.with_suffix(".draft")
    draft.write_bytes(_MAGIC + _SIZE.pack(size) + b"".join(rows))
    draft.replace(path)


def _events(path: Path) -> Iterator[tuple[int, Event]]:
    for offset, whole in files.lines(path):
        event = _event(whole)
        if event is not None:
            yield offset, event


def _event(whole: bytes) -> Event | None:
    parted = chain.parts(whole)
    if parted is None:
        return None
    try:
        return decode(parted[1])
    except msgspec.DecodeError:
        return None  # forged, or torn: `verify` says so


def _scanned(segment: Segment, sought: bytes) -> list[int]:
    return [offset for offset, event in _events(segment.path) if any(_short(key) == sought for key in keys(event))]


def _read(path: Path, offsets: Iterable[int]) -> Iterator[Found]:
    with path.open("rb") as file:
        for offset in offsets:
            file.seek(offset)
            event = _event(file.readline())
            if event is not None:
                writer, _, number = event.id.rpartition("/")
                yield Found(event.event_time, writer, int(number) if number.isdecimal() else 0, event)
