"""Read what the bundle decided, in the cheaper of the two ways in which it says it.

A bundle says its decision as an object, `data.gurum.authz.decision`: that is what an OPA server is asked. It may say
the same as an array, `data.gurum.authz.answer`, its fields in their order: the embedded engine puts an object together
by comparing each key with those before it, which costs a quarter of a decision. `gurum policy test` holds the one
against the other in every case.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Protocol

import msgspec

from gurum.policy.bundle import BundleSource
from gurum.policy.lint import package, rules
from gurum.policy.model import Scopes, Verdict

PACKAGE = "gurum.authz"
ENTRYPOINT = "gurum/authz/decision"
ANSWER = "gurum/authz/answer"


class Reader(Protocol):
    """Reads the engine's output for `entrypoint`. Raises msgspec.MsgspecError for what is no decision."""

    entrypoint: str

    def __call__(self, output: bytes) -> Verdict:
        """Return the verdict."""
        ...


def reader(source: BundleSource) -> Reader:
    """Return what reads the decisions of a bundle: of its `answer` if it has one, else of its `decision`."""
    return _Arrays() if entrypoints(source)[0] == ANSWER else _Objects()


def entrypoints(source: BundleSource) -> list[str]:
    """Return the entrypoints that say what the bundle decides, the one that decides in production first."""
    says = any("answer" in rules(module.text) for module in source.modules if package(module.text) == PACKAGE)
    return [ANSWER, ENTRYPOINT] if says else [ENTRYPOINT]


def said_as(*, array: bool) -> Any:
    """Return the struct that reads a verdict and nothing else: from an array, in its order, or from an object."""

    def reading(kind: type[msgspec.Struct], **other: Any) -> Any:
        fields = [(field.name, other.get(field.name, field.type)) for field in msgspec.structs.fields(kind)]
        return msgspec.defstruct(
            kind.__name__, fields, frozen=True, array_like=array, kw_only=not array, forbid_unknown_fields=True
        )

    return reading(Verdict, scopes=reading(Scopes) | None)


def verdict(said: Any) -> Verdict:
    """Return what such a struct read, as the contract's own."""
    bounds = said.scopes
    scopes = None if bounds is None else Scopes(**msgspec.structs.asdict(bounds))
    return Verdict(**{**msgspec.structs.asdict(said), "scopes": scopes})


_ANSWER = said_as(array=True)
_ARRAY: Any = msgspec.defstruct("Array", [("expressions", GenericAlias(tuple, (_ANSWER,)))], frozen=True)


class _Object(msgspec.Struct, frozen=True):
    expressions: tuple[Verdict]


class _Arrays:
    entrypoint = ANSWER

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_ARRAY).decode

    def __call__(self, output: bytes) -> Verdict:
        (answer,) = self._decode(output).expressions
        return verdict(answer)


class _Objects:
    entrypoint = ENTRYPOINT

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_Object).decode

    def __call__(self, output: bytes) -> Verdict:
        (said,) = self._decode(output).expressions
        return said
