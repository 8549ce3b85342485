"""Everything in an account, listed: one row for each kind of thing. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.drivers.common import settle
from gurum.providers.contract import Absent, Place, Refused, Wait

Item = Mapping[str, Any]

PATIENCE = 300.0  # seconds for which a throttled or silent AWS is waited for within one survey
NAMED = 100  # values in one filter


@dataclass(frozen=True)
class Row:
    """How a kind is listed. page: items a call; 0: AWS does not page it."""

    type: str
    action: str
    items: str
    page: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)


# In EC2's words for the types of resources. A hundred instances are 39 ms of the loop, so not more at once.
ROWS: tuple[Row, ...] = (
    Row("vpc", "DescribeVpcs", "Vpcs", 1000),
    Row("subnet", "DescribeSubnets", "Subnets", 1000),
    Row("security-group", "DescribeSecurityGroups", "SecurityGroups", 1000),
    Row("security-group-rule", "DescribeSecurityGroupRules", "SecurityGroupRules", 1000),
    Row("internet-gateway", "DescribeInternetGateways", "InternetGateways", 1000),
    Row("route-table", "DescribeRouteTables", "RouteTables", 100),
    Row("key-pair", "DescribeKeyPairs", "KeyPairs", params={"IncludePublicKey": True}),
    Row("placement-group", "DescribePlacementGroups", "PlacementGroups"),
    Row("instance", "DescribeInstances", "Reservations", 100),
    Row("network-interface", "DescribeNetworkInterfaces", "NetworkInterfaces", 500),
    Row("elastic-ip", "DescribeAddresses", "Addresses"),
)
ACTIONS = frozenset({*(row.action for row in ROWS), "DescribeInstanceTypes", "DescribeImages"})

Lists = dict[str, list[Item]]


async def look(
    caller: Caller, clock: Clock, place: Place, types: Sequence[str], images: Sequence[str]
) -> Lists | Wait | Refused:
    """Return all lists; of instance types and images those in use that are not among `types` and `images`."""
    seen: Lists = {}
    for row in ROWS:
        found = await _all(caller, clock, place, row)
        if not isinstance(found, list):
            return found
        seen[row.type] = found
    seen["instance"] = [
        item
        for reservation in seen["instance"]
        for item in reservation["Instances"]
        if item["State"]["Name"] not in ("terminated", "shutting-down")
    ]
    for type_, key, action, items, filter_, known in (
        ("instance-type", "InstanceType", "DescribeInstanceTypes", "InstanceTypes", "instance-type", types),
        ("image", "ImageId", "DescribeImages", "Images", "image-id", images),
    ):
        wanted = sorted({item[key] for item in seen["instance"] if item.get(key)} - set(known))
        seen[type_] = []
        for start in range(0, len(wanted), NAMED):
            # By filter: an image that was deregistered since is absent then, and not an error.
            filters = {"Filters": [{"Name": filter_, "Values": wanted[start : start + NAMED]}]}
            found = await _all(caller, clock, place, Row(type_, action, items, params=filters))
            if not isinstance(found, list):
                return found
            seen[type_] += found
    return seen


async def _all(caller: Caller, clock: Clock, place: Place, row: Row) -> list[Item] | Wait | Refused:
    found: list[Item] = []
    cursor, until = "", clock.time() + PATIENCE
    while True:
        params = {**row.params, **({"MaxResults": row.page} if row.page else {})}
        if cursor:
            params["NextToken"] = cursor
        answer = await caller.call(place, row.action, params, who="adoption")
        if isinstance(answer, Answer):
            found += answer.body.get(row.items, [])
            cursor = answer.body.get("NextToken") or ""
            if not cursor:
                return found
            continue
        problem = settle(answer)
        if isinstance(problem, Absent):
            return Refused(Reason.UNRECOVERABLE_ERROR, f"{row.action} found nothing")
        # A missing permission is a Wait to a controller, which has for ever. An incomplete survey is none.
        if isinstance(problem, Refused) or problem.reason is Reason.UNRECOVERABLE_ERROR or problem.until > until:
            return problem
        await clock.sleep(max(0.1, problem.until - clock.time()))
