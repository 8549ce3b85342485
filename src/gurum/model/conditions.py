"""The vocabulary of conditions: reasons are classes of what to do, to be read by programs like HTTP status codes."""

from __future__ import annotations

from enum import StrEnum

from gurum.model.base import Condition


class Reason(StrEnum):
    """Why an object is not (yet) as asked for."""

    SUCCESS = "Success"
    PROGRESSING = "Progressing"
    INVALID_CONFIGURATION = "InvalidConfiguration"
    THROTTLED = "Throttled"
    QUOTA_EXCEEDED = "QuotaExceeded"
    POLICY_DENIED = "PolicyDenied"
    TRANSIENT_ERROR = "TransientError"
    UNRECOVERABLE_ERROR = "UnrecoverableError"


def get(conditions: list[Condition], type_: str) -> Condition | None:
    """Return the condition of that type, if the list has one."""
    return next((c for c in conditions if c.type == type_), None)


def put(conditions: list[Condition], new: Condition) -> list[Condition]:
    """Return the list with `new` in the place of the one of its type.

    `since` is kept while status and reason stay the same: it says since when this holds, not when it was last said.
    """
    old = get(conditions, new.type)
    if old and (old.status, old.reason) == (new.status, new.reason):
        new = Condition(
            type=new.type,
            status=new.status,
            reason=new.reason,
            message=new.message,
            since=old.since,
            until=new.until,
            observed_generation=new.observed_generation,
        )
    return [c for c in conditions if c.type != new.type] + [new]
