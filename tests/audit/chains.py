"""Chains to be tampered with: written by the real writer, anchored in a real register in this process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gurum.audit import chain, files
from gurum.audit.anchor.register import Register, entered, history
from gurum.audit.chain import Head
from gurum.audit.event import SUCCESS, Attachment, Event, Links, Party, decode
from gurum.audit.opening import opened
from gurum.audit.verify import Report, verify
from gurum.audit.writer import Writer
from gurum.ops.audit import AuditConfig


@dataclass
class Hands:
    """A clock that is set by hand; who sleeps on it sleeps for ever."""

    now: float = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.Event().wait()


@dataclass
class Kept:
    """The register as a writer meets it; `away` makes it unreachable."""

    path: Path
    clock: Hands
    away: bool = False
    register: Register = field(init=False)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.directory = entered(self.path)
        self.register = Register(self.directory, self.clock)

    async def head(self, writer: str) -> Head:
        self._there()
        return self.register.head(writer)

    async def extend(self, writer: str, since: Head, digests: Sequence[bytes]) -> Head:
        self._there()
        return self.register.extend(writer, since, digests)

    def _there(self) -> None:
        if self.away:
            raise ConnectionRefusedError("the anchor is away")

    def anchored(self) -> dict[str, dict[int, str]]:
        found: dict[str, dict[int, str]] = {}
        for one in history(self.directory):
            found.setdefault(one.writer, {})[one.seq] = one.hash
        return found


def event(name: str, **links: str) -> Event:
    """Return an event about an object of that name."""
    who = Party(id="11111111111111111111111111111111", type_uri="data/security/account/user")
    return Event(
        action="create",
        outcome=SUCCESS,
        initiator=who,
        target=Party(id=name, type_uri="compute/server"),
        observer=Party(id="pia", type_uri="service/compute"),
        event_time="",
        attachments=(Attachment(content=Links(**links)),),  # type: ignore[arg-type]  # the tests' are texts
    )


def events(directory: Path) -> list[Event]:
    """Return the events that are on disk, in their order."""
    found = []
    for segment in files.segments(directory):
        for _, line in files.lines(segment.path):
            parted = chain.parts(line)
            if parted is not None:
                found.append(decode(parted[1]))
    return found


@dataclass
class World:
    """A directory of chains and its anchor."""

    root: Path
    clock: Hands = field(default_factory=Hands)
    segment_bytes: int = 2000

    def __post_init__(self) -> None:
        self.anchor = Kept(self.root / "anchor", self.clock)
        self.chains = self.root / "audit"

    @contextlib.asynccontextmanager
    async def writing(self, role: str = "pia", anchor: Kept | None = None) -> AsyncIterator[Writer]:
        config = AuditConfig(directory=str(self.chains), segment_bytes=self.segment_bytes)
        async with opened(config, role, self.clock, anchor or self.anchor) as writer:
            yield writer

    async def written(self, count: int = 12, role: str = "pia") -> Path:
        """Have a process write so many events and end; return its chain's directory."""
        async with self.writing(role) as writer:
            for number in range(count):
                writer.record(event(f"{role}-{number}"))
                await writer.durable()
        return writer.directory

    def verified(self, accepted: dict[str, str] | None = None) -> list[Report]:
        return verify(self.chains, self.anchor.anchored(), accepted or {})

    def found(self) -> list[str]:
        """Return what is found, a sentence each."""
        return [f"{one.what} [{one.seq}]" for report in self.verified() for one in report.findings]
