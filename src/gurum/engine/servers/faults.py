"""What a server's user is told: the condition and Nova's fault are one text."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from gurum.engine.context import Engine
from gurum.engine.work import Work
from gurum.model.conditions import Reason
from gurum.model.server import Action, ActionOutcome, ActionRecord, Fault, Server
from gurum.providers.contract import Wait
from gurum.store.contract import Record

TOLD_FROM = 5.0  # seconds: a shorter wait is ordinary progress

NO_HOST = "No valid host was found. "  # Nova's words, for what its clients match on


def failed(work: Work[Server], now: float, reason: Reason, message: str, details: str = "") -> None:
    """Put the server into ERROR, for good unless its owner deletes it or acts."""
    status = work.obj.status
    status.vm_state, status.task_state = "error", None
    status.fault = Fault(code=500, message=message, created=now, details=details)
    work.condition("Available", False, reason, message, now)
    work.condition("Progressing", False, reason, message, now)


def waits(work: Work[Server], now: float, wait: Wait) -> None:
    """Tell what a server waits for, since when and until when, if it is long enough to be noticed."""
    if wait.until - now < TOLD_FROM:
        return
    until = datetime.fromtimestamp(wait.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"{wait.message}; next attempt at {until}"
    work.condition("Progressing", True, wait.reason, text, now, wait.until)
    if wait.reason is not Reason.PROGRESSING:
        work.obj.status.fault = Fault(code=503, message=text, created=now)


def well(work: Work[Server], now: float) -> None:
    """Say that the server is as asked for: no fault, no waiting."""
    work.obj.status.fault = None
    work.ready(now)


async def finished(engine: Engine, work: Work[Server], action: Action | None, how: ActionOutcome) -> None:
    """Record how an action ended, for good: first in the journal, because the object keeps only the last twenty.

    The journal takes the same record once, so that a crash before the object is written repeats nothing.
    """
    outcome(work, how)
    if action is None:
        return
    server = work.obj
    record = Record(
        at=engine.clock.time(), type="action", kind=Server.kind, object_id=server.id, region=server.metadata.region,
        project=server.metadata.project, data=msgspec.json.encode(ActionRecord(action=action, outcome=how)),
        request_id=action.request_id,
    )  # fmt: skip
    await engine.journal.append(record, unique=str(action.number))


def outcome(work: Work[Server], new: ActionOutcome) -> None:
    """Record how an action goes, in the place of what was recorded of it before; the last twenty are kept."""
    kept = [old for old in work.obj.status.outcomes if old.number != new.number]
    work.obj.status.outcomes = [*kept, new][-20:]
