"""For whom a call to a cloud is made, and about what: known where an object is worked on, needed where it is signed.

Between the two lie drivers that have no use for it; so it goes with the task, as the fields of its log lines do.
Outside of a block nobody is named: the call is the system's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Behalf:
    """A person's wish: who, for which project, by which request, let by which decision. Ids, never names."""

    user: str
    project: str = ""
    request: str = ""
    decision: str = ""


_acting: ContextVar[Behalf | None] = ContextVar("acting", default=None)


@contextmanager
def acting_for(behalf: Behalf | None) -> Iterator[None]:
    """Make the calls of this task, and of those it starts, for somebody. None: for nobody, the system's own."""
    token = _acting.set(behalf)
    try:
        yield
    finally:
        _acting.reset(token)


@dataclass(frozen=True)
class Subject:
    """What is worked on: an object by kind and id, of which generation; 0: none."""

    kind: str
    id: str
    generation: int = 0
    project: str = ""


_about: ContextVar[Subject | None] = ContextVar("about", default=None)


@contextmanager
def working_on(one: Subject | None) -> Iterator[None]:
    """Say what the calls of this task, and of those it starts, are about. None: nothing of ours."""
    token = _about.set(one)
    try:
        yield
    finally:
        _about.reset(token)


def subject() -> Subject | None:
    """Return what this task works on."""
    return _about.get()


def behalf() -> Behalf | None:
    """Return for whom this task acts; None: the system's own work."""
    return _acting.get()
