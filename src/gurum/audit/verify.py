"""Whether the chains are what was written: every link followed, every anchored head found, nothing missing.

What a writer may have left when it was killed, or the disk was full, is told and is no fault, if the next file's first
event names exactly those bytes. Everything else that does not fit is a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gurum.audit import chain, files
from gurum.audit.chain import Head
from gurum.audit.event import Event, Torn, decode
from gurum.audit.files import Segment
from gurum.audit.tail import first_event, holds_events


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written. seq: the event's number, 0 where none can be named."""

    writer: str
    what: str
    file: str = ""
    seq: int = 0


@dataclass
class Report:
    """What was found in one chain. notes: what is no fault, but worth knowing."""

    writer: str
    events: int = 0
    head: Head = chain.NOTHING
    anchored: int | None = None
    archived: int = 0  # files of which only the first line is here
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Walk:
    """One chain, from its first file to its last."""

    def __init__(self, directory: Path, anchored: Mapping[int, str]) -> None:
        self.report = Report(directory.name)
        self._directory, self._anchored = directory, dict(anchored)
        self._link, self._seq = chain.START, 0
        self._whole = False  # whether every event so far was here, so that an anchored one can be missed
        self._torn: list[Torn] = []
        self._stubs: set[int] = set()

    def walk(self) -> Report:
        found = files.segments(self._directory)
        number = 0
        for segment in found:
            if number and segment.number != number + 1:
                self._find("removed: a file is missing before it", segment)
            number = segment.number
            self._segment(segment)
        report = self.report
        report.head = Head(self._seq, self._link.hex())
        for torn in self._torn:
            report.notes.append(
                f"{torn.bytes} bytes of an event that was never acknowledged end file {torn.segment}; "
                "the next writer says so in the chain"
            )
        if self._anchored:
            newest = max(self._anchored)
            report.anchored = newest
            if newest > self._seq:
                self._find(
                    f"cut, or put back from a copy: {newest} events were anchored, the chain ends with {self._seq}"
                )
        return report

    def _find(self, what: str, segment: Segment | None = None, seq: int = 0) -> None:
        self.report.findings.append(
            Finding(self.report.writer, what, segment.path.name if segment is not None else "", seq)
        )

    def _segment(self, segment: Segment) -> None:
        begin = first_event(segment)
        if begin is None:
            rest = segment.path.read_bytes()
            if holds_events(rest):
                self._find("edited: its first event is not one that begins a file", segment, segment.first)
            elif rest:
                self._tear(segment, rest)
            return
        self._begins(segment, begin)
        if segment.stub:
            self._stubs.add(segment.number)
            self.report.archived += 1
        size = 0
        for offset, whole in files.lines(segment.path):
            parted = chain.parts(whole)
            if parted is None:
                if not whole.endswith(b"\n") or not _more(segment.path, offset + len(whole)):
                    break
                self._find("edited: this is no event", segment, self._seq + 1)
                size = offset + len(whole)
                continue
            self._event(segment, *parted)
            size = offset + len(whole)
        with segment.path.open("rb") as file:
            file.seek(size)
            rest = file.read()
        if rest and holds_events(rest):
            self._find("edited: events follow that are not linked", segment, self._seq + 1)
        elif rest:
            self._tear(segment, rest)

    def _tear(self, segment: Segment, rest: bytes) -> None:
        self._torn.append(Torn(segment=segment.number, bytes=len(rest), sha256=hashlib.sha256(rest).hexdigest()))

    def _begins(self, segment: Segment, begin: Event) -> None:
        """Look whether a file goes on where the one before it ended; behind an archived one, from what it says."""
        links = begin.links
        told = set(links.torn)
        for torn in self._torn:
            if torn not in told:
                self._find(f"edited: {torn.bytes} bytes behind the last event that no writer left", segment)
        for torn in told - set(self._torn):
            if torn.segment not in self._stubs:
                self._find(f"removed: {torn.bytes} bytes that a writer left behind its last event", segment)
        self._torn = []
        if links.abandoned:
            self.report.notes.append(f"it goes on for {links.abandoned}, which was found changed")
        previous = bytes.fromhex(links.previous_hash)
        if not self._whole and segment.first > 1:
            if self._seq == 0 and not segment.stub:
                self._find(f"removed: its files begin with event {segment.first}", segment)
            self._check(segment, segment.first - 1, links.previous_hash)
        elif (self._seq, self._link) != (segment.first - 1, previous):
            self._find(f"removed, or replaced: it does not go on from event {self._seq}", segment, segment.first)
            self._check(segment, segment.first - 1, links.previous_hash)
        self._link, self._seq = previous, segment.first - 1
        self._whole = not segment.stub

    def _event(self, segment: Segment, link: bytes, body: bytes) -> None:
        report = self.report
        follows = chain.follow(self._link, (chain.digest(body),))
        try:
            event: Event | None = decode(body)
        except msgspec.DecodeError:
            event = None
        seq = _number(event)
        wanted = self._seq + 1
        if event is None:
            self._find("edited: it has not the form of an event", segment, wanted)
        elif event.id != f"{report.writer}/{seq}":
            self._find("edited: it is of another chain", segment, wanted)
        elif link != follows:
            what = (
                "edited" if seq == wanted else "removed: events before it are missing" if seq > wanted else "reordered"
            )
            self._find(what, segment, seq)
        elif seq != wanted:
            self._find("renumbered", segment, seq)
        self._link, self._seq = link, seq or wanted
        report.events += 1
        self._check(segment, self._seq, link.hex())

    def _check(self, segment: Segment, seq: int, hash: str) -> None:
        anchored = self._anchored.get(seq)
        if anchored is not None and anchored != hash:
            self._find("replaced: another event was anchored under this number", segment, seq)


def _number(event: Event | None) -> int:
    """Return an event's number; 0 of what has none."""
    number = event.id.rpartition("/")[2] if event is not None else ""
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 16 else 0


def _more(path: Path, offset: int) -> bool:
    """Whether a whole event of ours stands behind an offset."""
    return any(chain.parts(whole) is not None for _, whole in files.lines(path, offset))


def verify(directory: Path, anchored: Mapping[str, Mapping[int, str]], accepted: Mapping[str, str]) -> list[Report]:
    """Return what is found in every chain below a directory.

    anchored: by writer, the hashes that were anchored, by the number of the event; the more, the better, the newest
    alone suffices unless files are archived. accepted: chains whose findings somebody looked into: they become notes.
    """
    reports = []
    for writer in sorted({*files.writers(directory), *anchored}):
        if (directory / writer).is_dir():
            report = _Walk(directory / writer, anchored.get(writer, {})).walk()
        else:
            report = Report(writer, anchored=max(anchored[writer], default=0))
            report.findings.append(Finding(writer, "removed: the whole chain is gone"))
        if writer in accepted and report.findings:
            report.notes.append(f"{len(report.findings)} findings, accepted: {accepted[writer]}")
            report.findings = []
        reports.append(report)
    return reports
