"""Request and response as plain values, so that everything above ASGI can be tested without a socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import msgspec

_encode = msgspec.json.Encoder().encode
JSON = "application/json"

DEEPEST = 100  # levels of a body


class Query:
    """A query string, parsed once. Names may repeat; the order of the request is kept.

    Raises UnicodeDecodeError when it is not UTF-8: each service has its own words for that.
    """

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.pairs: list[tuple[str, str]] = parse_qsl(raw, keep_blank_values=True, errors="strict") if raw else []

    @cached_property
    def lists(self) -> dict[str, list[str]]:
        """Name to all its values, in the order they came."""
        lists: dict[str, list[str]] = {}
        for name, value in self.pairs:
            lists.setdefault(name, []).append(value)
        return lists

    def all(self, name: str) -> list[str]:
        """Return the values of a name; none when it is absent."""
        return self.lists.get(name, [])

    def last(self, name: str, default: str = "") -> str:
        """Return the last value of a name: what most services take when one is repeated."""
        values = self.lists.get(name)
        return values[-1] if values else default

    def __contains__(self, name: object) -> bool:
        return name in self.lists

    def __bool__(self) -> bool:
        return bool(self.pairs)


class Request(msgspec.Struct, kw_only=True):
    """A request as the service sees it: `path` is decoded and below the service's prefix; header names are lower."""

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    root: str = ""  # public URL of the service, prefix included, version not
    request_id: str = ""
    global_request_id: str = ""
    body: bytes = b""
    project: str = ""  # the project id that stood in the path, where a service lets one stand there
    lenient: bool = False  # what a body says beyond its schema is dropped, as it was before there were microversions
    gone: Callable[[], Awaitable[None]] | None = None  # waits until the client has gone, where that can be known

    @property
    def media_type(self) -> str:
        """The content type without its parameters, lower case; empty when none came."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response(msgspec.Struct, kw_only=True):
    """An answer. `headers` are (name, value) beside the content type, which is left out when None."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = JSON
    headers: list[tuple[str, str]] = msgspec.field(default_factory=list)


def json(document: Any, status: int = 200, *, content_type: str = JSON) -> Response:
    """Return an answer whose body is the document."""
    return Response(status=status, body=_encode(document), content_type=content_type)


class UnreadableError(Exception):
    """A body is not JSON, not UTF-8, or nested deeper than anything may be."""


def decode(body: bytes) -> Any:
    """Return the document of a body. Raises UnreadableError.

    What is nested deeply can be read, but not printed in the refusal it would get, which takes several frames a level.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and _deep(document):
        raise UnreadableError(f"nested more than {DEEPEST} levels deep")
    return document


def _deep(document: Any) -> bool:
    level = [document]
    for _ in range(DEEPEST):
        inner = (node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list))
        level = [child for children in inner for child in children]
        if not level:
            return False
    return True


def encode(document: Any) -> bytes:
    """Return the document as JSON bytes."""
    return _encode(document)


def empty(status: int = 204, content_type: str | None = JSON) -> Response:
    """Return an answer without a body."""
    return Response(status=status, content_type=content_type)


def listing(name: str, items: Iterable[bytes], links: bytes = b"") -> Response:
    """Return `{name: [items]}` of items that are rendered already; `links` is one more member, rendered, or empty."""
    return Response(body=b'{"%s":[%s]%s}' % (name.encode(), b",".join(items), b"," + links if links else b""))
