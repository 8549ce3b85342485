"""AWS as a provider: the drivers, the informer and the pace, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from gurum.model.base import Resource
from gurum.model.region import Capability
from gurum.ops.clock import Clock
from gurum.ops.config import RegionConfig
from gurum.providers.aws import attachments
from gurum.providers.aws.adoption.survey import disown, own, survey
from gurum.providers.aws.caller import Answer, Caller, rehearsal
from gurum.providers.aws.capabilities import CAPABILITIES, LIMITS
from gurum.providers.aws.drivers import found
from gurum.providers.aws.drivers.addresses import FloatingIPDriver
from gurum.providers.aws.drivers.common import Context, settle
from gurum.providers.aws.drivers.groups import GroupDriver
from gurum.providers.aws.drivers.keys import KeyDriver
from gurum.providers.aws.drivers.network import DomainDriver, SubnetDriver
from gurum.providers.aws.drivers.ports import PortDriver
from gurum.providers.aws.drivers.routers import RouterDriver
from gurum.providers.aws.drivers.servers import ServerDriver
from gurum.providers.aws.instances import InstanceInformer
from gurum.providers.aws.recorded import Recorder
from gurum.providers.aws.sweep import strays, sweep
from gurum.providers.aws.transport import Transport
from gurum.providers.contract import (
    Absent,
    Catalogue,
    Done,
    Driver,
    Found,
    Known,
    Observation,
    Place,
    Refused,
    Stray,
    VerbOutcome,
    Wait,
)

VERBS: dict[str, tuple[str, dict[str, Any]]] = {
    "start": ("StartInstances", {}),
    "stop": ("StopInstances", {}),
    "force-stop": ("StopInstances", {"Force": True}),
    "reboot": ("RebootInstances", {}),
}


class AwsProvider:
    """EC2 in one region, with any number of accounts."""

    name = "aws"

    def __init__(
        self,
        region: RegionConfig,
        transport: Transport,
        clock: Clock,
        owner: str,
        observe: Callable[[str, str, float], None] = lambda action, outcome, seconds: None,
        recorder: Recorder | None = None,
    ) -> None:
        if region.aws is None:
            raise ValueError(f"region {region.name} has no `aws` section")
        self._region = region
        self._transport = transport
        self._clock = clock
        self._config = region.aws
        self.not_yet = region.aws.not_yet_window
        self.caller = Caller(transport, region.aws, clock, observe, recorder=recorder)
        self._informer = InstanceInformer(self.caller, region.aws, clock, owner)
        self._owner = owner
        self._context = context = Context(
            self.caller, owner, region.cloud_region, "aws", region.aws.not_yet_window, region.aws.visibility_window
        )
        self._drivers: dict[str, Driver] = {
            "Domain": DomainDriver(context),
            "Subnet": SubnetDriver(context),
            "SecurityGroup": GroupDriver(context),
            "CloudKey": KeyDriver(context),
            "Router": RouterDriver(context),
            "FloatingIP": FloatingIPDriver(context),
            "Port": PortDriver(context),
            "Server": ServerDriver(context, self._informer),
            **{kind: driver(context) for kind, driver in found("DRIVER")},
        }

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """The capability table."""
        return CAPABILITIES

    @property
    def limits(self) -> Mapping[str, int]:
        """EC2's numbers."""
        return LIMITS

    def driver(self, kind: str) -> Driver | None:
        """Return the driver of a kind."""
        return self._drivers.get(kind)

    def zones(self) -> Sequence[str]:
        """Return the ids of the configured zones."""
        return [zone.id for zone in self._region.zones]

    def observed(self, place: Place, instance: str) -> Observation | None:
        """Return the instance as last seen."""
        return self._informer.get(place, instance)

    def listed_at(self, place: Place) -> float:
        """Return when the last complete list began."""
        return self._informer.listed_at(place)

    def expect(self, place: Place, instance: str) -> None:
        """Look at this instance every tick until it rests."""
        self._informer.expect(place, instance)

    async def power(self, place: Place, verb: str, instance: str) -> VerbOutcome:
        """Start, stop or reboot. EC2 answers a start of a running instance with success."""
        action, extra = VERBS[verb]
        answer = await self.caller.call(place, action, {"InstanceIds": [instance], **extra}, who=instance)
        if isinstance(answer, Answer):
            self._informer.expect(place, instance)
            return Done(cloud_request_id=answer.request_id)
        return answer if isinstance(answer, Absent | Refused) else settle(answer)

    async def attach(self, place: Place, instance: str, interface: str, index: int) -> VerbOutcome:
        """Have a network interface at a device index."""
        return await attachments.attach(self.caller, place, instance, interface, index)

    async def detach(self, place: Place, instance: str, interface: str, attachment: str) -> VerbOutcome:
        """Begin to take an interface off."""
        return await attachments.detach(self.caller, place, instance, interface, attachment)

    async def loose(self, place: Place, instance: str, interface: str, *, discard: bool) -> VerbOutcome:
        """Say whether an interface is off, and delete it then if it is to go."""
        return await attachments.loose(self.caller, place, instance, interface, discard=discard)

    async def console(self, place: Place, instance: str) -> tuple[str, VerbOutcome]:
        """Return what EC2 has of the console, which may be nothing yet."""
        answer = await self.caller.call(place, "GetConsoleOutput", {"InstanceId": instance}, who=instance)
        if not isinstance(answer, Answer):
            return "", settle(answer)
        return answer.body.get("Output") or "", Done()  # botocore has decoded the base64

    def healthy(self, place: Place) -> tuple[bool, str]:
        """Return whether AWS answered the last call to this account."""
        shard = self.caller.shard(place)
        if shard.silent_since is None:
            return True, ""
        since = datetime.fromtimestamp(shard.silent_since, UTC).strftime("%H:%M:%SZ")
        return False, f"AWS has not answered since {since}: {shard.trouble}"

    def permit(self, held: Callable[[Place], bool]) -> None:
        """Have each call that changes something ask first."""
        self.caller.held = held

    async def run(self, places: Sequence[Place], changed: Callable[[str, str], None]) -> None:
        """Observe instances until cancelled."""
        await self._informer.run(places, changed)

    async def sweep(self, place: Place, known: Known) -> Sequence[str]:
        """Remove what carries our tag and belongs to nobody."""
        return await sweep(self.caller, self._clock, place, self._owner, self._config.visibility_window, known)

    async def strays(self, place: Place, known: Known) -> Sequence[Stray] | Wait:
        """Return what carries our tag and belongs to nobody."""
        return await strays(self.caller, place, self._owner, known)

    async def survey(self, place: Place, catalogue: Catalogue) -> Sequence[Found] | Wait | Refused:
        """Return everything in the account that is not this deployment's own."""
        zones = {zone.id: zone.name for zone in self._region.zones}
        return await survey(self._context, self._clock, place, zones, catalogue)

    def rehearsal(self) -> AbstractContextManager[Sequence[str]]:
        """Have this task's calls only look."""
        return rehearsal()

    async def own(self, obj: Resource, place: Place) -> VerbOutcome:
        """Tag what was adopted with our tags."""
        return await own(self.caller, self._owner, obj, place)

    async def disown(self, obj: Resource, place: Place) -> VerbOutcome:
        """Take our tags off again."""
        return await disown(self.caller, obj, place)

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()
