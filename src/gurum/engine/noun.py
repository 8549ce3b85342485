"""The description of a noun, and the finding of all of them (`gurum.engine.nouns`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gurum.engine.context import Engine
from gurum.engine.material import Hooks
from gurum.engine.queue import Key
from gurum.model.base import Resource
from gurum.model.discovery import modules

Edge = Callable[[Engine, Any, Any], Iterable[Key]]  # (engine, before, after): who must look again


@dataclass(frozen=True)
class Noun:
    """A kind that the like controllers reconcile.

    hooks: where it differs from others (`gurum.engine.material`). indexes: what is looked up, by kind: name and values.
    edges: by the kind that changes, who must look again, beside the object itself. counted: the service that has a
    quota of it, and the quota's name; None: none has. anew: after a restore, what the cloud no longer has of it is
    made anew; not for what has contents, or is known to users by what the cloud chose.
    """

    kind: type[Resource]
    hooks: Hooks[Any]
    indexes: tuple[tuple[type[Resource], str, Callable[[Any], Iterable[str]]], ...] = ()
    edges: Mapping[type[Resource], Edge] = field(default_factory=dict)
    counted: tuple[str, str] | None = None
    anew: bool = False


@cache
def nouns() -> tuple[Noun, ...]:
    """Return every noun that a module of `gurum.engine.nouns` describes as NOUN."""
    return tuple(module.NOUN for module in modules("gurum.engine.nouns"))
