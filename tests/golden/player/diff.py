"""Compares masked answers with the golden ones, step by step through one scenario.

One `Differ` lives as long as the scenario, because ids are compared by a one-to-one mapping over all of it: the
network a subnet names must be the network that was created three steps before. Comparing step by step alone would
let a cloud answer with any id at all.
"""

from __future__ import annotations

import json
import re

from tests.golden.player.model import Answer, Class, Difference, Json
from tests.golden.player.patterns import MAYBE, NUMBERED, any_kind, unnumbered

ABSENT = "(absent)"
_KINDS: dict[type, str] = {
    bool: "bool",
    int: "number",
    float: "number",
    str: "str",
    type(None): "null",
    list: "list",
    dict: "dict",
}
_TEXTS = frozenset({"message", "faultstring", "description", "detail"})
_TYPES = frozenset({"type", "title", "code", "faultcode"})


def kind_of(value: Json) -> str:
    """The JSON type's name as masks write it: bool, number, str, null, list, dict."""
    return _KINDS[type(value)]


def canonical(name: str, value: str) -> str:
    """A header's value without an order that means nothing.

    Frameworks write `Allow` in the order of a hash table: it is another one after each start of the same Keystone.
    """
    return ", ".join(sorted(value.split(", "))) if name == "allow" else value


class Differ:
    """Compares the steps of one scenario, in order."""

    def __init__(self) -> None:
        self._forth: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def step(self, golden: Answer, got: Answer, *, ordered: bool) -> list[Difference]:
        """Everything that differs in one step; `ordered` if the order of its lists counts."""
        if golden.status is None or got.status is None:
            found = got.failed or got.status
            return [Difference(kind="status", path="status", expected=golden.status, got=found)]
        out = []
        if golden.status != got.status:
            out.append(Difference(kind="status", path="status", expected=golden.status, got=got.status))
        if golden.wait != got.wait:
            reached = [answer.wait or "reached" for answer in (golden, got)]
            out.append(Difference(kind="status", path="wait", expected=reached[0], got=reached[1]))
        out += self._headers(golden.headers, got.headers)
        body: list[Difference] = []
        self._compare(golden.body, got.body, "$", body, ordered)
        refused = golden.status >= 400 or got.status >= 400
        return out + ([_of_error(d) for d in body] if refused else body)

    def _headers(self, golden: dict[str, str], got: dict[str, str]) -> list[Difference]:
        out = []
        for name in sorted(golden.keys() | got.keys()):
            want, have = (canonical(name, side.get(name, ABSENT)) for side in (golden, got))
            if want in (have, MAYBE) or (any_kind(want) and have != ABSENT):
                continue
            if unnumbered(want) != unnumbered(have) or not self._same_ids(want, have):
                out.append(Difference(kind="headers", path=name, expected=want, got=have))
        return out

    def _compare(self, want: Json, have: Json, path: str, out: list[Difference], ordered: bool) -> None:
        def differs(kind: Class, where: str, expected: Json, got: Json) -> None:
            out.append(Difference(kind=kind, path=where, expected=expected, got=got))

        masked = any_kind(want)
        if want == MAYBE or masked:
            if masked not in (None, "any", kind_of(have)):
                differs("types", path, want, have)
        elif kind_of(want) != kind_of(have):
            differs("types", path, want, have)
        elif isinstance(want, dict) and isinstance(have, dict):
            for key, value in want.items():
                if key in have:
                    self._compare(value, have[key], f"{path}.{key}", out, ordered)
                elif value != MAYBE:
                    differs("keys", f"{path}.{key}", value, ABSENT)
            for key in have:
                if key not in want:
                    differs("keys", f"{path}.{key}", ABSENT, have[key])
        elif isinstance(want, list) and isinstance(have, list):
            if len(want) != len(have):
                differs("values", path, f"{len(want)} items", f"{len(have)} items")
                return
            if not ordered and want and isinstance(want[0], dict):
                have = self._paired(want, have)
            for i, (x, y) in enumerate(zip(want, have, strict=True)):
                self._compare(x, y, f"{path}[{i}]", out, ordered)
        elif isinstance(want, str) and isinstance(have, str):
            if unnumbered(want) != unnumbered(have):
                differs("values", path, want, have)
            elif not self._same_ids(want, have):
                differs("values", f"{path} (reference)", want, have)
        elif want != have or type(want) is not type(have):
            differs("values", path, want, have)

    def _paired(self, want: list[Json], have: list[Json]) -> list[Json]:
        """The items of `have` beside those of `want` that they are: first by known ids, then by looks."""
        rest = list(range(len(have)))
        chosen: dict[int, int] = {}
        for known_only in (True, False):
            for i, x in enumerate(want):
                if i in chosen:
                    continue
                for j in rest:
                    if self._looks_like(x, have[j]) and (not known_only or self._known_pair(x, have[j])):
                        chosen[i] = j
                        rest.remove(j)
                        break
        left = iter(rest)
        return [have[chosen[i] if i in chosen else next(left)] for i in range(len(want))]

    def _looks_like(self, want: Json, have: Json) -> bool:
        """Equal but for which ids they are."""
        if any_kind(want):
            return True
        if isinstance(want, dict):
            return (
                isinstance(have, dict)
                and all(k in have or v == MAYBE for k, v in want.items())
                and all(k in want and (want[k] == MAYBE or self._looks_like(want[k], have[k])) for k in have)
            )
        if isinstance(want, list):
            return (
                isinstance(have, list)
                and len(want) == len(have)
                and all(self._looks_like(x, y) for x, y in zip(want, have, strict=True))
            )
        if isinstance(want, str) and isinstance(have, str):
            return unnumbered(want) == unnumbered(have)
        return type(want) is type(have) and want == have

    def _known_pair(self, want: Json, have: Json) -> bool:
        """Whether the ids in both, in order, do not contradict the mapping so far."""
        texts = (json.dumps(x, sort_keys=True) for x in (want, have))
        return all(
            self._forth.get(x[0], y[0]) == y[0] and self._back.get(y[0], x[0]) == x[0]
            for x, y in zip(*map(NUMBERED.finditer, texts), strict=False)
        )

    def _same_ids(self, want: str, have: str) -> bool:
        """Map the ids of one text to those of the other; False if that contradicts the mapping so far."""
        for x, y in zip(NUMBERED.finditer(want), NUMBERED.finditer(have), strict=False):
            if self._forth.setdefault(x[0], y[0]) != y[0] or self._back.setdefault(y[0], x[0]) != x[0]:
                return False
        return True


def _of_error(difference: Difference) -> Difference:
    """The same in the answer of a refusal: its text and its type are what clients tell errors apart by."""
    path = difference.path
    leaf = re.split(r"[.\[]", path.split(" ")[0])[-1]
    kind = difference.kind
    if kind != "types" and (leaf in _TEXTS or path == "$"):
        kind = "message"
    elif (kind == "keys" and path.count(".") == 1) or leaf in _TYPES:
        kind = "error-type"
    return Difference(kind=kind, path=path, expected=difference.expected, got=difference.got)
