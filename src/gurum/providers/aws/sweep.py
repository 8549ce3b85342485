"""The collector: what carries our owner tag but is not what its object in the store has (any more).

It is the last line, for what no recipe can exclude: a call of a process that was paused longer than the visibility
window. It looks twice, a window apart, before it removes anything, and touches nothing without our tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from gurum.ops.clock import Clock
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.drivers import found
from gurum.providers.contract import Known, Place

# In the order in which they can go. describe, list key, id key, delete, delete parameter, delete takes a list
_KINDS: tuple[tuple[str, str, str, str, str], ...] = (
    ("DescribeInstances", "Reservations", "InstanceId", "TerminateInstances", "InstanceIds"),
    (
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        "DeleteNetworkInterface",
        "NetworkInterfaceId",
    ),
    ("DescribeAddresses", "Addresses", "AllocationId", "ReleaseAddress", "AllocationId"),
    ("DescribeKeyPairs", "KeyPairs", "KeyPairId", "DeleteKeyPair", "KeyPairId"),
    ("DescribeSecurityGroups", "SecurityGroups", "GroupId", "DeleteSecurityGroup", "GroupId"),
    ("DescribeRouteTables", "RouteTables", "RouteTableId", "DeleteRouteTable", "RouteTableId"),
    ("DescribeSubnets", "Subnets", "SubnetId", "DeleteSubnet", "SubnetId"),
    (
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGatewayId",
        "DeleteInternetGateway",
        "InternetGatewayId",
    ),
    ("DescribeVpcs", "Vpcs", "VpcId", "DeleteVpc", "VpcId"),
)


_PAGES = {
    "DescribeKeyPairs": 0,
    "DescribeAddresses": 0,
    "DescribeRouteTables": 100,
    "DescribePlacementGroups": 0,
}  # 0: EC2 does not page these


class Orphan(NamedTuple):
    """A leftover: how it is removed, whose it says it is, and how it was listed."""

    delete: str
    param: str
    cloud_id: str
    uid: str
    item: dict[str, Any]


def _flat(body: dict[str, Any], key: str) -> Iterable[dict[str, Any]]:
    for item in body.get(key, []):
        if key != "Reservations":
            yield item
            continue
        for instance in item["Instances"]:
            if instance["State"]["Name"] not in ("terminated", "shutting-down"):
                yield instance


async def _loosen(caller: Caller, place: Place, item: dict[str, Any]) -> None:
    """Take apart what keeps a leftover from going: a mapped address, an attached gateway, a table that subnets have."""
    calls: list[tuple[str, dict[str, Any]]] = []
    if item.get("AssociationId"):
        calls.append(("DisassociateAddress", {"AssociationId": item["AssociationId"]}))
    for each in item.get("Attachments", []):
        params = {"InternetGatewayId": item["InternetGatewayId"], "VpcId": each["VpcId"]}
        calls.append(("DetachInternetGateway", params))
    held = [each for each in item.get("Associations", []) if not each.get("Main")]
    calls += [("DisassociateRouteTable", {"AssociationId": each["RouteTableAssociationId"]}) for each in held]
    for action, params in calls:
        await caller.call(place, action, params, who="sweep")  # in vain: the removal is refused, until the next sweep


async def orphans(caller: Caller, place: Place, owner: str, known: Known) -> list[Orphan]:
    """Return what nobody owns, in the order of removal.

    An incomplete look (throttled, AWS silent) returns what it saw of it: absence is never concluded from here.
    """
    out: list[Orphan] = []
    more = [row for rows in found("LEFTOVERS") for row in rows]
    pages = _PAGES | {row[0]: 0 for row in more}
    for describe, key, id_key, delete, param in (*_KINDS, *more):
        cursor = ""
        while True:
            params: dict[str, Any] = {"Filters": [{"Name": f"tag:{tags.OWNER}", "Values": [owner]}]}
            if page := pages.get(describe, 500):
                params["MaxResults"] = page
            if cursor:
                params["NextToken"] = cursor
            answer = await caller.call(place, describe, params, who="sweep")
            if not isinstance(answer, Answer):
                break
            for item in _flat(answer.body, key):
                uid = tags.value(item.get("Tags", item.get("TagSet", [])), tags.UID)
                # An interface in use goes with what uses it.
                kind = tags.value(item.get("Tags", item.get("TagSet", [])), tags.KIND)
                if "Attachment" not in item and not known(kind, uid, item[id_key]):
                    out.append(Orphan(delete, param, item[id_key], uid, item))
            cursor = answer.body.get("NextToken") or ""
            if not cursor:
                break
    return out


async def sweep(caller: Caller, clock: Clock, place: Place, owner: str, window: float, known: Known) -> list[str]:
    """Remove what was nobody's at two looks a window apart; return what was removed, in words."""
    first = await orphans(caller, place, owner, known)
    if not first:
        return []
    await clock.sleep(window)
    again = {found.cloud_id: found for found in await orphans(caller, place, owner, known)}
    removed = []
    for delete, param, cloud_id, uid, _ in first:
        if cloud_id not in again:
            continue
        await _loosen(caller, place, again[cloud_id].item)
        item = again[cloud_id].item
        value: Any = [cloud_id] if param.endswith("Ids") else item.get(param, cloud_id)  # some go by name
        answer = await caller.call(place, delete, {param: value}, who="sweep")
        if isinstance(answer, Answer):
            removed.append(f"{delete} {cloud_id} (of {uid or 'nobody'})")
    return removed
