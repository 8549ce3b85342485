"""The internet gateway of a domain. CreateInternetGateway has neither token nor unique name: recipe `adopt`.

Late calls: a gateway made by a process that lost its lease carries our tags and is attached to nothing; it is adopted
if it is seen within the visibility window, else the sweep removes it. Attaching twice is Resource.AlreadyAssociated,
and a late attach meets either that or a gateway that is gone. A late detach names a gateway that is not used again:
wanted anew, it is another one, unless its removal was interrupted; then it is attached again after a new look. Deleting
twice is NotFound.
"""

from __future__ import annotations

from collections.abc import Sequence

from gurum.model.base import Intent, Resource
from gurum.model.conditions import Reason
from gurum.model.network import Domain
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, request, settle
from gurum.providers.aws.drivers.routing import GATEWAY, attached, gateway_used, gateway_wanted
from gurum.providers.contract import (
    DOUBT,
    Absent,
    Blocked,
    Done,
    Duplicate,
    Place,
    Refused,
    Step,
    VerbOutcome,
    View,
    Wait,
)

LOST = "gateway:lost"  # a fact: this gateway was removed after the backup that the store comes from
RETRY = 60.0  # seconds until what somebody else is in the way of is tried again


class GatewayDriver(Ec2Driver):
    """A domain's internet gateway, while one of its routers has an external gateway."""

    words = Words(
        "CreateInternetGateway",
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGateway",
        "InternetGatewayId",
        "DeleteInternetGateway",
        "InternetGatewayId",
    )

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the gateway, if one is wanted."""
        assert isinstance(obj, Domain)  # noqa: S101 - the driver table says so
        if not gateway_wanted(obj, view):
            return []
        specification = tags.specification(obj, GATEWAY, self.context.owner, "internet-gateway")
        return [Step(GATEWAY, "adopt", request({"TagSpecifications": specification}), aside="Gateway")]

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return the gateway when no router has one any more, and no interface an address that leads through it."""
        assert isinstance(obj, Domain)  # noqa: S101 - the driver table says so
        intent = obj.status.intents.get(GATEWAY)
        if intent is None or intent.state in ("gone", "failed"):
            return []
        if gateway_wanted(obj, view):
            lost = intent.external is not None and obj.status.applied.get(LOST) == intent.external.id
            return [GATEWAY] if lost else []
        return [] if gateway_used(obj, view) else [GATEWAY]

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Attach the gateway, again where that is in doubt. Late: the same attachment, or a gateway that is gone."""
        assert isinstance(obj, Domain)  # noqa: S101 - the driver table says so
        gateway, doubt = made(obj, GATEWAY), DOUBT + GATEWAY in obj.status.applied
        if not gateway or (attached(obj) and not doubt):
            return None
        if obj.status.applied.get(LOST) == gateway:
            return Wait(Reason.PROGRESSING, "the gateway is made anew", self.context.caller.soon(0.5))
        answer = await self.context.caller.call(
            place,
            "AttachInternetGateway",
            {"InternetGatewayId": gateway, "VpcId": made(obj, "vpc")},
            who=obj.id,
            not_found=obj.status.intents[GATEWAY].made_at + self.context.not_yet,
        )
        if isinstance(answer, Answer | Duplicate):  # nobody else knows its id, so it can be attached to our VPC only
            return Done(facts={GATEWAY: gateway}, forget=[DOUBT + GATEWAY])
        if isinstance(answer, Absent) and doubt:
            return Done(facts={LOST: gateway}, forget=[GATEWAY, DOUBT + GATEWAY])
        if isinstance(answer, Refused):  # somebody attached another one by hand: the VPC is of use all the same
            return Wait(Reason.PROGRESSING, answer.message, self.context.caller.soon(RETRY))
        return Absent() if isinstance(answer, Absent) else settle(answer)

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Detach and delete. AWS refuses the first while public addresses are mapped: that is waited for.

        Late: a gateway's id is never used again.
        """
        vpc = obj.status.intents.get("vpc")
        if intent.external is not None and vpc is not None and vpc.external is not None:
            params = {"InternetGatewayId": intent.external.id, "VpcId": vpc.external.id}
            answer = await self.context.caller.call(place, "DetachInternetGateway", params, who=obj.id)
            if not isinstance(answer, Answer | Absent):
                return settle(answer)
        return await super().destroy(obj, intent, place)
