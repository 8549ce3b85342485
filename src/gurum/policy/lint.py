"""Refuse a policy that the embedded engine would run differently from what its author meant.

It exists because regopy (rego-cpp) is silent where it must not be: built-ins that it lacks (`http.send`, `net.*`)
are undefined, so `not net.cidr_contains(...)` allows; `opa.runtime` shows the process environment to any policy;
Rego v0 is accepted, which OPA 1 rejects; and `sprintf` quotes its text arguments. So a policy may call only what is
listed here, all of it deterministic (which the memo of decisions rests on) and understood alike by OPA.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from gurum.policy.names import undefined
from gurum.policy.tokens import KEYWORDS, Token, heads, tokens

_ARRAYS = (
    "array.concat",
    "array.reverse",
    "array.slice",
    "count",
    "max",
    "min",
    "product",
    "sort",
    "sum",
)
_SETS = ("intersection", "union")
_OBJECTS = ("object.filter", "object.get", "object.keys", "object.remove", "object.union", "object.union_n")
_NUMBERS = ("abs", "ceil", "floor", "format_int", "round", "to_number")
_TYPES = ("array", "boolean", "null", "number", "object", "set", "string")
_TEXTS = (
    *("concat", "contains", "endswith", "indexof", "lower", "replace", "split", "startswith", "substring", "upper"),
    *("trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix"),
    *("strings.any_prefix_match", "strings.any_suffix_match", "regex.match", "glob.match"),
)
ALLOWED = frozenset((*_ARRAYS, *_SETS, *_OBJECTS, *_NUMBERS, *_TEXTS, "type_name", *(f"is_{kind}" for kind in _TYPES)))
"""Built-ins that a policy may call."""


@dataclass(frozen=True)
class Finding:
    """Why a policy is refused, and where."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def package(source: str) -> str:
    """Return the package that `source` declares ("gurum.authz"), or an empty text."""
    stream = tokens(source)
    return next((next(stream).text for token in stream if token.text == "package"), "")


def rules(source: str) -> list[str]:
    """Return the names of the rules and functions that `source` defines, in their order, each once."""
    return list(dict.fromkeys(token.text for token, _ in heads(list(tokens(source)))))


def functions(source: str) -> set[str]:
    """Return the names of the functions that `source` defines."""
    return {token.text for token, following in heads(list(tokens(source))) if following.text == "("}


def check(path: str, source: str, known: Iterable[str] = (), defined: Iterable[str] = ()) -> list[Finding]:
    """Return what is wrong with the policy at `path`; nothing wrong is an empty list.

    known, defined: names of functions, and of rules, that other modules of the bundle define.
    """
    stream = list(tokens(source))
    found = [Finding(path, 1, "it does not import rego.v1")] if not _imports_v1(stream) else []
    callable_names = ALLOWED | set(known) | functions(source)
    for index, token in enumerate(stream):
        before = stream[index - 1] if index else None
        after = stream[index + 1] if index + 1 < len(stream) else None
        if token.kind == "name" and after is not None and after.text == "(":
            name = token.text.rsplit(".", 1)[-1] if token.text.startswith("data.") else token.text
            if name not in callable_names and name not in KEYWORDS:
                found.append(Finding(path, token.line, f"the built-in {token.text} is not allowed"))
        if token.text == "(" and before is not None and before.text == "]":
            found.append(Finding(path, token.line, "a call through brackets is not allowed"))
        if token.text == "$":
            found.append(Finding(path, token.line, "a template string is not allowed: what it calls is not seen"))
        if token.text == "with":
            found.append(Finding(path, token.line, "with makes the embedded engine abort"))
        if token.text == "{" and token.depth == 0 and before is not None and _v0(stream, index):
            found.append(Finding(path, token.line, "a rule body without if is Rego v0"))
    found.extend(
        Finding(path, token.line, f"nothing defines {token.text}: declare it by :=, some or every")
        for token in undefined(stream, frozenset((*defined, *(token.text for token, _ in heads(stream)))))
    )
    return found


def _imports_v1(stream: list[Token]) -> bool:
    return any(first.text == "import" and second.text == "rego.v1" for first, second in pairwise(stream))


def _v0(stream: list[Token], index: int) -> bool:
    """Tell whether the brace at `index`, outside all brackets, opens a body that no `if` announces.

    A value or a set stands after an operator or a keyword; after a name, a text, a number or a closing bracket only
    a body can stand, save that of `every x in xs {`.
    """
    before = stream[index - 1]
    if before.text in {"}", ")", "]"} or before.kind in {"text", "number"} or before.text == "else":
        announced = False
    elif before.kind == "name":
        announced = before.text in KEYWORDS - {"true", "false", "null", "else"}
    else:
        announced = True
    if announced:
        return False
    for earlier in reversed(stream[:index]):
        if earlier.depth == 0 and earlier.text == "every":
            return False
        if earlier.depth == 0 and earlier.text in {"if", "}"}:
            break
    return True
