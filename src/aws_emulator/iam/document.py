"""A policy document: read strictly, evaluated as IAM does (an explicit deny wins, nothing said is a deny).

What IAM has and this has not (NotAction, NotResource, other operators, variables) is an error when the document is
read: a condition that was ignored would allow what AWS refuses.
Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Generic, Literal, TypeVar

import msgspec

Context = Mapping[str, str | list[str]]
Values = str | list[str]
S = TypeVar("S")


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"):
    """One statement. A condition is operator -> key -> values."""

    effect: Literal["Allow", "Deny"]
    action: Values
    resource: Values
    sid: str = ""
    condition: dict[str, dict[str, Values]] = {}

    def concerns(self, action: str, resource: str, context: Context) -> bool:
        """Tell whether the statement is about this action on this resource under these conditions."""
        return (
            any(_like(action.lower(), pattern.lower()) for pattern in many(self.action))
            and any(_like(resource, pattern) for pattern in many(self.resource))
            and all(holds(operator, tests, context) for operator, tests in self.condition.items())
        )


class Document(
    msgspec.Struct, Generic[S], frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):  # fmt: skip
    """A document of statements of one kind."""

    version: Literal["2012-10-17"]
    statement: list[S]
    id: str = ""


class Policy:
    """A document that can be asked."""

    def __init__(self, statements: list[Statement]) -> None:
        self._statements = statements

    def beside(self, *further: "Policy") -> "Policy":
        """Return one policy of the statements of several: what one of them denies is denied."""
        return Policy([*self._statements, *(each for policy in further for each in policy._statements)])

    def grant(self, action: str, resource: str, context: Context) -> str | None:
        """Return the Sid (or number) of the statement that allows it; None: not allowed."""
        found = None
        for number, statement in enumerate(self._statements):
            if statement.concerns(action, resource, context):
                if statement.effect == "Deny":
                    return None
                found = found or statement.sid or str(number)
        return found


# Of a caller whom no policy binds.
EVERYTHING = Policy([Statement(effect="Allow", action="*", resource="*", sid="Everything")])


def read(document: Mapping[str, Any]) -> Policy:
    """Return the policy of a document. Raises ValueError for what is no policy, or more than this understands."""
    statements = msgspec.convert(document, Document[Statement]).statement
    for statement in statements:
        check_operators(statement.condition)
        for pattern in many(statement.action):
            if ":" not in pattern and pattern != "*":
                raise ValueError(f"the action {pattern!r} names no service")
        for pattern in many(statement.resource):
            if pattern != "*" and pattern.count(":") < 5:
                raise ValueError(f"the resource {pattern!r} is neither an ARN nor *")
    return Policy(statements)


def check_operators(condition: Mapping[str, Mapping[str, Values]]) -> None:
    """Raise ValueError for an operator that this does not understand."""
    for operator, tests in condition.items():
        if operator.removeprefix(_FOR_ALL) not in _OPERATORS:
            raise ValueError(f"the condition operator {operator} is not emulated")
        if operator.startswith("Date"):
            for key, values in tests.items():
                if key.lower() != "aws:tokenissuetime":
                    raise ValueError(f"the date {key} is not emulated")
                for value in many(values):
                    moment(value)


def many(values: Values) -> list[str]:
    """Return one value or several as several."""
    return [values] if isinstance(values, str) else values


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))  # IAM knows * and ? only


def _equal(text: str, pattern: str) -> bool:
    return text == pattern


def moment(text: str) -> float:
    """Return a date of a condition (ISO 8601, UTC unless it says otherwise) in seconds. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _earlier(text: str, pattern: str) -> bool:
    return moment(text) < moment(pattern)


_OPERATORS = {"StringEquals": _equal, "StringLike": _like, "DateLessThan": _earlier}
_FOR_ALL = "ForAllValues:"


def holds(operator: str, tests: Mapping[str, Values], context: Context) -> bool:
    """Whether every key of the context has one of its values; a key that is absent holds nothing.

    With ForAllValues each value that a key has must be one of those; a key that is absent has none, and holds.
    """
    test, lowered = _OPERATORS[operator.removeprefix(_FOR_ALL)], {key.lower(): value for key, value in context.items()}
    every = all if operator.startswith(_FOR_ALL) else any  # keys are compared without case
    return all(
        every(any(test(present, wanted) for wanted in many(values)) for present in many(lowered.get(key.lower(), [])))
        for key, values in tests.items()
    )
