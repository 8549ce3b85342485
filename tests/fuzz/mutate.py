"""What is done to a right request to make it a wrong one, or one that nobody expects.

A table of small changes, each with how often it is taken. What a change does not fit (a body where there is none) it
leaves alone. Everything ends up as bytes in the request, so a reproducer needs none of this.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.fuzz.build import Draft
from tests.fuzz.people import BAD_TOKENS, PEOPLE
from tests.fuzz.picks import Picks
from tests.fuzz.strange import HEADERS, KEYS, bomb, respelt, strange

from gurum.model.network import Network, Port, Subnet
from gurum.model.server import Server

Change = Callable[[Draft, Picks], None]

BRINK = (880, 990)  # levels
MARK = "the deep"
LONGEST = 100_000  # bytes; a body may have a little more


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(body, dict):
        for name, value in body.items():
            found += _places(value, (*path, name))
    elif isinstance(body, list):
        for place, value in enumerate(body):
            found += _places(value, (*path, place))
    return found


def _inside(body: Any, path: tuple[Any, ...]) -> Any:
    for part in path[:-1]:
        body = body[part]
    return body


def _value(made: Draft, picks: Picks) -> None:
    places = _places(made.body)
    if places:
        path = picks.rng.choice(places)
        _inside(made.body, path)[path[-1]] = strange(picks)
    elif made.has_body:
        made.body = strange(picks)


def _removed(made: Draft, picks: Picks) -> None:
    places = _places(made.body)
    if places:
        path = picks.rng.choice(places)
        del _inside(made.body, path)[path[-1]]


def _added(made: Draft, picks: Picks) -> None:
    holders = [path for path in [(), *_places(made.body)] if isinstance(_at(made.body, path), dict)]
    if holders:
        _at(made.body, picks.rng.choice(holders))[picks.rng.choice(KEYS)] = strange(picks)


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        body = body[part]
    return body


def _repeated(made: Draft, picks: Picks) -> None:
    lists = [path for path in _places(made.body) if isinstance(_at(made.body, path), list)]
    if lists:
        held = _at(made.body, picks.rng.choice(lists))
        held += list(held) * picks.rng.choice((1, 2, 100))


def _long(made: Draft, picks: Picks) -> None:
    """Fill a list up to what a body may hold: what is quadratic shows."""
    lists = [path for path in _places(made.body) if isinstance(_at(made.body, path), list)]
    if not lists and isinstance(made.body, dict):
        inner = next(iter(made.body.values()), None)
        if isinstance(inner, dict):
            inner[
                picks.rng.choice(("tags", "fixed_ips", "security_groups", "networks", "dns_nameservers", "host_routes"))
            ] = []
            lists = [path for path in _places(made.body) if isinstance(_at(made.body, path), list)]
    if not lists:
        return
    held = _at(made.body, picks.rng.choice(lists))
    item = held[0] if held else "x"
    size = max(len(json.dumps(item)) + 8, 8)
    for number in range(LONGEST // size):
        held.append(_varied(item, number))


def _varied(item: Any, number: int) -> Any:
    if isinstance(item, dict):
        return {name: _varied(value, number) if isinstance(value, str) else value for name, value in item.items()}
    return f"{number}"


def _twice(made: Draft, picks: Picks) -> None:
    if isinstance(made.body, dict) and made.body:
        name, value = picks.rng.choice(list(made.body.items()))
        first = json.dumps({name: strange(picks)})
        made.raw = (first[:-1] + "," + json.dumps(made.body)[1:]).encode()
        del value


def _spoilt(made: Draft, picks: Picks) -> None:
    rng = picks.rng
    text = json.dumps(made.body).encode() if made.has_body else b'{"a": 1}'
    ways: tuple[bytes, ...] = (
        text[: rng.randrange(len(text))],
        text + b"}",
        text + text,
        b"\xef\xbb\xbf" + text,
        text.replace(b'"', b"'"),
        b'{"a": NaN, "b": Infinity}',
        b'{"server": 1e999}',
        b"\xff\xfe" + text,
        text.replace(b"a", b"\xe9"),
        b"null",
        b"[]",
        b'"text"',
        b"0",
        b"",
        b"{}",
        b"[" * 5000,
        b'{"a":' * 5000,
        b"--boundary\r\n",
        text.decode().encode("utf-16"),
        b'{"\\ud800": "\\udc00"}',
        b"1" * 5000,
    )
    made.raw = rng.choice(ways)


def _deep(made: Draft, picks: Picks) -> None:
    """Put something deep where a value was: so deep, often, that a decoder just bears it, and what comes after not."""
    places = _places(made.body)
    if not places or made.raw is not None:
        return
    path, rng = picks.rng.choice(places), picks.rng
    _inside(made.body, path)[path[-1]] = MARK
    levels = rng.choice((400, 5000, *(rng.randint(*BRINK) for _ in range(4))))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    made.raw = json.dumps(made.body).replace(f'"{MARK}"', opening * levels + "0" + closing * levels).encode()


def _huge(made: Draft, picks: Picks) -> None:
    size = picks.rng.choice((100_000, 114_688, 114_689, 300_000))
    made.raw = b'{"x": "' + b"y" * size + b'"}'


def _chunked(made: Draft, picks: Picks) -> None:
    made.chunks = picks.rng.choice((2, 7, 50))


def _wrapped(made: Draft, picks: Picks) -> None:
    if made.has_body:
        made.body = picks.rng.choice(
            ([made.body], {"x": made.body}, {**made.body, "y": 1} if isinstance(made.body, dict) else 1)
        )


def _segment(made: Draft, picks: Picks) -> None:
    rng = picks.rng
    if not made.slots:
        return
    place = rng.choice(list(made.slots.values()))
    text = made.segments[place]
    made.segments[place] = rng.choice(
        (
            str(strange(picks))[:3000] or "x",
            respelt(text, rng),
            text + "/",
            "..",
            ".",
            "detail",
            "%2e%2e",
            text + "?",
            text + ".json",
            "\x00",
            "é",
            "a/b",
            "//",
            " ",
        )
    )


def _path(made: Draft, picks: Picks) -> None:
    rng = picks.rng
    whole = made.prefix + "".join("/" + segment for segment in made.segments)
    made.target = rng.choice(
        (
            whole + "/",
            whole + "//",
            whole.replace("/v2", "//v2", 1),
            whole + "/extra",
            whole + ".json",
            whole + ".xml",
            whole.upper(),
            whole + "%2Fdetail",
            whole + "/%2e%2e/%2e%2e",
            whole.replace("/", "%2F"),
            whole + ";x=1",
            whole + "%00",
            whole + "%ff%fe",
            made.prefix,
            made.prefix + "/",
            made.prefix.rsplit("/", 1)[0],
            made.prefix.replace("v2", "v9"),
            f"{made.prefix}/{picks.project(rng.choice(('own', 'other')))}/" + "/".join(made.segments),
            "/" + "x" * 5000,
            made.prefix + "/" + "/".join("a" * 200),
            "/nothing/here",
        )
    )


def _parameter(made: Draft, picks: Picks) -> None:
    rng = picks.rng
    names = [name for name, _ in made.query] or ["limit", "marker", "name", "sort_key", "fields", "all_tenants"]
    made.query.append((rng.choice((*names, *KEYS, "changes-since", "limit", "sort_dir")), str(strange(picks))[:6000]))


def _bomb(made: Draft, picks: Picks) -> None:
    names = ("name", "name", "description", "hostname") if made.key.path.startswith("/servers") else ("name",)
    made.query.append((picks.rng.choice(names), bomb(picks.rng)))


def _page(made: Draft, picks: Picks) -> None:
    rng = picks.rng
    limit = rng.choice(("0", "-1", "1", "9" * 4400, "9" * 20, "٣", "1.5", "", "x", "1000000", "+1", "0001", "1e3"))
    made.query.append(("limit", limit))
    if rng.random() < 0.6:
        kind = rng.choice((Server, Network, Port, Subnet))
        made.query.append(("marker", rng.choice((picks.id(kind, "other"), picks.id(kind, "deleted"), "", "x", "\x00"))))


def _rawquery(made: Draft, picks: Picks) -> None:
    path = made.prefix + "".join("/" + segment for segment in made.segments)
    query = picks.rng.choice(
        (
            "%zz",
            "%",
            "a=%ff",
            "a=%00",
            "=",
            "&&&",
            "a",
            "a=1;b=2",
            "name[]=1",
            "a=1&" * 1500,
            "%F0%9F%8C%A9=1",
            "x=%ED%A0%80",
        )
    )
    made.target = "".join(c if ord(c) < 128 and c not in " \x00?#" else "_" for c in path) + "?" + query


def _header(made: Draft, picks: Picks) -> None:
    name = picks.rng.choice(list(HEADERS))
    value = picks.rng.choice(HEADERS[name])
    if picks.rng.random() < 0.7:
        made.headers = [(known, held) for known, held in made.headers if known.lower() != name.lower()]
    made.headers.append((name, value))


def _method(made: Draft, picks: Picks) -> None:
    made.method = picks.rng.choice(
        (
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "TRACE",
            "CONNECT",
            "PROPFIND",
            "get",
            "X" * 50,
            "",
        )
    )


def _token(made: Draft, picks: Picks) -> None:
    made.token = picks.rng.choice((None, "", *BAD_TOKENS, *(person.token for person in PEOPLE)))


CHANGES: dict[str, tuple[int, Change]] = {
    "value": (30, _value),
    "removed": (8, _removed),
    "added": (8, _added),
    "repeated": (3, _repeated),
    "long": (8, _long),
    "key twice": (3, _twice),
    "spoilt": (6, _spoilt),
    "deep": (4, _deep),
    "huge": (1, _huge),
    "chunked": (3, _chunked),
    "wrapped": (2, _wrapped),
    "segment": (10, _segment),
    "path": (4, _path),
    "parameter": (10, _parameter),
    "bomb": (4, _bomb),
    "page": (7, _page),
    "raw query": (2, _rawquery),
    "header": (12, _header),
    "method": (2, _method),
    "token": (3, _token),
}
BODILY = frozenset({"value", "removed", "added", "repeated", "long", "deep", "key twice", "wrapped"})


def mutate(made: Draft, picks: Picks, times: int) -> None:
    """Change a request so many times, and write down how."""
    names = [name for name in CHANGES if made.has_body or name not in BODILY]
    weights = [CHANGES[name][0] for name in names]
    for name in picks.rng.choices(names, weights, k=times):
        CHANGES[name][1](made, picks)
        made.mutations.append(name)
