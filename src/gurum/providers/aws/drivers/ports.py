"""A port of the user's own is a network interface, made when a server first holds it; an implied one is not made here.

CreateNetworkInterface takes a token: recipe `token`. Late calls repeat the same interface. Deleting twice is NotFound.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.network import Port, SecurityGroup, Subnet
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, request, settle
from gurum.providers.aws.drivers.groups import NO_GROUPS, domain_of
from gurum.providers.contract import UNSURE, Absent, Blocked, Done, Place, Step, VerbOutcome, View


def groups_of(port: Port, view: View) -> tuple[list[str], str]:
    """Return the AWS groups of a port and, if one is not there yet, what it waits for."""
    domain = domain_of(port.spec.network_id, view)
    if domain is None:
        return [], "the network's VPC"
    if not port.spec.security_groups:
        empty = made(domain, NO_GROUPS) if NO_GROUPS in domain.status.applied else ""
        return ([empty], "") if empty else ([], "the group of ports without security groups")
    ids = []
    for group_id in port.spec.security_groups:
        group = view.get(SecurityGroup, group_id)
        step = f"group:{domain.id}"
        cloud_id = made(group, step)
        # A server must not come up before its rules are there.
        if group is None or not cloud_id or step not in group.status.applied:
            return [], f"the security group {group_id}"
        ids.append(cloud_id)
    return sorted(ids), ""


def slice_of(port: Port, view: View) -> tuple[str, str]:
    """Return the AWS subnet of a port and, if it is not there yet, what it waits for."""
    if not port.spec.fixed_ips:
        return "", "an address"
    subnet = view.get(Subnet, port.spec.fixed_ips[0].subnet_id)
    cloud_id = made(subnet, f"slice:{port.spec.zone}")
    return cloud_id, "" if cloud_id else f"the subnet in the zone {port.spec.zone}"


def digest(groups: Sequence[str]) -> str:
    """Return a short name of a set of groups."""
    return hashlib.sha256(",".join(groups).encode()).hexdigest()[:16]


class PortDriver(Ec2Driver):
    """A network interface."""

    words = Words(
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        "NetworkInterface",
        "NetworkInterfaceId",
        "DeleteNetworkInterface",
        "NetworkInterfaceId",
    )

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the interface of a user's port that a server holds."""
        assert isinstance(obj, Port)  # noqa: S101 - the driver table says so
        if obj.spec.implied or not (obj.spec.device_id and obj.spec.zone):
            return []
        if made(obj, "interface"):
            return [Step("interface", "token", "", obj.spec.zone)]
        groups, blocked = groups_of(obj, view)
        if blocked:
            return [Blocked(blocked)]
        subnet, blocked = slice_of(obj, view)
        if blocked:
            return [Blocked(blocked)]
        addresses = [
            {"PrivateIpAddress": fixed.ip_address, "Primary": number == 0}
            for number, fixed in enumerate(obj.spec.fixed_ips)
        ]
        params: dict[str, Any] = {
            "SubnetId": subnet,
            "PrivateIpAddresses": addresses,
            "Groups": groups,
            "Description": f"OpenStack port {obj.id}",
            "TagSpecifications": tags.specification(obj, "interface", self.context.owner, "network-interface"),
        }
        return [Step("interface", "token", request(params), obj.spec.zone)]

    def done(self, made: dict[str, Any], place: Place, intent: Intent, answer: Answer) -> Done:
        """Return the interface with its MAC."""
        groups = digest(sorted(group["GroupId"] for group in made.get("Groups", [])))
        facts = {"mac": made.get("MacAddress", ""), "groups": groups}
        return Done(self.external(made["NetworkInterfaceId"], place, intent), facts, answer.request_id)

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Make the interface's groups so. Setting the same set again is harmless.

        What was applied is forgotten before the call: after a crash the port may be wanted in the groups it was in
        before, and nothing else would tell that the cloud has it in others.
        """
        assert isinstance(obj, Port)  # noqa: S101 - the driver table says so
        if obj.status.external is None or not obj.spec.device_id:
            return None
        groups, blocked = groups_of(obj, view)
        applied = obj.status.applied.get("groups")
        if blocked or applied == digest(groups):
            return None
        if applied != UNSURE:
            return Done(facts={"groups": UNSURE})
        answer = await self.context.caller.call(
            place,
            "ModifyNetworkInterfaceAttribute",
            {"NetworkInterfaceId": obj.status.external.id, "Groups": groups},
            who=obj.id,
        )
        if isinstance(answer, Answer):
            return Done(facts={"groups": digest(groups)}, cloud_request_id=answer.request_id)
        return Absent() if isinstance(answer, Absent) else settle(answer)
