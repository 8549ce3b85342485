"""A store put back from a backup: what its objects say of the clouds may be out of date, and calls were made since.

Three things follow, and nothing else has to change.
* An intent of the backup, or its object's next attempt, may have been carried out meanwhile, perhaps in another zone.
  So no recipe trusts its token alone: it looks by tag first (`restored_at` of `ExactlyOnce`).
* Facts that were applied (rules, groups and addresses of interfaces, routes, where a floating IP leads) may have been
  changed since: they are put in doubt here, so that each is read and made so again. A router's tables, a network's
  gateway and nouns that say so (`Noun.anew`) may have gone: they are looked for again, and made anew. A
  floating IP is not: it would be another address.
* What was made for objects that the backup does not have is unknown, not garbage: until an operator has settled it, the
  sweep removes nothing that it does not know.
"""

from __future__ import annotations

from typing import TypeVar

from gurum.engine.floating import ASSOCIATION
from gurum.engine.noun import nouns
from gurum.model.base import Metadata, Resource, new_id
from gurum.model.engine import Restoration, RestorationSpec
from gurum.model.network import Domain, Port, SecurityGroup
from gurum.model.routing import ROUTER_INTERFACE, FloatingIP, Router
from gurum.providers.contract import DOUBT, UNSURE
from gurum.store.contract import NotFoundError, Store

R = TypeVar("R", bound=Resource)

KEY = "last"
EGRESS = "egress"  # a fact of an interface: whether it has a public address of its own
GATEWAY = "gateway"  # a fact of a domain: that its gateway is attached
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
    doubted = await _doubt_routing(store, now)
    for group in await _all(store, SecurityGroup):
        for name in [name for name in group.status.applied if name.startswith("group:")]:
            before = group.status.applied[name]
            touched = {*before.split(";"), *group.status.applied.get(DOUBT + name, "").split(";"), _ANY_RULE}
            group.status.applied[DOUBT + name] = ";".join(sorted(touched - {""}))
        if group.status.applied:
            await store.update_status(group)
            doubted += 1
    ports = await _all(store, Port)
    routed = {port.spec.network_id for port in ports if port.spec.device_owner == ROUTER_INTERFACE}
    mapped = {floating.spec.port_id for floating in await _all(store, FloatingIP)}
    for port in ports:
        applied = dict(port.status.applied)
        if "groups" in applied:
            applied["groups"] = UNSURE
        # Where a floating IP leads, the cloud takes and gives the interface's own address by itself.
        if port.status.external is not None and port.spec.network_id in routed and port.id not in mapped:
            applied |= {EGRESS: "1", DOUBT + EGRESS: "1"}
        if applied != port.status.applied:
            port.status.applied = applied
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


async def _doubt_routing(store: Store, now: float) -> int:
    """Put in doubt where routers, floating IPs and nouns left their traces; return of how many objects."""
    doubted: list[Resource] = []
    for router in await _all(store, Router):
        for name in [name for name in (*router.status.applied, *router.status.intents) if not name.startswith(DOUBT)]:
            router.status.applied[DOUBT + name] = "1"
        if _sought(router):
            doubted.append(router)
    for domain in await _all(store, Domain):
        if GATEWAY in domain.status.applied:
            domain.status.applied[DOUBT + GATEWAY] = "1"
            doubted.append(domain)
    for floating in await _all(store, FloatingIP):
        if floating.status.intents:
            floating.status.applied.pop(ASSOCIATION, None)
            floating.status.applied[DOUBT + ASSOCIATION] = str(now)
            doubted.append(floating)
    for noun in nouns():
        doubted += [obj for obj in await _all(store, noun.kind) if noun.anew and _sought(obj)]
    for obj in doubted:
        await store.update_status(obj)
    return len(doubted)


def _sought(obj: Resource) -> bool:
    """Have what the object's steps made looked for again, by its tags. Returns whether there is any."""
    done = [intent for intent in obj.status.intents.values() if intent.state == "done"]
    for intent in done:
        intent.state = "intended"
    return bool(done)


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
