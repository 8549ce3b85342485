"""Replaces what belongs to one run by numbered placeholders, so that two runs can be compared word by word.

Too little, and no two transcripts are equal; too much, and wrong ones are. So only shapes that a cloud makes up are
replaced (ids, addresses, times), each by a number of its own: whether the *same* id comes back, how many there are,
and in which order stays visible. What the script itself wrote stays as it is.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from tests.same.play import Play

Leaf: TypeAlias = tuple[str, Any, str, str]
"""A place in a document: path, value, key under which it stands, id of the object that it belongs to."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SHAPES = {
    # The first that fits wins.
    "req": rf"\breq-{_UUID}\b|\btx[0-9a-f]{{21}}-[0-9a-f]{{10}}\b",
    "time": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?",
    "id": rf"\b{_UUID}\b|\b[0-9a-f]{{56}}\b|\b[0-9a-f]{{32}}\b",
    "mac": r"(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9a-f:])",
    "address": r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)",
}
SHAPE = re.compile("|".join(f"(?P<{name}>{shape})" for name, shape in _SHAPES.items()))
STEADY = frozenset({"created", "created_at", "launched_at", "OS-SRV-USG:launched_at"})
"""Times that an object keeps. Others move with whatever happens to it, within a second or in the next one."""

PASSWORDS = frozenset({"adminPass", "admin_password"})
"""Keys whose texts a cloud makes up without any shape but their length."""
ANYWHERE = frozenset({"0.0.0.0"})  # an address that means the same in every run

_PROGRESS = re.compile(r"(?:\rProgress: *\d*)+")
_RULER = re.compile(r"-{3,}")
_SPACES = re.compile(r"[ \t]{2,}")


class Normaliser:
    """Normalises one transcript, place by place in order. `written`: the script's own text."""

    def __init__(self, names: Mapping[str, str], written: str) -> None:
        self._names = names
        pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._pattern = re.compile(pattern or r"(?!)")
        self._literal = literals(written)
        self._looking = False
        self._numbers: dict[str, dict[tuple[str, ...], int]] = {}

    def named(self, value: Any) -> Any:
        """Return a value in which only names are replaced."""
        if isinstance(value, str):
            return self._pattern.sub(lambda match: self._names[match[0]], value)
        if isinstance(value, dict):
            return {self.named(key): self.named(inner) for key, inner in value.items()}
        return [self.named(inner) for inner in value] if isinstance(value, list) else value

    def seen(self, value: Any, key: str = "", owner: str = "") -> Any:
        """Return a value with placeholders, in which what was not seen before is new and stays so."""
        self._looking = True
        try:
            return self.value(value, key, owner)
        finally:
            self._looking = False

    def value(self, value: Any, key: str = "", owner: str = "") -> Any:
        """Return a value with placeholders. `key`, `owner`: where it stands, for times."""
        if not isinstance(value, str):
            return value
        if key in PASSWORDS and value:
            return f"<password:{self._number('password', value)} {'x' * len(value)}>"
        return SHAPE.sub(lambda match: self._placeholder(match, key, owner), self.named(value))

    def _placeholder(self, match: re.Match[str], key: str, owner: str) -> str:
        shape, text = str(match.lastgroup), match[0]
        if text in self._literal:
            return text
        if shape == "req":
            return "<request>"
        if shape == "time":
            form = re.sub(r"\d", "0", text)
            # Numbered within its object: two objects may or may not be made in the same second.
            return f"<time {form}>" if key not in STEADY else f"<time:{self._number('time', owner, text)} {form}>"
        return f"<{shape}:{self._number(shape, text)}>"

    def _number(self, shape: str, *what: str) -> int | str:
        known = self._numbers.setdefault(shape, {})
        if self._looking:
            return known.get(what, "new")
        return known.setdefault(what, len(known) + 1)


def literals(written: str) -> set[str]:
    """Return ids and addresses that the script writes, and the first address of each network it writes: its gateway."""
    out = {match[0] for match in SHAPE.finditer(written)} | ANYWHERE
    for text in re.findall(r"\b\d+\.\d+\.\d+\.0/\d+\b", written):
        try:
            network = ipaddress.ip_network(text)
        except ValueError:  # a wrong one, as a user may write it
            continue
        out |= {str(network.network_address + 1)}
    return out


def leaves(play: Play) -> list[Leaf]:
    """Return all that a call shows: exit code, standard output (fields if it is JSON, else lines), standard error."""
    return [
        ("exit", play.result.exit, "", ""),
        *_printed("$", "stdout", play.result.stdout),
        *((path, value, key, owner) for path, value, key, owner in _lines("stderr", play.result.stderr)),
    ]


def _printed(root: str, stream: str, text: str) -> Iterator[Leaf]:
    try:
        document = json.loads(_PROGRESS.sub("", text))
    except ValueError:
        yield from _lines(stream, text)
        return
    yield from flat(document, root)


def _lines(stream: str, text: str) -> Iterator[Leaf]:
    # An animation is no output, and a table is as wide as its widest id or address.
    text = _SPACES.sub(" ", _RULER.sub("---", _PROGRESS.sub("", text)))
    for number, line in enumerate(text.rstrip("\n").split("\n") if text.strip() else ()):
        yield f"{stream}[{number}]", line.rstrip(), "", ""


def flat(value: Any, path: str, key: str = "", owner: str = "") -> Iterator[Leaf]:
    """Return the leaves of a document in its own order; what is empty is a leaf."""
    if isinstance(value, dict) and value:
        own = next((str(value[name]) for name in ("id", "ID") if isinstance(value.get(name), str)), owner)
        for name, inner in value.items():
            yield from flat(inner, f"{path}.{name}", name, own)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from flat(inner, f"{path}[{index}]", key, owner)
    else:
        yield path, value, key, owner


def covered(path: str, field: str) -> bool:
    """Whether a place is a field or stands in it."""
    return path == field or (path.startswith(field) and path[len(field)] in ".[")
