"""Network interfaces on instances and off them. EC2 has no token for it: the natural key is who has the interface.

So each verb looks before it calls. What a look misses (EC2 may show a change late) the call itself finds: an interface
that is attached is refused as in use, and an attachment that is no more is not found.
"""

from __future__ import annotations

from typing import Any

from gurum.model.conditions import Reason
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.drivers.common import settle
from gurum.providers.contract import Absent, Done, Place, Refused, VerbOutcome, Wait

LOOK = 2.0  # seconds: a detachment takes some


async def _held(caller: Caller, place: Place, interface: str) -> dict[str, Any] | VerbOutcome:
    """Return the interface's attachment, {} for none; Absent for an interface that is not there (yet, or any more)."""
    params = {"NetworkInterfaceIds": [interface]}
    answer = await caller.call(place, "DescribeNetworkInterfaces", params, who=interface)
    if not isinstance(answer, Answer):
        return settle(answer)
    found: list[dict[str, Any]] = answer.body.get("NetworkInterfaces", [])
    return dict(found[0].get("Attachment") or {}) if found else Absent()


async def attach(caller: Caller, place: Place, instance: str, interface: str, index: int) -> VerbOutcome:
    """Attach an interface, unless it is attached so. An interface that somebody else has is refused."""
    held = await _held(caller, place, interface)
    if isinstance(held, dict) and held:
        if (held.get("InstanceId"), held.get("DeviceIndex")) == (instance, index):
            return Done(facts={"attachment": held["AttachmentId"]})
        if held.get("Status") != "detaching":
            text = f"the network interface {interface} is attached to {held.get('InstanceId')}"
            return Refused(Reason.INVALID_CONFIGURATION, text)
    if not isinstance(held, dict | Absent):
        return held
    params = {"NetworkInterfaceId": interface, "InstanceId": instance, "DeviceIndex": index}
    answer = await caller.call(place, "AttachNetworkInterface", params, who=interface)
    if isinstance(answer, Answer):
        return Done(facts={"attachment": answer.body["AttachmentId"]}, cloud_request_id=answer.request_id)
    return settle(answer)


async def detach(caller: Caller, place: Place, instance: str, interface: str, attachment: str) -> VerbOutcome:
    """Ask for an attachment's end."""
    if not attachment:
        held = await _held(caller, place, interface)
        if not isinstance(held, dict):
            return held
        if held.get("InstanceId") != instance:
            return Absent()
        attachment = held["AttachmentId"]
    answer = await caller.call(place, "DetachNetworkInterface", {"AttachmentId": attachment}, who=interface)
    return Done(cloud_request_id=answer.request_id) if isinstance(answer, Answer) else settle(answer)


async def loose(caller: Caller, place: Place, instance: str, interface: str, *, discard: bool) -> VerbOutcome:
    """Look whether an interface is off the instance; delete it then, if it is to go."""
    held = await _held(caller, place, interface)
    if isinstance(held, Absent):
        return Done()
    if not isinstance(held, dict):
        return held
    if held.get("InstanceId") == instance:
        return Wait(Reason.PROGRESSING, "AWS detaches the network interface", caller.soon(LOOK))
    if not discard:
        return Done()
    answer = await caller.call(place, "DeleteNetworkInterface", {"NetworkInterfaceId": interface}, who=interface)
    if isinstance(answer, Answer):
        return Done(cloud_request_id=answer.request_id)
    return Done() if isinstance(answer, Absent) else settle(answer)
