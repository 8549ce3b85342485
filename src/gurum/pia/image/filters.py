"""The filters of an image list.

Glance takes a filter that it does not know for a property of images, so a misspelt one gives an empty list and no
error; what it does know, it checks, in its own words.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gurum.model.image import Image
from gurum.pia.image.view import document
from gurum.pia.kernel.errors import ApiError, bad_request
from gurum.pia.kernel.wire import Query

Test = Callable[[Image], bool]
CONTROL = frozenset({"limit", "marker", "sort", "sort_key", "sort_dir"})
DIGITS = 4000  # of a number in a query: Python converts no more than 4300
MEMBER_STATES = ("pending", "accepted", "rejected", "all")
VISIBILITIES = ("public", "private", "shared", "community", "all")
LISTS = frozenset({"name", "status", "id", "disk_format", "container_format"})  # those that take in:a,b
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def tests(query: Query) -> list[Test]:
    """Return one test a filter. Raises a 400 for what Glance checks."""
    if "changes-since" in query:
        raise bad_request('The "changes-since" filter is no longer available on v2.')
    found = [_test(name, values) for name, values in query.lists.items() if name not in CONTROL]
    if "os_hidden" not in query:
        found.append(lambda image: not image.spec.os_hidden)
    return found


def _test(name: str, values: list[str]) -> Test:
    if name == "tag":
        return lambda image: all(tag in image.spec.tags for tag in values)
    make = KNOWN.get(name)
    return make(values[-1]) if make else _property(name, values[-1])


def _property(name: str, value: str) -> Test:
    wanted = _alternatives(value) if name in LISTS else [value]
    return lambda image: _text(document(image).get(name)) in wanted


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _alternatives(value: str) -> list[str]:
    """Return what `in:a,"b,c"` lists; another value is itself."""
    if not value.startswith("in:"):
        return [value]
    try:
        return next(csv.reader([value.removeprefix("in:")], skipinitialspace=True), [])
    except csv.Error:
        raise bad_request(f"Invalid filter value {value}.") from None


def _size(compare: Callable[[int, int], bool]) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        try:
            bound = int(value)
        except ValueError:
            raise bad_request(f"Cannot convert image size '{value}' to an integer.") from None
        return lambda image: compare(image.spec.size, bound)

    return make


def _minimum(pick: Callable[[Image], int]) -> Callable[[str], Test]:
    """A number that databases read leniently: what is none is 0."""

    def make(value: str) -> Test:
        wanted = int(value) if value.isdecimal() and len(value) <= DIGITS else 0
        return lambda image: pick(image) == wanted

    return make


def _truth(name: str, pick: Callable[[Image], bool]) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        word = value.lower()
        if word not in ("true", "false"):
            raise bad_request(f"Invalid value '{value}' for '{name}' filter. Valid values are 'true' or 'false'.")
        return lambda image: pick(image) is (word == "true")

    return make


def _one_of(allowed: tuple[str, ...], text: str, pick: Callable[[Image, str], bool]) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        if value not in allowed:
            raise bad_request(text.format(value))
        return lambda image: pick(image, value)

    return make


def _moment(pick: Callable[[Image], float]) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        operator, colon, text = value.partition(":")
        if not colon or operator not in OPERATORS:
            # A time has colons of its own: without an operator it means "equal".
            if operator.isalpha():
                raise bad_request("Unable to filter on a unknown operator.")
            operator, text = "eq", value
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ApiError(400, f"Unable to filter by time: {text} is not a time.") from None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return lambda image: OPERATORS[operator](int(pick(image)), seconds)

    return make


KNOWN: Mapping[str, Callable[[str], Test]] = {
    "visibility": _one_of(
        VISIBILITIES, "Invalid visibility value: {}", lambda image, value: value in ("all", image.spec.visibility)
    ),
    "member_status": _one_of(MEMBER_STATES, "Invalid status: {}", lambda image, value: True),
    "protected": _truth("protected", lambda image: image.spec.protected),
    "os_hidden": _truth("os_hidden", lambda image: image.spec.os_hidden),
    "size_min": _size(lambda size, bound: size >= bound),
    "size_max": _size(lambda size, bound: size <= bound),
    "min_ram": _minimum(lambda image: image.spec.min_ram),
    "min_disk": _minimum(lambda image: image.spec.min_disk),
    "created_at": _moment(lambda image: image.metadata.created_at),
    "updated_at": _moment(lambda image: image.metadata.updated_at),
}
