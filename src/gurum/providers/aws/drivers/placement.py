"""A server group is a placement group, named by its server group: recipe `name`. Made for the group's first server.

How far a policy can be had: AWS shows no hosts, so what it keeps together or apart are racks. A late creation is
refused as a duplicate; a late deletion finds nothing of the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.compute import ServerGroup
from gurum.model.server import Server
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, named, request, settle
from gurum.providers.aws.removal import Kind
from gurum.providers.contract import Absent, Blocked, Place, Refused, Step, VerbOutcome, View

STEP = "placement"
INSTANCE_TYPE = "aws:instance_type"
# Nova's policy -> AWS's strategy. `affinity` has none: instances of a cluster are near each other, not on one host.
# Seven is the most partitions that a zone has.
STRATEGIES: dict[str, dict[str, Any]] = {
    "anti-affinity": {"Strategy": "spread"},
    "soft-anti-affinity": {"Strategy": "partition", "PartitionCount": 7},
    "soft-affinity": {"Strategy": "cluster"},
}
CAPABILITIES = (
    ("server_group.anti_affinity", "native", "apart by racks, seven servers in each availability zone"),
    ("server_group.soft_anti_affinity", "emulated", "spread over seven partitions of a zone"),
    ("server_group.soft_affinity", "emulated", "near each other in one zone, where AWS has that for the flavor"),
    ("server_group.affinity", "absent", "AWS does not show or choose hosts"),
)
LIMITS = {"server_group.members_per_zone": 7}  # running instances of a spread group. Source: EC2 User Guide
LEFTOVERS = (
    Kind(
        "placement-group",
        "DescribePlacementGroups",
        "PlacementGroups",
        "GroupId",
        "DeletePlacementGroup",
        "GroupName",
        page=0,
    ),
)


class PlacementDriver(Ec2Driver):
    """A placement group."""

    words = Words(
        "CreatePlacementGroup",
        "DescribePlacementGroups",
        "PlacementGroups",
        "PlacementGroup",
        "GroupId",
        "DeletePlacementGroup",
        "GroupName",
    )

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the placement group, once there is a server for it."""
        assert isinstance(obj, ServerGroup)  # noqa: S101 - the driver table says so
        strategy = STRATEGIES.get(obj.spec.policy)
        if strategy is None or not any(True for _ in view.index(Server, "by_server_group", obj.id)):
            return []
        specification = tags.specification(obj, STEP, self.context.owner, "placement-group")
        params = {"GroupName": tags.name(obj), **strategy, "TagSpecifications": specification}
        return [Step(STEP, "name", request(params))]

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Delete by name. While an instance is in it, AWS refuses, and that is waited for."""
        params = {"GroupName": named(obj, STEP, "GroupName")}
        answer = await self.context.caller.call(place, self.words.delete, params, who=obj.id)
        if isinstance(answer, Answer | Absent):
            return Absent()
        return answer if isinstance(answer, Refused) else settle(answer)


def placement(server: Server, view: View) -> tuple[str, str]:
    """Return the placement group for a launch, empty for none, and what it waits for, if it must."""
    group = view.get(ServerGroup, server.spec.group) if server.spec.group else None
    if group is None or group.deleting or group.spec.policy not in STRATEGIES:
        return "", ""
    if group.spec.policy == "soft-affinity" and not _clusters(server, group, view):
        return "", ""
    return (named(group, STEP, "GroupName"), "") if made(group, STEP) else ("", "the placement group")


def _clusters(server: Server, group: ServerGroup, view: View) -> bool:
    """Whether a launch may be in the cluster: it lies in one zone, and burstable types cannot be in one."""
    if server.spec.flavor.extra_specs.get(INSTANCE_TYPE, "").startswith("t"):
        return False
    members = (other for other in view.index(Server, "by_server_group", group.id) if other.id != server.id)
    return all(other.status.zone in ("", server.status.zone) for other in members)


DRIVER = ("ServerGroup", PlacementDriver)
