"""What the core must know of an action besides how to run it."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from aws_emulator.context import Context
from aws_emulator.rules import refuse

# Parameters and members by the names of botocore's model: the wire's own shape.
Params = Mapping[str, Any]
Answer = dict[str, Any]
Run = Callable[[Context, Params], Answer]


def no_zone(call: Context, params: Params) -> str | None:
    """Return the scope of a token that is regional."""
    return ""


def no_resources(params: Params) -> int:
    """Return the cost of a call that pays for its request only."""
    return 0


class Action(NamedTuple):
    """A row of the table of actions.

    `accepts` names the parameters that `run` honours, separated by spaces; the model's other
    ones are refused, never ignored. A dotted name restricts the members of that structure in the
    same way. With `again` the action honours ClientToken: it answers, in their present state, for
    the ids that the first call made. `zone` gives the token's scope (None: not knowable any more),
    `cost` the number of resources for the resource bucket.
    """

    name: str
    run: Run
    accepts: str = ""
    again: Callable[[Context, list[str]], Answer] | None = None
    zone: Callable[[Context, Params], str | None] = no_zone
    cost: Callable[[Params], int] = no_resources
    service: Literal["ec2", "iam", "sts"] = "ec2"


@cache
def _accepted(names: str) -> Mapping[str, frozenset[str] | None]:
    """Return the parameters that are honoured, each with its members when those are restricted."""
    accepted: dict[str, frozenset[str] | None] = {"DryRun": None}
    for name in names.split():
        top, _, below = name.partition(".")
        accepted[top] = (accepted.get(top) or frozenset()) | {below} if below else None
    return accepted


def check_accepted(action: Action, params: Params) -> None:
    """Raise Refusal for a parameter that AWS has and the action's row does not name."""
    accepted = _accepted(action.accepts)
    for top, value in params.items():
        if top not in accepted:
            raise refuse("parameter.not-emulated", name=top, action=action.name)
        members = accepted[top]
        if members is None:
            continue
        for each in value if isinstance(value, list) else [value]:
            for below in each:
                if below not in members:
                    raise refuse("parameter.not-emulated", name=f"{top}.{below}", action=action.name)
