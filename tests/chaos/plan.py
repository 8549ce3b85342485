"""What a run is to do: which verbs, which kill falls into each, and what happens before the killed process is back.

Plain data, so that it can be printed, repeated with the same seed, and sent over a pipe.
"""

from __future__ import annotations

import msgspec
from tests.chaos.board import Process

BETWEEN = ("nothing", "rename", "delete", "action", "lost capacity error")
# How long a killed part of the cluster is away: as long as the machine takes, or as many times that as time is fast.
OUTAGES = ("back at once", "away for long")
DURING = "during"  # the side of a write that is under way when its server is killed


class Point(msgspec.Struct, frozen=True, order=True):
    """A place in an operation: whose, before or after (or within) which step. victim: who dies, if it is another."""

    process: str
    verb: str
    step: str
    side: str
    victim: str = ""

    @property
    def killed(self) -> str:
        """Who dies there."""
        return self.victim or self.process

    @property
    def name(self) -> str:
        """What the trap compares."""
        return f"{self.verb}|{self.step}|{'before' if self.side == DURING else self.side}"


class Kill(msgspec.Struct, frozen=True):
    """A kill: at a point (its `passings`-th), or at the `passings`-th point whatever it is, or after `delay` seconds.

    between: what happens while the process is dead. retry: whether a client whose request it interrupted asks again.
    by: at whose points a part of the cluster dies that has none of its own; after: seconds of the machine later.
    """

    process: Process
    point: Point | None = None
    passings: int = 0
    delay: float = 0.0
    between: str = "nothing"
    retry: bool = True
    by: Process = Process.ENGINE
    after: float = 0.0


class Doing(msgspec.Struct, frozen=True):
    """A verb and the kills in it, one after the other."""

    verb: str
    kills: tuple[Kill, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """A run."""

    number: int
    doings: tuple[Doing, ...]
    factor: float
    lost_answers: bool = True
    mutant: str = ""


class Killed(msgspec.Struct, frozen=True):
    """A kill that happened. `point` is empty for one from outside: nobody knows how far the process was."""

    process: str
    verb: str
    point: Point | None
    between: str


class Outcome(msgspec.Struct):
    """What came of a run. seconds: of the machine."""

    number: int
    killed: list[Killed] = msgspec.field(default_factory=list)
    passed: list[tuple[Point, int]] = msgspec.field(default_factory=list)  # and how often
    problems: list[str] = msgspec.field(default_factory=list)
    seconds: float = 0.0
    swept: int = 0  # leftovers that the collector had to remove
    gave_up: int = 0  # processes that ended by themselves because their store was away, and were started again
    calls: int = 0  # in the emulator's ledger
    lost: int = 0  # of these, those whose answer the emulator did not deliver
    writes: int = 0  # in the store, by its own count
    cpu: dict[str, float] = msgspec.field(default_factory=dict)  # seconds by process, the driver's included
