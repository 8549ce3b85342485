"""A port of the user's own is a network interface, made when a server first holds it; an implied one is not made here.

CreateNetworkInterface takes a token: recipe `token`. Late calls repeat the same interface. Deleting twice is NotFound.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.model.routing import FloatingIP, is_held
from gurum.model.server import Server
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, request, settle
from gurum.providers.aws.drivers.groups import NO_GROUPS, domain_of
from gurum.providers.aws.drivers.network import misplaced
from gurum.providers.aws.drivers.routing import EGRESS, egress_on, egress_wanted, launched
from gurum.providers.contract import DOUBT, UNSURE, Absent, Blocked, Done, Place, Step, VerbOutcome, View

MAC = "mac"  # the fact that tells the address which the cloud gave an interface


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
    subnet, step = view.get(Subnet, port.spec.fixed_ips[0].subnet_id), f"slice:{port.spec.zone}"
    cloud_id = made(subnet, step)
    network = view.get(Network, port.spec.network_id)
    if subnet is None or network is None or not cloud_id:
        return "", f"the subnet in the zone {port.spec.zone}"
    domain = domain_of(network.id, view)
    going = network.status.leaving or domain is None or domain.deleting
    if going or misplaced(subnet.status.intents[step], domain):
        return "", "the network's move to another VPC"
    return cloud_id, ""


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
        if obj.spec.implied or not (is_held(obj) and obj.spec.zone):
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

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return the interface of a port that no instance holds, where its network is to go to another VPC."""
        assert isinstance(obj, Port)  # noqa: S101 - the driver table says so
        network = view.get(Network, obj.spec.network_id)
        intent = obj.status.intents.get("interface")
        if intent is None or intent.state in ("gone", "failed") or is_held(obj) or network is None:
            return []
        return ["interface"] if network.status.leaving else []

    def done(self, made: dict[str, Any], place: Place, intent: Intent, answer: Answer) -> Done:
        """Return the interface with its MAC."""
        groups = digest(sorted(group["GroupId"] for group in made.get("Groups", [])))
        facts = {MAC: made.get("MacAddress", ""), "groups": groups}
        return Done(self.external(made["NetworkInterfaceId"], place, intent), facts, answer.request_id)

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Make the interface's groups so. Setting the same set again is harmless.

        What was applied is forgotten before the call: after a crash the port may be wanted in the groups it was in
        before, and nothing else would tell that the cloud has it in others.
        """
        assert isinstance(obj, Port)  # noqa: S101 - the driver table says so
        if obj.status.external is None or not obj.spec.device_id:
            return None
        if made(obj, "interface") and not obj.status.mac_address:  # the process that made it did not write it down
            return await self._looked_at(obj, place)
        groups, blocked = groups_of(obj, view)
        applied = obj.status.applied.get("groups") or digest(sorted(launched(obj, view).get("Groups", [])))
        if blocked or applied == digest(groups):
            return await self._egress(obj, view, place)
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

    async def _looked_at(self, obj: Port, place: Place) -> VerbOutcome:
        """Return the MAC address that AWS gave the interface: only the answer to the call that made it has told it."""
        intent = obj.status.intents["interface"]
        params = {"NetworkInterfaceIds": [made(obj, "interface")]}
        answer = await self.context.caller.call(
            place, self.words.describe, params, who=obj.id, not_found=intent.made_at + self.context.not_yet
        )
        if isinstance(answer, Answer):
            return Done(facts={MAC: answer.body["NetworkInterfaces"][0]["MacAddress"]})
        return Absent() if isinstance(answer, Absent) else settle(answer)

    async def _egress(self, obj: Port, view: View, place: Place) -> VerbOutcome | None:
        """Give the interface a public address of its own, or take it away. Setting the same again is harmless.

        Late: what it set goes with the next change of the router's gateway; nothing else hangs on it.

        While a floating IP leads to it nothing is switched: AWS takes the address away by itself when an Elastic IP
        comes, and gives one again when that goes.
        """
        server = view.get(Server, obj.spec.device_id)
        wanted = egress_wanted(obj, view)
        doubt = DOUBT + EGRESS in obj.status.applied
        if server is None or server.status.vm_state in ("building", "error") or obj.deleting:
            return None
        if obj.status.adopted:
            return None  # whether it has a public address of its own was decided by whoever made it
        if not doubt and (wanted == egress_on(obj, view) or (wanted and _has_floating_ip(obj, view))):
            return None
        if not doubt:
            return Done(facts={DOUBT + EGRESS: "1", EGRESS: "1"})
        params = {"NetworkInterfaceId": obj.status.external.id if obj.status.external else ""}
        answer = await self.context.caller.call(
            place, "ModifyNetworkInterfaceAttribute", {**params, "AssociatePublicIpAddress": wanted}, who=obj.id
        )
        if isinstance(answer, Answer):
            facts = {EGRESS: "1" if wanted else "0"}
            return Done(facts=facts, cloud_request_id=answer.request_id, forget=[DOUBT + EGRESS])
        return Absent() if isinstance(answer, Absent) else settle(answer)


def _has_floating_ip(port: Port, view: View) -> bool:
    return any(True for _ in view.index(FloatingIP, "by_port", port.id))
