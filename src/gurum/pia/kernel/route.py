"""A route is a row of data, and this is the row.

The table of a service feeds routing, version negotiation, validation, the policy's input, the API reference and the
tests of isolation. What is not in the table does not exist: the service answers as the real one does for such a path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gurum.model.base import Resource
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.schema import Versions
from gurum.pia.kernel.wire import Response
from gurum.policy.model import Target

if TYPE_CHECKING:
    from gurum.pia.kernel.context import Context

Handler = Callable[["Context"], Awaitable[Response]]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is about, for policy and for the handler.

    target: what policy decides by. object: the stored object, if it is one. missing: the very error an unknown id
    gets, for those who may not see the object; without it they get the refusal.
    """

    target: Target
    object: Resource | None = None
    missing: ApiError | None = None


Find = Callable[["Context"], Subject]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    method, path: `{name}` stands for one segment. action: the key of the body, for paths where it names the operation.
    since, until: the minor versions it exists in, ends included. body, query: what must hold of them, by version.
    policy: the action asked of policy, once (empty: nothing is asked). find: what the request is about, including the
    attributes the body touches; raises the service's not-found. Without it: what the caller itself would own.
    reads: the kinds brought up to date before `find`, policy and handler. status: of success. shape: what kind of
    operation it is, for reference and tests. summary: one line for the reference.
    """

    method: str
    path: str
    handler: Handler
    action: str = ""
    since: int = 0
    until: int = 9999
    body: Versions | None = None
    query: Versions | None = None
    policy: str = ""
    find: Find | None = None
    reads: tuple[type[Resource], ...] = ()
    status: int = 200
    shape: Literal["list", "show", "write", "action", "document"] = "show"
    summary: str = ""


class Match(msgspec.Struct, kw_only=True):
    """The rows of a path and method, and the segments that stood for names."""

    routes: list[Route]
    params: dict[str, str]
    methods: frozenset[str]  # every method the path has


NAMED = object()  # stands in the tree for any segment: no text that a client sends can be it
Leaf = tuple[tuple[str, ...], dict[str, list[Route]], tuple[str, ...]]


class Table:
    """A service's rows, arranged for looking up by path. Rows of one path agree on the names of its segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root: dict[object, Any] = {}
        for route in self.routes:
            node = self._root
            names = []
            for segment in route.path.strip("/").split("/"):
                if segment.startswith("{"):
                    names.append(segment[1:-1])
                    node = node.setdefault(NAMED, {})
                else:
                    node = node.setdefault(segment, {})
            _, methods = node.setdefault("", (tuple(names), {}))
            methods.setdefault(route.method, []).append(route)

    def match(self, method: str, segments: list[str]) -> Match | None:
        """Return the rows for a path; `routes` is empty when the path has no such method; None without a path.

        A literal segment goes before a named one, unless only the latter has the method.
        """
        methods: set[str] = set()
        for names, rows, values in self._leaves(self._root, segments, 0, ()):
            if method in rows:
                return Match(routes=rows[method], params=dict(zip(names, values, strict=True)), methods=frozenset(rows))
            methods.update(rows)
        return Match(routes=[], params={}, methods=frozenset(methods)) if methods else None

    def _leaves(self, node: dict[object, Any], segments: list[str], at: int, values: tuple[str, ...]) -> Iterator[Leaf]:
        if at == len(segments):
            if "" in node:
                names, rows = node[""]
                yield names, rows, values
            return
        segment = segments[at]
        if segment in node and segment:
            yield from self._leaves(node[segment], segments, at + 1, values)
        if segment and NAMED in node:
            yield from self._leaves(node[NAMED], segments, at + 1, (*values, segment))
