"""What a person's names mean: the object in the namespace, an id, or the only one that is called so.

In that order. The name of a Kubernetes object is unique in its namespace and says most surely what its writer means;
OpenStack's names are not unique, so one counts only if a single object that the project may use has it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.compute import Flavor, KeyPair
from gurum.model.image import Image
from gurum.pia.kernel.context import Parts
from gurum.store.kubernetes.kinds import PLACES
from gurum.store.kubernetes.references import REFERENCES, Reference
from gurum.store.kubernetes.shape import Address
from gurum.store.kubernetes.wishes import Wishes

Document = dict[str, Any]


class UnknownError(Exception):
    """A name means nothing (yet), or several things. str() of it is the sentence for whoever wrote it."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where a name was written: the region and namespace of the object, the project and the user."""

    region: str
    namespace: str
    project: str
    user: str


class Names:
    """The names of a process's mirrors."""

    def __init__(self, parts: Parts, wishes: Wishes) -> None:
        self._parts, self._wishes = parts, wishes

    async def resolved(self, kind: str, spec: Mapping[str, Any], scope: Scope, *, known: bool = False) -> Document:
        """Return a wish's spec with ids in the place of its references. Raises UnknownError, UnavailableError.

        What is copied of its target (flavor, key pair) keeps its reference, which then is as the API takes it.
        known: what a reference stands for was looked up before, where it stands beside it.
        """
        rows = REFERENCES.get(kind, ())
        await self._parts.board.fresh(*dict.fromkeys(codec.KINDS[row.target] for row in rows))
        found = copy.deepcopy(dict(spec))
        for row in rows:
            for holder, name in _places(found, row.written.split(".")):
                if known and row.filled.rpartition(".")[2].removesuffix("[]") in holder:
                    del holder[name]
                else:
                    await self._fill(row, holder, name, scope)
        return found

    async def _fill(self, row: Reference, holder: Document, name: str, scope: Scope) -> None:
        written = holder.pop(name)
        listed = isinstance(written, list)
        ids = [await self.id_of(row.target, text, scope) for text in (written if listed else [written])]
        if row.copied:
            holder[name] = ids[0]
            return
        field = row.filled.rpartition(".")[2].removesuffix("[]")
        if listed:
            holder[field] = list(dict.fromkeys([*holder.get(field, ()), *ids]))
        elif holder.get(field, ids[0]) != ids[0]:
            raise UnknownError(f"{name} {written} is {ids[0]}, and {field} says {holder[field]}: write one of the two")
        else:
            holder[field] = ids[0]

    async def id_of(self, target: str, text: str, scope: Scope) -> str:
        """Return the id (of a flavor its flavorid, of a key pair its name) that a text means. Raises UnknownError."""
        kind = codec.KINDS[target]
        feed = await self._wishes.feed(kind)
        address = Address("" if PLACES[target].cluster else scope.namespace, text)
        if address in feed.asked and address not in feed.names:
            raise UnknownError(f"{target} {text} is not admitted yet.")
        mirror = self._parts.board.of(kind)
        for uid in (feed.names.get(address, ""), text.lower()):
            obj = mirror.get(uid, scope.region) if uid else None
            if obj is not None and not obj.deleting:
                return _said(obj)
        called = [obj for obj in mirror.objects(scope.region) if _called(obj, text) and _usable(obj, scope)]
        if len(called) > 1:
            raise UnknownError(f"More than one {target} is called {text}; write the id of one.")
        if not called:
            raise UnknownError(_missing(target, text))
        return _said(called[0])


def _missing(target: str, text: str) -> str:
    return "Invalid key_name provided." if target == "KeyPair" else f"{target} {text} could not be found."


def _said(obj: Resource) -> str:
    if isinstance(obj, Flavor):
        return obj.spec.flavorid
    return obj.spec.name if isinstance(obj, KeyPair) else obj.id


def _called(obj: Resource, text: str) -> bool:
    spec: Any = getattr(obj, "spec", None)
    return not obj.deleting and (
        getattr(spec, "name", None) == text or (isinstance(obj, Flavor) and obj.spec.flavorid == text)
    )


def _usable(obj: Resource, scope: Scope) -> bool:
    spec: Any = getattr(obj, "spec", None)
    if isinstance(obj, KeyPair):
        return bool(obj.spec.user_id == scope.user)
    if isinstance(obj, Flavor):
        return obj.spec.is_public or scope.project in obj.spec.access
    if isinstance(obj, Image):
        return obj.spec.visibility in ("public", "community") or obj.spec.owner == scope.project
    return (
        obj.metadata.project == scope.project
        or getattr(spec, "shared", False)
        or bool(getattr(spec, "external", False))
    )


def _places(document: Document, path: Sequence[str]) -> Iterator[tuple[Document, str]]:
    """Yield the struct and the name of every field that a reference's path leads to and that is given."""
    name = path[0].removesuffix("[]")
    value = document.get(name)
    if value is None:
        return
    if len(path) == 1:
        yield document, name
    elif isinstance(value, list):
        for each in value:
            yield from _places(each, path[1:])
    else:
        yield from _places(value, path[1:])
