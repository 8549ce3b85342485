"""What the core must know of an action besides how to run it."""

from collections.abc import Callable, Mapping
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
    service: Literal["ec2", "sts"] = "ec2"


def check_accepted(action: Action, params: Params) -> None:
    """Raise Refusal for a parameter that AWS has and the action's row does not name."""
    names = action.accepts.split()
    tops = {name.partition(".")[0] for name in names} | {"DryRun"}
    restricted: dict[str, set[str]] = {}
    for name in names:
        top, _, below = name.partition(".")
        if below:
            restricted.setdefault(top, set()).add(below)
    for top, value in params.items():
        if top not in tops:
            raise refuse("parameter.not-emulated", name=top, action=action.name)
        if top in restricted:
            for each in value if isinstance(value, list) else [value]:
                for below in each:
                    if below not in restricted[top]:
                        raise refuse("parameter.not-emulated", name=f"{top}.{below}", action=action.name)
