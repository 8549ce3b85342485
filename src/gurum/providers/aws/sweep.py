"""The collector: what carries our owner tag but is not what its object in the store has (any more).

It is the last line, for what no recipe can exclude: a call of a process that was paused longer than the visibility
window. It looks twice, a window apart, before it removes anything, and touches nothing without our tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer, Caller, Problem
from gurum.providers.aws.leftovers import KINDS
from gurum.providers.aws.removal import Item, Kind
from gurum.providers.behalf import Subject, working_on
from gurum.providers.contract import Doubt, Known, Place, Stray, Wait

PATIENCE = 30.0  # seconds: how long a sweep waits in all for its turn at AWS, or for a shard that is suspended


def _flat(body: dict[str, Any], key: str) -> Iterable[dict[str, Any]]:
    for item in body.get(key, []):
        if key != "Reservations":
            yield item
            continue
        for instance in item["Instances"]:
            if instance["State"]["Name"] not in ("terminated", "shutting-down"):
                yield instance


@dataclass(frozen=True)
class Found:
    """A thing in the account with our owner tag: what it is, and of which object of ours."""

    kind: Kind
    id: str
    uid: str
    of: str
    project: str
    attached: bool
    item: Item

    @property
    def subject(self) -> Subject:
        """What its removal is recorded to be about: the object that it was made for, or it alone."""
        return Subject(self.of or self.kind.type, self.uid or self.id, project=self.project)


async def listed(caller: Caller, place: Place, owner: str, kind: Kind) -> tuple[list[Found], Problem | None]:
    """Return what of a kind carries our owner tag, and what stopped the list before its end, if something did."""
    found: list[Found] = []
    cursor = ""
    while True:
        params: dict[str, Any] = {"Filters": [{"Name": f"tag:{tags.OWNER}", "Values": [owner]}]}
        if kind.page:
            params["MaxResults"] = kind.page
        if cursor:
            params["NextToken"] = cursor
        answer = await caller.call(place, kind.describe, params, who="sweep")
        if not isinstance(answer, Answer):
            return found, answer
        for item in _flat(answer.body, kind.items):
            marked = item.get("Tags", item.get("TagSet", []))
            if tags.value(marked, tags.ADOPTED):
                continue  # it was there before us: no sweep and no cleanup may take it for ours
            found.append(
                Found(
                    kind=kind,
                    id=item[kind.id],
                    uid=tags.value(marked, tags.UID),
                    of=tags.value(marked, tags.KIND),
                    project=tags.value(marked, tags.PROJECT),
                    attached="Attachment" in item,  # an interface in use goes with what uses it
                    item=item,
                )
            )
        cursor = answer.body.get("NextToken") or ""
        if not cursor:
            return found, None


async def orphans(caller: Caller, place: Place, owner: str, known: Known) -> list[Found]:
    """Return what nobody owns, in the order of removal.

    An incomplete look (throttled, AWS silent) returns what it saw of it: absence is never concluded from here.
    """
    out: list[Found] = []
    for kind in KINDS:
        seen, _ = await listed(caller, place, owner, kind)
        out += [found for found in seen if not found.attached and not await known(found.of, found.uid, found.id)]
    return out


async def strays(caller: Caller, place: Place, owner: str, known: Known) -> list[Stray] | Wait:
    """Return what nobody owns, with its addresses; a Wait where AWS did not show all of it."""
    out: list[Stray] = []
    for kind in KINDS:
        seen, problem = await listed(caller, place, owner, kind)
        if problem is not None:
            until = problem.until if isinstance(problem, Wait | Doubt) else caller.soon(60.0)
            return Wait(Reason.PROGRESSING, getattr(problem, "message", "") or type(problem).__name__, until)
        out += [
            Stray(found.kind.type, found.id, found.uid, found.project, _addresses(found.item))
            for found in seen
            if not found.attached and not await known(found.of, found.uid, found.id)
        ]
    return out


def _addresses(item: Item) -> list[tuple[str, str]]:
    """Return the private addresses of an instance or an interface, each with its VPC."""
    interfaces = item.get("NetworkInterfaces", [item] if "NetworkInterfaceId" in item else [])
    return [
        (interface.get("VpcId", ""), each["PrivateIpAddress"])
        for interface in interfaces
        for each in interface.get("PrivateIpAddresses") or [interface]
        if "PrivateIpAddress" in each
    ]


async def sweep(caller: Caller, clock: Clock, place: Place, owner: str, window: float, known: Known) -> list[str]:
    """Remove what was nobody's at two looks a window apart; return what was removed, in words."""
    first = await orphans(caller, place, owner, known)
    if not first:
        return []
    await clock.sleep(window)
    again = {found.id: found for found in await orphans(caller, place, owner, known)}
    end = clock.time() + PATIENCE
    return [
        f"{found.kind.delete} {found.id} (of {found.uid or 'nobody'})"
        for found in first
        if found.id in again and await _removed(caller, clock, place, again[found.id], known, end)
    ]


async def _removed(caller: Caller, clock: Clock, place: Place, found: Found, known: Known, end: float) -> bool:
    """Remove one thing, also if that has to wait until at most `end`: the next sweep is minutes away."""
    with working_on(found.subject):
        return await _removed_now(caller, clock, place, found, known, end)


async def _removed_now(caller: Caller, clock: Clock, place: Place, found: Found, known: Known, end: float) -> bool:
    for action, params in found.kind.removal(found.item):
        # What has to be undone first may fail: then the removal is refused, until the next sweep.
        answer = await caller.call(place, action, params, who="sweep")
        while isinstance(answer, Wait) and answer.until < end:
            await clock.sleep(max(0.1, answer.until - clock.time()))
            if await known(found.of, found.uid, found.id):  # it may have become somebody's meanwhile
                return False
            answer = await caller.call(place, action, params, who="sweep")
    return isinstance(answer, Answer)
