"""A store put back from a backup: what its objects say of the clouds may be out of date, and calls were made since.

Three things follow, and nothing else has to change.
* An intent of the backup, or its object's next attempt, may have been carried out meanwhile, perhaps in another zone.
  So no recipe trusts its token alone: it looks by tag first (`restored_at` of `ExactlyOnce`).
* Facts that were applied (rules, groups of interfaces) may have been changed since: they are put in doubt here, so that
  each is read and made so again.
* What was made for objects that the backup does not have is unknown, not garbage: until an operator has settled it, the
  sweep removes nothing that it does not know.
"""

from __future__ import annotations

from typing import TypeVar

from gurum.model.base import Metadata, Resource, new_id
from gurum.model.engine import Restoration, RestorationSpec
from gurum.model.network import Port, SecurityGroup
from gurum.providers.contract import DOUBT, UNSURE
from gurum.store.contract import NotFoundError, Store

R = TypeVar("R", bound=Resource)

KEY = "last"
# A rule that every new group of EC2's has: to doubt it has the group's rules read and made so, whatever they are.
_ANY_RULE = "1|-1|-1|-1|0.0.0.0/0"


async def find(store: Store) -> RestorationSpec:
    """Return what is known of the last restoration; zeros when there was none."""
    try:
        return (await store.get_by_key(Restoration, KEY)).spec
    except NotFoundError:
        return RestorationSpec(settled=True)


async def mark(store: Store, taken_at: float, now: float) -> int:
    """Record the restoration and put applied facts in doubt; return of how many objects. Idempotent.

    Only on a store that no engine has opened since it was put back.
    """
    doubted = 0
    for group in await _all(store, SecurityGroup):
        for name in [name for name in group.status.applied if name.startswith("group:")]:
            before = group.status.applied[name]
            touched = {*before.split(";"), *group.status.applied.get(DOUBT + name, "").split(";"), _ANY_RULE}
            group.status.applied[DOUBT + name] = ";".join(sorted(touched - {""}))
        if group.status.applied:
            await store.update_status(group)
            doubted += 1
    for port in await _all(store, Port):
        if "groups" in port.status.applied:
            port.status.applied["groups"] = UNSURE
            await store.update_status(port)
            doubted += 1
    spec = RestorationSpec(taken_at=taken_at, restored_at=now)
    try:
        last = await store.get_by_key(Restoration, KEY)
    except NotFoundError:
        await store.create(Restoration(metadata=Metadata(id=new_id(), key=KEY), spec=spec))
    else:
        last.spec = spec
        await store.update_spec(last)
    return doubted


async def settle(store: Store) -> bool:
    """Record that what the clouds have beyond the store was dealt with; return whether that was open."""
    try:
        last = await store.get_by_key(Restoration, KEY)
    except NotFoundError:
        return False
    if last.spec.settled:
        return False
    last.spec.settled = True
    await store.update_spec(last)
    return True


async def _all(store: Store, kind: type[R]) -> list[R]:
    found: list[R] = []
    after: str | None = None
    while True:
        page = await store.list(kind, after=after)
        found += page.items
        if page.next is None:
            return found
        after = page.next
