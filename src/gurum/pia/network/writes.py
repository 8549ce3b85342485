"""What every write of the network API needs: the metadata of a new object, quota, a parent's new revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from gurum.model.base import Metadata, Resource, new_id
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.network import revision
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.quotas.usage import in_use, limits
from gurum.store.contract import ConflictError, NotFoundError, StoreError

R = TypeVar("R", bound=Resource)
ENGINE = "engine"  # the finalizer of what a cloud holds something of


def metadata(ctx: Context, project: str, *, key: str = "", finalized: bool = True) -> Metadata:
    """Return the metadata of a new object; its key is its id unless another is given."""
    uid = new_id()
    return Metadata(
        id=uid,
        key=key or uid,
        region=ctx.region.name,
        project=project,
        finalizers=[ENGINE] if finalized else [],
        cause=ctx.cause,
    )


async def reserve(ctx: Context, project: str, uid: str, amounts: Mapping[str, int]) -> None:
    """Reserve quota for the objects of a request; `uid` is the first one's id. Raises OverQuota.

    The reservation is dropped by whoever counts, once the object exists; `unreserve` it when it will not.
    """
    bounds = limits(ctx, project)
    wanted = {name: amount for name, amount in amounts.items() if bounds.get(name, -1) >= 0}
    if not wanted:
        return
    excess = await ctx.parts.claims.reserve(
        region=ctx.region.name,
        project=project,
        service="network",
        id=uid,
        amounts=wanted,
        limits=bounds,
        in_use=in_use(of(ctx).inventory, ctx.region.name, project),
    )
    if excess is not None:
        raise fault("OverQuota", resources=[excess.resource])


async def unreserve(ctx: Context, project: str, uid: str) -> None:
    """Give back what was reserved for an object that was not created."""
    await ctx.parts.claims.release(region=ctx.region.name, project=project, service="network", id=uid)


@asynccontextmanager
async def making(
    ctx: Context, project: str, uid: str, amounts: Mapping[str, int], undo: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Reserve quota around the writes that make one object; if they come to nothing, `undo` them and give it back.

    Raises OverQuota, and whatever the writes raised once nothing of them is left.
    """
    await reserve(ctx, project, uid, amounts)
    try:
        yield
    except Exception:  # a refusal, a store that is away, a defect: in each case nothing may stay
        await undo()
        await unreserve(ctx, project, uid)
        raise


async def create_all(
    ctx: Context,
    nouns: Sequence[R],
    resource: str,
    parts: Sequence[Resource] = (),
    more: Mapping[str, int] | None = None,
) -> list[R]:
    """Create objects of one kind and then their `parts`, all or none as far as a store without transactions can.

    Reserves quota of `resource` for each noun (and `more` for each). Raises OverQuota, what the store refuses with.
    """
    reserved: list[tuple[str, str]] = []
    counts = Counter(noun.metadata.project for noun in nouns)
    try:
        for project, count in counts.items():
            uid = next(noun.id for noun in nouns if noun.metadata.project == project)
            amounts = {resource: count, **{name: amount * count for name, amount in (more or {}).items()}}
            await reserve(ctx, project, uid, amounts)
            reserved.append((project, uid))
        created, refusal = await ctx.parts.store.create_many([*nouns, *parts])
        if refusal is not None:
            for obj in reversed(created):
                await ctx.parts.store.delete(type(obj), obj.id, cause=ctx.cause)
            raise refusal
    except (ApiError, StoreError):
        for project, uid in reserved:
            await unreserve(ctx, project, uid)
        raise
    return [obj for obj in created if isinstance(obj, type(nouns[0]))]


async def take_back(ctx: Context, stored: Sequence[Resource]) -> None:
    """Undo what `create_all` did: the objects, and the quota that it reserved for them."""
    await remove_parts(ctx, stored)
    firsts: dict[str, str] = {}
    for obj in stored:
        firsts.setdefault(obj.metadata.project, obj.id)
    for project, uid in firsts.items():
        await unreserve(ctx, project, uid)


async def bump(ctx: Context, kind: type[R], uid: str, check: Callable[[R], None] | None = None) -> R:
    """Raise an object's revision because something that it shows has changed, and return it as stored.

    `check` may refuse at the very version that is written.
    """

    def mutate(obj: R) -> None:
        if check is not None:
            check(obj)
        revision.adjust(obj, 1)

    return await ctx.change(kind, uid, mutate)


async def update(ctx: Context, kind: type[R], mutate: Callable[[R], None], missing: ApiError) -> R:
    """Change the object that the request is about, unless `If-Match` asks for another revision of it."""
    subject = ctx.found(kind)

    def guarded(obj: R) -> None:
        if obj.deleting:
            raise missing
        revision.check(obj, ctx.request.headers.get("if-match"))
        mutate(obj)

    return await ctx.change(kind, subject.id, guarded, missing)


async def remove(ctx: Context, kind: type[R], missing: ApiError) -> None:
    """Ask for the deletion of the object that the request is about, unless `If-Match` asks for another revision.

    Raises the fault `missing` when it is gone, or somebody else asked before.
    """
    subject = ctx.found(kind)
    if_match = ctx.request.headers.get("if-match")
    for _ in range(ctx.parts.config.write_retries):
        try:
            obj = await ctx.parts.store.get(kind, subject.id)
            if obj.deleting:
                raise missing
            revision.check(obj, if_match)
            version = obj.metadata.resource_version if if_match else None
            left = await ctx.parts.store.delete(kind, obj.id, cause=ctx.cause, resource_version=version)
        except ConflictError:
            continue
        except NotFoundError:
            raise missing from None
        if left is None:  # gone at once: who counts may never have seen it, and would keep its quota reserved
            await unreserve(ctx, obj.metadata.project, obj.id)
        return
    raise fault("ServiceUnavailable")


def precondition(ctx: Context, obj: Resource) -> None:
    """Raise a 412 if `If-Match` asks for another revision: before anything that goes with the object is touched."""
    revision.check(obj, ctx.request.headers.get("if-match"))


async def remove_parts(ctx: Context, parts: Iterable[Resource]) -> None:
    """Ask for the deletion of what goes with an object. Idempotent."""
    for part in parts:
        try:
            await ctx.parts.store.delete(type(part), part.id, cause=ctx.cause)
        except NotFoundError:
            continue  # somebody else was faster
