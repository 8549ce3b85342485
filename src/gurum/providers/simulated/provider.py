"""The simulated cloud as a provider: only servers need it; networks, ports and groups live in the store alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from gurum.model.base import External, Intent, Resource
from gurum.model.region import Capability
from gurum.ops.clock import Clock
from gurum.ops.config import RegionConfig, SimulatedConfig
from gurum.providers.contract import (
    Absent,
    Blocked,
    Catalogue,
    CreateOutcome,
    Done,
    Driver,
    Found,
    Known,
    Observation,
    Place,
    Refused,
    Step,
    Stray,
    VerbOutcome,
    View,
    Wait,
)
from gurum.providers.simulated.cloud import Instance, SimulatedCloud

CONSOLE = "This console is simulated: the region has no hypervisor.\n"

_ROWS = (
    ("server.create", "native", ""),
    ("server.start", "native", ""),
    ("server.stop", "native", ""),
    ("server.reboot", "native", ""),
    ("server.reboot.hard", "native", ""),
    ("server.delete", "native", ""),
    ("server.interface.attach", "native", ""),
    ("server.interface.detach", "native", ""),
    ("router.create", "emulated", "in the store alone: there is no traffic"),
    ("floating_ip.create", "emulated", "in the store alone: there is no traffic"),
    ("floating_ip.address_from_pool", "native", ""),
    ("floating_ip.address_chosen_by_cloud", "absent", "addresses are of the external network's subnet"),
    ("server.console_output", "emulated", "a sentence that says so: the region has no hypervisor"),
)


class SimulatedServerDriver:
    """Instances of the simulated cloud. Its token makes creation idempotent; late calls repeat the same instance."""

    def __init__(self, cloud: SimulatedCloud, wake: asyncio.Event) -> None:
        self._cloud = cloud
        self._wake = wake

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the one step."""
        return [Step("instance", "token", json.dumps({"server": obj.id}))]

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Nothing is retired."""
        return ()

    def hanging(self, obj: Resource, step: str) -> Sequence[str]:
        """Nothing is undone."""
        return ()

    async def create(self, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        """Make the instance of the token."""
        instance = self._cloud.create(obj.id, intent.token)
        self._wake.set()
        return Done(self._external(instance, place), {"state": instance.state})

    async def find(self, obj: Resource, intent: Intent, place: Place) -> Done | Wait | Absent | Refused:
        """Find by our object's id."""
        found = self._cloud.of(obj.id)
        return Done(self._external(found[0], place)) if found else Absent()

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Terminate."""
        if intent.external is None or not self._cloud.power(intent.external.id, "terminate"):
            return Absent()
        self._wake.set()
        return Done()

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Nothing to keep so."""
        return None

    def _external(self, instance: Instance, place: Place) -> External:
        return External(provider="simulated", account=place.account, region=place.region, id=instance.id)


class SimulatedProvider:
    """The simulated cloud."""

    name = "simulated"
    not_yet = 0.0

    def __init__(self, region: RegionConfig, clock: Clock) -> None:
        config = region.simulation or SimulatedConfig()
        self._region = region
        self._clock = clock
        self._wake = asyncio.Event()
        self.cloud = SimulatedCloud(config.state, clock, config.build_seconds, config.power_seconds)
        self._server = SimulatedServerDriver(self.cloud, self._wake)
        self._table = {verb: Capability(verb=verb, level=level, why=why) for verb, level, why in _ROWS}

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """The capability table."""
        return self._table

    @property
    def limits(self) -> Mapping[str, int]:
        """The MTU that an overlay leaves of Ethernet's 1500 (Geneve takes 58), as a stock OpenStack shows it."""
        return {"network.mtu": 1442}

    def driver(self, kind: str) -> Driver | None:
        """Return the driver of servers; nothing else needs one."""
        return self._server if kind == "Server" else None

    def zones(self) -> Sequence[str]:
        """Return the configured zones' ids."""
        return [zone.id for zone in self._region.zones]

    def observed(self, place: Place, instance: str) -> Observation | None:
        """Return the instance as it is."""
        found = self.cloud.get(instance)
        return self._observation(found) if found else None

    def listed_at(self, place: Place) -> float:
        """Return now: this cloud's state is read, not listed."""
        return self._clock.time()

    def expect(self, place: Place, instance: str) -> None:
        """Look again soon."""
        self._wake.set()

    async def power(self, place: Place, verb: str, instance: str) -> VerbOutcome:
        """Tell the cloud."""
        done = self.cloud.power(instance, verb)
        self._wake.set()
        return Done() if done else Absent()

    async def attach(self, place: Place, instance: str, interface: str, index: int) -> VerbOutcome:
        """Nothing to do: this cloud's instances have no interfaces."""
        return Done()

    async def detach(self, place: Place, instance: str, interface: str, attachment: str) -> VerbOutcome:
        """Nothing to do."""
        return Absent()

    async def loose(self, place: Place, instance: str, interface: str, *, discard: bool) -> VerbOutcome:
        """It is."""
        return Done()

    async def console(self, place: Place, instance: str) -> tuple[str, VerbOutcome]:
        """Return a sentence that says what it is."""
        return CONSOLE, Done()

    def healthy(self, place: Place) -> tuple[bool, str]:
        """Return that it answers."""
        return True, ""

    def permit(self, held: Callable[[Place], bool]) -> None:
        """Nothing: its calls end as they begin, and whoever works for a place has just been asked."""

    async def run(self, places: Sequence[Place], changed: Callable[[str, str], None]) -> None:
        """Tell of every state change as it falls due, and once a while of what others changed."""
        seen: dict[str, str] = {}
        while True:
            for instance in self.cloud.all():
                if seen.get(instance.id) != instance.state:
                    seen[instance.id] = instance.state
                    changed(instance.uid, instance.id)
            due = self.cloud.next_due()
            delay = 5.0 if due is None else min(5.0, max(0.0, due - self._clock.time()) + 0.001)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()

    async def sweep(self, place: Place, known: Known) -> Sequence[str]:
        """Terminate what belongs to nobody: no second look is needed, this cloud shows at once what it has."""
        removed = []
        for instance in self.cloud.all():
            if instance.state != "terminated" and not await known("Server", instance.uid, instance.id):
                self.cloud.power(instance.id, "terminate")
                removed.append(f"terminate {instance.id}")
        return removed

    async def strays(self, place: Place, known: Known) -> Sequence[Stray]:
        """Return the instances of no server."""
        living = [instance for instance in self.cloud.all() if instance.state != "terminated"]
        return [Stray("instance", one.id, one.uid) for one in living if not await known("Server", one.uid, one.id)]

    async def survey(self, place: Place, catalogue: Catalogue) -> Sequence[Found]:
        """Nothing: all that is in the simulated cloud was made here."""
        return ()

    def rehearsal(self) -> contextlib.AbstractContextManager[Sequence[str]]:
        """Nothing is called to keep facts so in this cloud."""
        return contextlib.nullcontext(())

    async def own(self, obj: Resource, place: Place) -> VerbOutcome:
        """Nothing is marked in this cloud."""
        return Done()

    async def disown(self, obj: Resource, place: Place) -> VerbOutcome:
        """Nothing is marked in this cloud."""
        return Done()

    async def close(self) -> None:
        """Close the file."""
        self.cloud.close()

    def _observation(self, instance: Instance) -> Observation:
        launched = datetime.fromtimestamp(instance.launched, UTC).isoformat()
        return Observation(
            id=instance.id,
            state=instance.state,
            zone="",
            seen_at=self._clock.time(),
            launched=launched,
            uid=instance.uid,
        )
