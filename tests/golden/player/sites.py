"""Where a scenario's answers can be broken so that the comparer has to notice.

Not where the golden answer is masked or the allow list excuses the difference: a fault there is meant to pass. And
an id can only be wrong if it is known: by name, or because it stands in another place too.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
from tests.golden.player.allow import AllowList, general
from tests.golden.player.corpus import Case
from tests.golden.player.faults import EXTRA_KEY, Mutation, Trail
from tests.golden.player.mask import MIN_LITERAL, is_set
from tests.golden.player.model import Answer, Class, Json, Recording, Response
from tests.golden.player.patterns import LISTED_ID, MAYBE, PRESENT, SHAPE, SHAPES, any_kind

_STATUSES = (200, 201, 202, 204, 400, 401, 403, 404, 409, 413, 500, 503)
_ADDED_HEADERS = {
    "retry-after": "5",
    "allow": "GET",
    "location": "http://elsewhere.example:1/v2.1",
    "www-authenticate": "Basic",
    "content-range": "bytes 0-1/2",
}
_VALUES: tuple[Class, ...] = ("values", "message", "error-type")
_TIME = re.compile(SHAPES["time"])


class _Place(msgspec.Struct, frozen=True):
    """A place in a recorded body that is compared with what stands there in the golden one."""

    trail: Trail
    path: str
    value: Any


class Sites:
    """The mutations possible in the steps `equal` of one recording."""

    def __init__(self, case: Case, recording: Recording, allowed: AllowList, equal: set[str]) -> None:
        self._case, self._allowed = case, allowed
        self._roots = tuple(recording.endpoints.values())
        golden = {answer.name: answer for answer in case.golden}
        self._steps = [
            (golden[step.name], step.response)
            for step in recording.steps
            if step.name in equal and step.response is not None
        ]
        self._places = {g.name: list(self._compared(g, r)) for g, r in self._steps}
        named = [*recording.saved.values(), *recording.vars.values()]
        self._named = {v for v in named if isinstance(v, str) and len(v) >= MIN_LITERAL}
        self._seen = Counter(
            found
            for places in self._places.values()
            for place in places
            if isinstance(place.value, str)
            for found in LISTED_ID.findall(place.value)
        )

    def mutations(self, random: Random) -> Iterator[Mutation]:
        """One mutation for every place and kind; `random` chooses among equivalent ones."""
        for golden, response in self._steps:
            for kind, path, trail, argument in self._faults(golden, response, random):
                yield Mutation(
                    scenario=self._case.name,
                    step=golden.name,
                    kind=kind,
                    path=path,
                    trail=trail,
                    argument=argument,
                )

    def _faults(self, golden: Answer, response: Response, random: Random) -> Iterator[tuple[str, str, Trail, Any]]:
        step = golden.name
        if self._counts(step, "status", "status"):
            other = random.choice([s for s in _STATUSES if s != golden.status])
            yield "status", "status", (), other
        yield from self._of_headers(golden, response)
        places = self._places[step]
        cut = response.kind != "digest" and isinstance(response.body, dict | list | str)
        if cut and places and response.body and self._counts(step, "$", "types", *_VALUES):
            yield "truncated", "$", (), None
        for place in places:
            yield from self._of_place(step, place, random)

    def _of_headers(self, golden: Answer, response: Response) -> Iterator[tuple[str, str, Trail, Any]]:
        for name, value in golden.headers.items():
            if value == MAYBE or name not in response.headers:
                continue
            if self._counts(golden.name, name, "headers"):
                yield "header dropped", name, (name,), None
                if value != PRESENT and not any_kind(value):
                    yield "header changed", name, (name,), response.headers[name] + "x"
        for name, value in _ADDED_HEADERS.items():
            if name not in golden.headers and self._counts(golden.name, name, "headers"):
                yield "header added", name, (name,), value

    def _of_place(self, step: str, place: _Place, random: Random) -> Iterator[tuple[str, str, Trail, Any]]:
        value, path, trail = place.value, place.path, place.trail
        if self._counts(step, path, "types", "error-type"):
            yield "type", path, trail, _other_type(value)
        if isinstance(value, dict):
            if self._counts(step, f"{path}.{EXTRA_KEY}", "keys", "error-type"):
                yield "key added", path, trail, "x"
        elif isinstance(value, list):
            if value and self._counts(step, path, *_VALUES):
                index = random.randrange(len(value))
                yield "item lost", path, trail, index
                yield "item doubled", path, trail, index
                if self._ordered(step, value, trail):
                    yield "order", path, trail, None
        elif value is not None and self._counts(step, path, *_VALUES):
            yield "value", path, trail, _other_value(value)
            if isinstance(value, str):
                yield from self._of_text(path, trail, value, random)
        keyed = bool(trail) and isinstance(trail[-1], str)
        if keyed and self._counts(step, path, "keys", "message", "error-type"):
            yield "key dropped", path, trail[:-1], trail[-1]

    def _of_text(self, path: str, trail: Trail, value: str, random: Random) -> Iterator[tuple[str, str, Trail, Any]]:
        if words := re.findall(r"[A-Za-z]{3,}", value):
            yield "word", path, trail, random.choice(words)
        time = _TIME.search(value)
        if time and time[0] not in self._case.text:
            yield "time form", path, trail, None
        if value.startswith(self._roots):
            yield "link host", path, trail, None
        for found in sorted(set(LISTED_ID.findall(value))):
            elsewhere = self._seen[found] > value.count(found)
            if found == next(iter(LISTED_ID.findall(value))) and (found in self._named or elsewhere):
                yield "id unknown", path, trail, None
            others = [
                other
                for other in sorted(self._seen)
                if other != found and len(other) == len(found) and other not in value
            ]
            if others:
                yield "id of another", path, trail, [found, random.choice(others)]

    def _counts(self, step: str, path: str, *kinds: Class) -> bool:
        """Whether a difference there would be reported, whichever of these classes it is of."""
        return not any(self._allowed.rule(self._case.name, step, k, path) for k in kinds)

    def _ordered(self, step: str, value: list[Json], trail: Trail) -> bool:
        """Whether this list reversed is another list, whatever ids its items have."""
        key = next((k for k in reversed(trail) if isinstance(k, str)), "")
        looks = [SHAPE.sub("<id>", json.dumps(item, sort_keys=True)) for item in value]
        counts = self._case.ordered(step) or not is_set(value, key)
        return counts and looks != looks[::-1]

    def _compared(self, golden: Answer, response: Response) -> Iterator[_Place]:
        """The places of a body whose counterparts in the golden body are not masked.

        The items of a list that has another number of items (where that is allowed) have no counterparts.
        """
        wanted, there = _by_path(golden.body), _by_path(response.body)
        uncounted = tuple(f"{path}[*]" for path in there if _lengths(wanted[path]) != _lengths(there[path]))
        for trail, value in _walk(response.body, ()):
            path = _path(trail)
            place = general(path)
            known = wanted[place] and not any(v == MAYBE or any_kind(v) for v in wanted[place])
            if known and not place.startswith(uncounted):
                yield _Place(trail, path, value)


def _by_path(body: Json) -> defaultdict[str, list[Json]]:
    """What stands at each path of a body, list indexes aside."""
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for trail, value in _walk(body, ()):
        found[general(_path(trail))].append(value)
    return found


def _lengths(values: list[Json]) -> list[int]:
    return sorted(len(value) for value in values if isinstance(value, list))


def _walk(value: Json, trail: Trail) -> Iterator[tuple[Trail, Json]]:
    yield trail, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*trail, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*trail, index))


def _path(trail: Trail) -> str:
    return "$" + "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in trail)


def _other_type(value: Json) -> Json:
    """What sloppy serialisation makes of a value."""
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, str):
        return 7
    if isinstance(value, list):
        return {}
    return [] if isinstance(value, dict) else ""


def _other_value(value: Json) -> Json:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}x"
