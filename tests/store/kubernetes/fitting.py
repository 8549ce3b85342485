"""A store that looks at every write as the API server would: its schema, what never changes, the writer's rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tests.store.kubernetes import openapi

from gurum.model.base import Resource, read_only
from gurum.model.codec import KINDS as MODEL
from gurum.store.contract import StoreError
from gurum.store.kubernetes import crds, rights, schema, shape
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.words import camel
from gurum.store.memory import MemoryStore

R = TypeVar("R", bound=Resource)

_WHOLE = {k: crds.definition(k)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"] for k in MODEL}
_JUDGES = {kind: {part: openapi.validator(whole[part]) for part in whole} for kind, whole in _WHOLE.items()}


def fixed(kind: str, *, looked_at: bool = False) -> set[str]:
    """Return the fields of spec that never change; of what is only looked at (before and after) they are fewer."""
    row, names = KINDS[kind], schema.spec_of(MODEL[kind]).__struct_fields__
    free = set(row.shown) if looked_at else set()
    return {camel(name) for name in (names if row.fixed == ("*",) else row.fixed) if name not in free} | set(
        shape.IDENTITY
    )


class Fitting:
    """`inner`, as a process of that name may use it. `faults` is everything that an API server would have refused."""

    def __init__(self, inner: MemoryStore, process: str, faults: list[str]) -> None:
        self._inner, self._process, self._faults = inner, process, faults
        self._rights = rights.PROCESSES.get(process)
        self.seen: set[tuple[str, str]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def create(self, obj: R) -> R:
        """As the contract."""
        self._may("create", obj.kind)
        return self._fits(await self._inner.create(obj))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """As the contract."""
        for obj in objs:
            self._may("create", obj.kind)
        made, refusal = await self._inner.create_many(objs)
        for obj in made:
            self._fits(obj)
        return made, refusal

    async def update_spec(self, obj: R, **more: Any) -> R:
        """As the contract."""
        self._may("update", obj.kind)
        old = await self._inner.get(type(obj), obj.id)
        after = self._fits(await self._inner.update_spec(obj, **more))
        before, now = shape.spec(old, {}), shape.spec(after, {})
        names = fixed(obj.kind, looked_at=read_only(old) and read_only(after))
        self._faults += [f"{obj.kind}.{name} changed" for name in names if before.get(name) != now.get(name)]
        return after

    async def update_status(self, obj: R) -> R:
        """As the contract."""
        before = await self._inner.get(type(obj), obj.id)
        if shape.status(before) != shape.status(obj):
            self._may("status", obj.kind)
        if before.metadata.finalizers != obj.metadata.finalizers:
            self._may("update", obj.kind)
        return self._fits(await self._inner.update_status(obj))

    async def delete(self, kind: type[R], id: str, **more: Any) -> R | None:
        """As the contract."""
        self._may("delete", kind.kind)
        marked = await self._inner.delete(kind, id, **more)
        if marked is not None:
            self._may("update", kind.kind)
        return marked

    def _may(self, verb: str, kind: str) -> None:
        self.seen.add((verb, kind))
        if self._rights is not None and kind not in getattr(self._rights, verb):
            self._faults.append(f"{self._process} may not {verb} {kind}")

    def _fits(self, obj: R) -> R:
        for part, document in (("spec", shape.spec(obj, {})), ("status", shape.status(obj))):
            for error in _JUDGES[obj.kind][part].iter_errors(document):
                self._faults.append(
                    f"{obj.kind}.{part}.{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                )
        return obj
