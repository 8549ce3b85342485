"""The account as text: the answer first (state, what it waits for), then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from gurum.cli.explain.answer import Account, Call, Doing, PartLine, Wait
from gurum.model.base import Condition, External, Intent

TIMES = frozenset(
    {
        "asked_at",
        "at",
        "began_at",
        "created_at",
        "deleted_at",
        "deletion_requested_at",
        "ended_at",
        "finish_time",
        "searched_at",
        "since",
        "start_time",
        "until",
        "updated_at",
        "written_at",
    }
)


def document(account: Account) -> Any:
    """Return the account for programs: times in ISO 8601, and nothing that could be used to repeat a call."""
    return _public(msgspec.to_builtins(account))


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _iso(inner) if name in TIMES and isinstance(inner, float) else _public(inner)
            for name, inner in value.items()
            if name not in ("token", "request")
        }
    if isinstance(value, list):
        return [_public(inner) for inner in value]
    return value


def text(account: Account, now: float) -> str:
    """Return the account for people; `now` in seconds since the epoch."""
    return "\n".join(line.rstrip() for line in _text(account, now)) + "\n"


def _text(a: Account, now: float) -> Iterator[str]:
    yield f"{a.kind} {a.name}  {a.id}"
    yield from _pairs(
        ("state", a.state),
        ("region", f"{a.region}{f', zone {a.zone}' if a.zone else ''}"),
        ("", a.simulated),
        ("project", a.project),
        ("cloud", _external(a.external, a.cloud_account)),
        ("fault", a.fault),
        ("asked for", f"generation {a.generation}, seen by the engine: {a.observed_generation or 'none'}"),
        *_cause(a),
        ("created", _when(a.created_at, now)),
        ("deleting since", _when(a.deletion_requested_at, now)),
        ("deleted", _when(a.deleted_at, now)),
    )
    yield from _block("Waits for", [_wait(wait, now) for wait in a.waits_for], "nothing")
    yield from _block("Conditions", [_condition(condition, now) for condition in a.conditions], "none recorded")
    yield from _block("Steps in the cloud", _table(_step(step) for step in a.steps), "none of its own")
    if a.actions:
        yield from _block("Actions", _table(_action(doing) for doing in a.actions), "")
    if a.parts:
        yield from _block("Parts", _parts(a.parts), "")
    yield from _block("Calls to the cloud, from the engine's log", _table(_call(call) for call in a.calls), "none")
    told = {doing.request_id for doing in a.actions}
    older = [_record(entry) for entry in a.history if entry["request_id"] not in told]
    if older:
        yield from _block("Journal, what is not above", _table(older), "")


def _record(entry: dict[str, Any]) -> tuple[str, ...]:
    action, outcome = entry.get("action"), entry.get("outcome")
    what = ""
    if isinstance(action, dict) and isinstance(outcome, dict):
        what = f"{action.get('action', '')} {outcome.get('result', '')}"
    return (_clock(entry["at"]), entry["type"], what, entry["request_id"])


def _pairs(*pairs: tuple[str, str]) -> Iterator[str]:
    for name, value in pairs:
        if value:
            yield f"  {name:<15} {value}"


def _block(title: str, lines: Sequence[str], nothing: str) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines or [nothing])


def _table(rows: Any) -> list[str]:
    found = [tuple(map(str, row)) for row in rows]
    widths = [max(len(row[column]) for row in found) for column in range(len(found[0]))] if found else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in found]


def _wait(wait: Wait, now: float) -> str:
    since = f", since {_clock(wait.since)} ({_span(now - wait.since)} ago)" if wait.since else ""
    return f"{wait.on} [{wait.reason}]{since}{_until(wait.until, now)}"


def _until(until: float | None, now: float) -> str:
    if until is None:
        return ""
    return f"; next attempt at {_clock(until)}, {'due' if until <= now else f'in {_span(until - now)}'}"


def _condition(condition: Condition, now: float) -> str:
    good = condition.status == (condition.type == "Available")
    since = f"  since {_clock(condition.since)}" if condition.since else ""
    message = f"  {condition.message}" if condition.message else ""
    return (
        f"{'✓' if good else '…'} {condition.type:<12} {condition.status!s:<5} {condition.reason}{message}{since}"
        + _until(condition.until, now)
    )


def _step(intent: Intent) -> tuple[str, ...]:
    made = intent.external.id if intent.external else intent.error
    zone = intent.zone or (intent.external.zone if intent.external else "")
    attempt = f"attempt {intent.attempt}"
    return (intent.step, attempt, intent.state, _clock(intent.written_at), made, f"in {zone}" if zone else "")


def _action(doing: Doing) -> tuple[str, ...]:
    took = f"{doing.ended_at - doing.asked_at:.1f} s" if doing.ended_at else ""
    result = doing.result or doing.state
    return (str(doing.number), doing.action, _clock(doing.asked_at), took, result, doing.request_id, doing.details)


def _parts(parts: list[PartLine]) -> list[str]:
    signs = {True: "✓", False: "…", None: "gone"}
    heads = _table((signs[part.available], part.role, part.kind, part.name or part.id) for part in parts)
    lines: list[str] = []
    for part, head in zip(parts, heads, strict=True):
        lines.append(head)
        lines += [f"     {line}" for line in _table(_step(step) for step in part.steps)]
    return lines


def _call(call: Call) -> tuple[str, ...]:
    ours = f"for {call.for_request}" if call.for_request else ""
    return (call.at[11:19] + "Z", call.action, call.outcome, f"{call.ms:.0f} ms", call.of, call.request_id, ours)


def _external(external: External | None, account: str) -> str:
    if external is None:
        return f"account {account}" if account else ""
    zone = f", {external.zone}" if external.zone else ""
    return f"{external.id} at {external.provider} ({external.region}{zone}, account {external.account})"


def _cause(account: Account) -> list[tuple[str, str]]:
    cause = account.cause
    named = (("by user", cause.user_id), ("in request", cause.request_id), ("by decision", cause.decision_id))
    return [("", f"{what} {value}") for what, value in named if value]


def _when(at: float | None, now: float) -> str:
    return f"{_iso(at)} ({_span(now - at)} ago)" if at else ""


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%SZ") if at else ""


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 0):.0f} s"
