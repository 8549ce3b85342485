"""What the command writes: objects with a spec that says what they stand for. Never a status: that is the engine's.

Each can be killed at any moment and done again: what is there stays, the rest follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from gurum.cli.command import Surroundings
from gurum.cli.reading import everything
from gurum.model.base import DETACH, MANAGED, Resource, adoption
from gurum.model.codec import ADOPTABLE
from gurum.model.network import Port
from gurum.store.contract import ConflictError, Filter, NotFoundError, Store
from gurum.store.objects import whole

# The order in which what was adopted can go; what is not named is in the middle. What is further up refers to the rest.
FIRST, LAST = ("FloatingIP", "Server", "Router", "Port"), ("Subnet", "Network", "Domain")


def rank(obj: Resource) -> int:
    """Return an object's place in that order."""
    if obj.kind in FIRST:
        return FIRST.index(obj.kind) - len(FIRST)
    return LAST.index(obj.kind) + 1 if obj.kind in LAST else 0


def by_itself(obj: Resource) -> bool:
    """Whether the engine ends an object with what it is a part of.

    A rule that went before its group would be a rule to revoke, an interface before its router one to take off.
    """
    return obj.kind in ("Domain", "SecurityGroupRule") or (isinstance(obj, Port) and bool(obj.spec.device_id))


_TRIES = 20


async def adopt(store: Store, wanted: Sequence[Any], project: str, around: Surroundings) -> int:
    """Create the objects, in order; return the exit status."""
    from gurum.engine.adoption.take import TakenError, take

    made, refused = 0, 0
    for found in wanted:
        try:
            made += await take(store, found, project)
        except TakenError as error:
            refused += 1
            around.err.write(f"left: {found.type} {found.id}: {error}\n")
    around.err.write(f"{made} adopted, {len(wanted) - made - refused} were already, {refused} left.\n")
    return 1 if refused else 0


async def adopted(store: Store, region: str, account: str, project: str, ids: Collection[str] | None) -> list[Resource]:
    """Return what was adopted from an account for a project, or of that what has these cloud ids."""
    out: list[Resource] = []
    for kind in ADOPTABLE:
        for obj in await everything(store, kind, Filter(region=region, account=account)):
            spec = adoption(obj)
            if spec is None or spec.import_ is None or obj.metadata.project not in ("", project):
                continue
            if ids is None or spec.import_.id in ids:
                out.append(obj)
    return sorted(out, key=rank)


async def manage(store: Store, objects: Sequence[Resource], on_delete: str, around: Surroundings) -> int:
    """Have what was adopted taken over; return the exit status. The engine does it, and says where it does not."""
    changed = 0
    for obj in reversed(objects):
        changed += await _change(store, obj, management_policy=MANAGED, on_delete=on_delete)
    around.err.write(f"{changed} to be taken over, {len(objects) - changed} were already.\n")
    return 0


async def detach(store: Store, objects: Sequence[Resource], around: Surroundings) -> int:
    """Have what was adopted let go of; return the exit status."""
    for obj in objects:
        await _change(store, obj, on_delete=DETACH)
    gone = 0
    for obj in objects:
        if by_itself(obj):
            continue
        try:
            await store.delete(type(obj), obj.id)
            gone += 1
        except NotFoundError:
            continue  # it went with something else
    around.err.write(f"{gone} let go of.\n")
    return 0


async def _change(store: Store, obj: Resource, **values: str) -> bool:
    """Write these fields of an object's spec; return whether any differed."""
    for _ in range(_TRIES):
        try:
            fresh = await store.get(type(obj), obj.id)
            spec = whole(fresh).spec
            if all(getattr(spec, name) == value for name, value in values.items()):
                return False
            for name, value in values.items():
                setattr(spec, name, value)
            await store.update_spec(fresh)
            return True
        except ConflictError:
            continue
        except NotFoundError:
            return False
    raise ConflictError(f"{obj.kind} {obj.id} changes all the time")
