"""Everything of a deployment in an account, listed and then removed: the end of a deployment, or of what it lost.

Only what was listed (and so shown to whoever confirmed it) is removed, and only while it still carries our owner tag at
the moment of removal. What others have put into a network of ours keeps that network: it is told, and left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.providers.aws.caller import Answer, Caller, Problem
from gurum.providers.aws.leftovers import KINDS
from gurum.providers.aws.removal import Kind
from gurum.providers.aws.sweep import Found, listed
from gurum.providers.behalf import working_on
from gurum.providers.contract import Absent, Place, Wait

ROUND = 3.0  # seconds between rounds: what goes first takes a while, and the next waits for it
PATIENCE = 900.0  # seconds after which what is still there is given up: an instance takes minutes to terminate


class UnfinishedError(Exception):
    """AWS did not let us see or do it; the sentence says what it answered."""


async def inventory(caller: Caller, clock: Clock, place: Place, owner: str) -> list[Found]:
    """Return all that carries the owner's tag, in the order in which it can go. Raises UnfinishedError."""
    found: list[Found] = []
    for kind in KINDS:
        found += await _all(caller, clock, place, owner, kind)
    return found


async def _all(caller: Caller, clock: Clock, place: Place, owner: str, kind: Kind) -> list[Found]:
    until = clock.time() + PATIENCE
    while True:
        found, problem = await listed(caller, place, owner, kind)
        if problem is None:
            return found
        # A missing permission is a Wait to a controller, which has for ever; here somebody sits before the screen.
        if not isinstance(problem, Wait) or problem.reason is Reason.UNRECOVERABLE_ERROR or problem.until > until:
            raise UnfinishedError(f"{kind.describe} in account {place.account}: {_words(problem)}")
        await clock.sleep(max(0.1, problem.until - clock.time()))


async def remove(
    caller: Caller,
    clock: Clock,
    place: Place,
    owner: str,
    ids: Collection[str],
    told: Callable[[str], None] = lambda words: None,
    patience: float = PATIENCE,
) -> list[tuple[Found, str]]:
    """Remove what `ids` name; return what is left of it, each with what AWS said last.

    Repeats in rounds until nothing is left, or nothing has changed for `patience` seconds.
    """
    changed_at, before = clock.time(), len(ids) + 1
    while True:
        there = [found for found in await inventory(caller, clock, place, owner) if found.id in ids]
        if len(there) < before:
            changed_at, before = clock.time(), len(there)
        left = []
        for found in there:
            why = await _one(caller, place, found)
            if why is None:
                told(f"{found.kind.delete} {found.id}")
            else:
                left.append((found, why))
        if not there or (left and clock.time() > changed_at + patience):
            return left
        await clock.sleep(ROUND)


async def _one(caller: Caller, place: Place, found: Found) -> str | None:
    """Take one thing's removal one step further. None: AWS took it; else why not (yet)."""
    if found.attached:
        return "it is attached to an instance"
    with working_on(found.subject):
        for action, params in found.kind.removal(found.item):
            answer = await caller.call(place, action, params, who=found.id)
            if not isinstance(answer, Answer | Absent):
                return _words(answer)
    return None


def _words(problem: Problem) -> str:
    return getattr(problem, "message", "") or type(problem).__name__
