"""Instances seen by list, never one by one: the shared informer of each account.

A describe for each object would spend AWS's budget on looking. Here every waiting controller is served by one call a
tick: what is in motion is asked for by id, a hundred at a time, and the whole is walked a page a tick, so that what
changes behind our back is seen within `idle_interval`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from gurum.ops.clock import Clock
from gurum.ops.config import AwsConfig
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.contract import Observation, Place

log = structlog.get_logger("gurum.aws")

PAGE = 100  # parsing 100 instances takes about 39 ms of the loop, 1,000 would take 359
AT_REST = frozenset({"running", "stopped", "terminated"})

Changed = Callable[[str, str], None]


@dataclass
class _Seen:
    instances: dict[str, Observation] = field(default_factory=dict)
    moving: dict[str, float] = field(default_factory=dict)  # instance id -> expected at
    listed_at: float = 0.0  # when the last complete list began
    began: float = 0.0  # when the list under way began, 0: none
    cursor: str = ""
    in_list: set[str] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)


def observation(instance: dict[str, Any], at: float) -> Observation:
    """Return what a DescribeInstances (or RunInstances) item says."""
    interfaces = {
        int(nic["Attachment"]["DeviceIndex"]): (
            nic["NetworkInterfaceId"],
            nic.get("MacAddress", ""),
            nic.get("PrivateIpAddress", ""),
        )
        for nic in instance.get("NetworkInterfaces", [])
        if "Attachment" in nic
    }
    launched = instance.get("LaunchTime")
    return Observation(
        id=instance["InstanceId"],
        state=instance["State"]["Name"],
        zone=instance.get("Placement", {}).get("AvailabilityZone", ""),
        seen_at=at,
        launched=launched.isoformat() if launched is not None else "",
        reason=instance.get("StateReason", {}).get("Message", ""),
        uid=tags.value(instance.get("Tags", []), tags.UID),
        interfaces=interfaces,
    )


class InstanceInformer:
    """What each account's instances are, as of the last looks."""

    def __init__(self, caller: Caller, config: AwsConfig, clock: Clock, owner: str) -> None:
        self._caller = caller
        self._config = config
        self._clock = clock
        self._owner = owner
        self._places: dict[Place, _Seen] = {}

    def _of(self, place: Place) -> _Seen:
        return self._places.setdefault(place, _Seen())

    def get(self, place: Place, instance: str) -> Observation | None:
        """Return the instance as last seen."""
        return self._of(place).instances.get(instance)

    def listed_at(self, place: Place) -> float:
        """Return when the last complete list began."""
        return self._of(place).listed_at

    def expect(self, place: Place, instance: str) -> None:
        """Look at this instance every tick until it rests again."""
        seen = self._of(place)
        seen.moving.setdefault(instance, self._clock.time())
        seen.wake.set()

    def learn(self, place: Place, item: dict[str, Any]) -> None:
        """Take what a creation's answer says as a first look."""
        seen = self._of(place)
        seen.instances[item["InstanceId"]] = observation(item, self._clock.time())

    async def run(self, places: Iterable[Place], changed: Changed) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in places:
                group.create_task(self._watch(place, changed), name=f"instances {place.account}")

    async def _watch(self, place: Place, changed: Changed) -> None:
        try:
            await self._follow(place, changed)
        finally:
            # What was seen is only good as long as it is followed: another engine may act until we do again.
            self._places.pop(place, None)

    async def _follow(self, place: Place, changed: Changed) -> None:
        seen = self._of(place)
        while True:
            began = self._clock.time()
            await self.look(place, changed)
            due = began + self._config.observe_interval
            if not seen.moving and not seen.began:
                due = max(due, seen.listed_at + self._config.idle_interval)
            seen.wake.clear()
            while (now := self._clock.time()) < due:
                try:
                    async with asyncio.timeout(due - now):
                        await seen.wake.wait()
                except TimeoutError:
                    break
                seen.wake.clear()
                due = min(due, max(began, now) + self._config.observe_interval)

    async def look(self, place: Place, changed: Changed) -> None:
        """Make one tick's calls: pages of the whole list when it is due, and what is in motion beside it."""
        seen, now = self._of(place), self._clock.time()
        if not seen.began and now - seen.listed_at >= self._config.idle_interval:
            seen.began, seen.cursor, seen.in_list = now, "", set()
        asked: set[str] = set()
        if seen.began:
            ticks = max(1.0, self._config.idle_interval / self._config.observe_interval)
            for _ in range(math.ceil((len(seen.instances) / PAGE + 1) / ticks)):
                asked |= await self._page(place, seen, changed)
                if not seen.began:
                    break
        moving = [instance for instance in seen.moving if instance not in asked]
        if asked and len(moving) <= PAGE // 10:
            return  # the page was this tick's look; a handful can wait for the next
        for start in range(0, len(moving), PAGE):
            ids = moving[start : start + PAGE]
            answer = await self._describe(place, [{"Name": "instance-id", "Values": ids}], "")
            if answer is None:
                return
            self._take(place, seen, answer, changed)

    async def _page(self, place: Place, seen: _Seen, changed: Changed) -> set[str]:
        """Fetch the next page of the list under way; return the ids on it."""
        owned = [{"Name": f"tag:{tags.OWNER}", "Values": [self._owner]}]
        answer = await self._describe(place, owned, seen.cursor)
        if answer is None:
            seen.began = 0.0  # the cursor may be stale: begin again at the next tick
            return set()
        ids = self._take(place, seen, answer, changed)
        seen.in_list |= ids
        seen.cursor = answer.get("NextToken") or ""
        if not seen.cursor:
            began, seen.began, seen.listed_at = seen.began, 0.0, seen.began
            for instance, old in list(seen.instances.items()):
                if instance not in seen.in_list and old.seen_at < began:
                    del seen.instances[instance]
                    seen.moving.pop(instance, None)
                    changed(old.uid, instance)
        return ids

    async def _describe(self, place: Place, filters: list[dict[str, Any]], cursor: str) -> dict[str, Any] | None:
        params: dict[str, Any] = {
            "Filters": filters,
            "MaxResults": 1000 if filters[0]["Name"] == "instance-id" else PAGE,
        }
        if cursor:
            params["NextToken"] = cursor
        answer = await self._caller.call(place, "DescribeInstances", params, who="informer")
        if isinstance(answer, Answer):
            return answer.body
        log.warning("instances not listed", account=place.account, why=str(answer))
        return None

    def _take(self, place: Place, seen: _Seen, body: dict[str, Any], changed: Changed) -> set[str]:
        now, ids = self._clock.time(), set()
        for reservation in body.get("Reservations", []):
            for item in reservation["Instances"]:
                new = observation(item, now)
                old = seen.instances.get(new.id)
                seen.instances[new.id] = new
                ids.add(new.id)
                if new.state in AT_REST:
                    seen.moving.pop(new.id, None)
                if old is None or (old.state, old.launched) != (new.state, new.launched):
                    changed(new.uid, new.id)
        return ids
