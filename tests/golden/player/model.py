"""The shapes of the corpus's files: scenarios, recordings, golden answers, differences.

The files are data that outlive this code and are shared with other tools, so their shape is checked when they are
read: a key nobody understands (a mistyped `ordered`, say) would otherwise silently weaken a comparison.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""What a JSON document can hold."""

Class = Literal["status", "error-type", "message", "keys", "types", "values", "headers"]
"""The classes of difference: what kind of client would notice."""

CLASSES: tuple[Class, ...] = (
    "status",
    "error-type",
    "message",
    "keys",
    "types",
    "values",
    "headers",
)


class Wait(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Poll `path` until it answers with a status, or until each JSON path has (one of) its values. Seconds."""

    path: str
    until: int | dict[str, Any]
    timeout: float = 90
    every: float = 0.4
    service: str | None = None
    headers: dict[str, Any] | None = None
    as_: str | None = msgspec.field(default=None, name="as")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One request of a scenario. `body` is sent as JSON, `raw` as it is, `size` as so many made-up bytes."""

    name: str
    path: str
    method: str = "GET"
    as_: str = msgspec.field(default="member", name="as")
    service: str | None = None
    headers: dict[str, Any] | None = None
    body: Any = msgspec.UNSET
    raw: str | msgspec.UnsetType = msgspec.UNSET
    size: int | msgspec.UnsetType = msgspec.UNSET
    save: dict[str, str] = {}
    wait: Wait | None = None
    ordered: bool = False
    sleep: float = 0


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Requests played in order by fresh users in fresh projects."""

    service: str
    steps: list[Step]
    about: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked: `path` as the scenario writes it, `url` as it was sent."""

    method: str
    service: str
    path: str
    url: str = ""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered. Header names are lower case; `kind` is json, text, or digest (of a long body)."""

    status: int
    headers: dict[str, str]
    kind: str
    body: Any


class RecordedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step as it was played: answered, or `failed` before there was an answer."""

    name: str
    as_: str = msgspec.field(default="member", name="as")
    request: Request | None = None
    response: Response | None = None
    failed: str | None = None
    waited: bool | None = None


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario as it was played, with what is needed to mask it: saved values, variables, endpoints."""

    scenario: str
    steps: list[RecordedStep]
    saved: dict[str, Any] = {}
    vars: dict[str, Any] = {}
    endpoints: dict[str, str] = {}
    error: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One masked answer: a line of a golden file, or a recorded step after masking.

    `status` is None if the request got no answer. `unstable` (golden only) says why a step is not compared.
    """

    name: str
    as_: str = msgspec.field(default="member", name="as")
    request: str = ""
    status: int | None = None
    headers: dict[str, str] = {}
    body: Any = None
    kind: str = "json"
    wait: str | None = None
    failed: str | None = None
    unstable: str | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One place where an answer is not the recorded one.

    `path` is a JSON path (`$.server.id`), a header's name, `status`, or `wait`; a JSON path ending in
    ` (reference)` says that the id there is not the one that stood in the same places before.
    """

    kind: Class
    path: str
    expected: Any
    got: Any

    @property
    def place(self) -> str:
        """The path as a row of `rows/` writes it: one name for a place, whatever is wrong there."""
        if self.kind == "headers":
            return f"header:{self.path}"
        return self.path.removesuffix(" (reference)")
