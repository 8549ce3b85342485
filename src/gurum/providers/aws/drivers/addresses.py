"""A floating IP is an Elastic IP address. AllocateAddress has neither token nor unique name: recipe `adopt`.

AWS chooses the address. Its association with an interface's private address is a natural key, made with
AllowReassociation=false, so that it never takes a mapping away from another floating IP; what is about to change is
stored before the call.

Late calls: an address carries our tags (adopted, or swept: it costs money). A late associate of the same three is the
same association; another one is Resource.AlreadyAssociated, and after a disassociation it is ended with the next change
or with the address. A disassociation names the association, which no later one has. Releasing twice is NotFound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gurum.model.base import Intent, Resource
from gurum.model.conditions import Reason
from gurum.model.network import Port
from gurum.model.routing import FloatingIP, is_held
from gurum.model.server import Server
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer, Problem
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, request, settle
from gurum.providers.aws.drivers.groups import domain_of
from gurum.providers.aws.drivers.routing import attached, without_gateway
from gurum.providers.contract import DOUBT, Absent, Blocked, Done, Duplicate, Place, Step, VerbOutcome, View, Wait

ADDRESS, ASSOCIATION = "address", "association"
LOOK = 15.0  # seconds until what is waited for is looked at again; a change tells sooner


class Target(NamedTuple):
    """Where an address leads."""

    interface: str
    private: str


class FloatingIPDriver(Ec2Driver):
    """An Elastic IP address and its association."""

    words = Words(
        "AllocateAddress", "DescribeAddresses", "Addresses", "", "AllocationId", "ReleaseAddress", "AllocationId"
    )

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the allocation."""
        specification = tags.specification(obj, ADDRESS, self.context.owner, "elastic-ip")
        return [Step(ADDRESS, "adopt", request({"Domain": "vpc", "TagSpecifications": specification}))]

    def done(self, made: dict[str, Any], place: Place, intent: Intent, answer: Answer) -> Done:
        """Return the address that AWS chose."""
        found = super().done(made, place, intent, answer)
        return Done(found.external, {ADDRESS: made.get("PublicIp", "")}, answer.request_id)

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Release the address, after ending an association that it may still have.

        Late: the allocation's id is never given again, so it meets NotFound.
        """
        if intent.external is None:
            return Absent()
        shown = await self._shown(obj, place, intent.external.id, self.unseen_until(intent))
        if isinstance(shown, dict) and shown.get("AssociationId"):
            gone = await self._call(obj, place, "DisassociateAddress", {"AssociationId": shown["AssociationId"]})
            if not isinstance(gone, Answer | Absent):
                return settle(gone)
        elif not isinstance(shown, dict):
            return shown if isinstance(shown, Absent) else settle(shown)
        return await super().destroy(obj, intent, place)

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Take one step towards the association that is wanted; None when it is so."""
        assert isinstance(obj, FloatingIP)  # noqa: S101 - the driver table says so
        allocation, applied = made(obj, ADDRESS), obj.status.applied
        if not allocation:
            return None
        if not obj.status.floating_ip_address:  # the process that allocated it did not come to write it down
            shown = await self._shown(obj, place, allocation)
            if isinstance(shown, dict):
                return Done(facts={ADDRESS: shown["PublicIp"]})
            return Absent() if isinstance(shown, Absent) else settle(shown)
        target = wanted(obj, view)
        have, doubt = applied.get(ASSOCIATION, ""), applied.get(DOUBT + ASSOCIATION, "")
        if have:
            identity, interface, private = have.split(",")
            if target == Target(interface, private) and not doubt:
                return None
            if not doubt:
                return self._announce()
            return await self._end(obj, place, identity)
        if isinstance(target, Target):
            return await self._associate(obj, place, allocation, target) if doubt else self._announce()
        if doubt:
            return await self._clear(obj, place, allocation, float(doubt))
        return Wait(Reason.PROGRESSING, target, self.context.caller.soon(LOOK)) if target else None

    def _announce(self) -> Done:
        return Done(facts={DOUBT + ASSOCIATION: str(self.context.caller.soon(0.0))})

    async def _end(self, obj: FloatingIP, place: Place, association: str) -> VerbOutcome:
        """End an association. Late: by its id it can meet no other one."""
        answer = await self._call(obj, place, "DisassociateAddress", {"AssociationId": association})
        if isinstance(answer, Answer | Absent):  # it ends by itself with the interface
            return Done(forget=[ASSOCIATION, DOUBT + ASSOCIATION])
        return settle(answer)

    async def _associate(self, obj: FloatingIP, place: Place, allocation: str, target: Target) -> VerbOutcome:
        """Associate. Late: refused while the address or the target is associated otherwise; else see the module."""
        params = {
            "AllocationId": allocation,
            "NetworkInterfaceId": target.interface,
            "PrivateIpAddress": target.private,
            "AllowReassociation": False,
        }
        answer = await self._call(obj, place, "AssociateAddress", params)
        if isinstance(answer, Answer):
            fact = ",".join((answer.body["AssociationId"], target.interface, target.private))
            return Done(facts={ASSOCIATION: fact}, forget=[DOUBT + ASSOCIATION])
        if isinstance(answer, Duplicate):
            return await self._occupied(obj, place, allocation, target)
        if isinstance(answer, Absent):
            if isinstance(await self._shown(obj, place, allocation), Absent):
                return Absent()  # somebody released the address, or it was before the store was put back
            text = "the interface, or the gateway of its VPC, is not there"
            return Wait(Reason.PROGRESSING, text, self.context.caller.soon(LOOK))
        return settle(answer)

    async def _occupied(self, obj: FloatingIP, place: Place, allocation: str, target: Target) -> VerbOutcome:
        """The address leads somewhere, or something leads to the target: look which."""
        shown = await self._shown(obj, place, allocation)
        if not isinstance(shown, dict):
            return Absent() if isinstance(shown, Absent) else settle(shown)
        if not shown.get("AssociationId"):
            text = "the port's address still has another floating IP"
            return Wait(Reason.PROGRESSING, text, self.context.caller.soon(2.0))
        if target == Target(shown.get("NetworkInterfaceId", ""), shown.get("PrivateIpAddress", "")):
            fact = ",".join((shown["AssociationId"], *target))
            return Done(facts={ASSOCIATION: fact}, forget=[DOUBT + ASSOCIATION])
        ended = await self._end(obj, place, shown["AssociationId"])
        return Wait(Reason.PROGRESSING, "moves", self.context.caller.soon(0.5)) if isinstance(ended, Done) else ended

    async def _clear(self, obj: FloatingIP, place: Place, allocation: str, since: float) -> VerbOutcome:
        """Nothing is wanted, and an interrupted call may have made an association: end what is shown.

        That there is none is believed only from a look a visibility window after that call.
        """
        shown = await self._shown(obj, place, allocation)
        if not isinstance(shown, dict):
            return Absent() if isinstance(shown, Absent) else settle(shown)
        if shown.get("AssociationId"):
            return await self._end(obj, place, shown["AssociationId"])
        if self.context.caller.soon(0.0) < since + self.context.window:
            text = "looking for what an interrupted call may have associated"
            return Wait(Reason.PROGRESSING, text, since + self.context.window)
        return Done(forget=[DOUBT + ASSOCIATION])

    async def _shown(
        self, obj: Resource, place: Place, allocation: str, not_found: float | None = None
    ) -> dict[str, Any] | Problem:
        answer = await self._call(obj, place, "DescribeAddresses", {"AllocationIds": [allocation]}, not_found)
        if not isinstance(answer, Answer):
            return answer
        return dict(answer.body["Addresses"][0]) if answer.body.get("Addresses") else Absent()

    async def _call(
        self, obj: Resource, place: Place, action: str, params: dict[str, Any], not_found: float | None = None
    ) -> Answer | Problem:
        """Call; what was allocated lately may not be known yet."""
        if not_found is None:
            intent = obj.status.intents[ADDRESS]
            ours = "AllocationIds" in params or "AllocationId" in params
            not_found = max(intent.made_at, intent.written_at) + self.context.not_yet if ours else 0.0
        return await self.context.caller.call(place, action, params, who=obj.id, not_found=not_found)


def wanted(floating: FloatingIP, view: View) -> Target | str:
    """Return where the address should lead now; else what that waits for, in words (empty: it leads nowhere)."""
    port = view.get(Port, floating.spec.port_id) if floating.spec.port_id else None
    if port is None or not is_held(port):
        return ""  # an instance that comes to hold the port wakes us
    server = view.get(Server, port.spec.device_id)
    if server is None or server.status.vm_state == "error":
        return ""
    if port.status.external is None or server.status.vm_state == "building":
        return "waits for the instance that is to hold the port"
    domain = domain_of(port.spec.network_id, view)
    # What was adopted with an association has a gateway to lead through, whoever made that.
    if not attached(domain) and not floating.status.adopted:
        return without_gateway(domain)
    return Target(port.status.external.id, floating.spec.fixed_ip_address)
