"""A router is a route table in each VPC of its networks. Recipe `adopt`.

CreateRouteTable has a token, but what AWS answers to the token of a table that was deleted since is not documented, and
a router may want its table again. Routes and associations are natural keys: a table has one route to a block, a subnet
one table. What is about to change is stored before the call, so that a crash in between leaves a doubt.

Late calls: a table carries our tags (adopted, or swept). A route that is there already is replaced by the one wanted;
one that is gone is NotFound. An association is ended by its own id, which no later one has. Deleting twice is NotFound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.conditions import Reason
from gurum.model.network import Domain, Subnet
from gurum.model.routing import Router
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer, Problem
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, request, settle
from gurum.providers.aws.drivers.network import misplaced
from gurum.providers.aws.drivers.routing import (
    attached,
    domains_of,
    interface_at,
    interfaces,
    router_of,
    without_gateway,
)
from gurum.providers.contract import (
    DOUBT,
    Absent,
    Blocked,
    Done,
    Duplicate,
    Place,
    Step,
    VerbOutcome,
    View,
    Wait,
)

EVERYWHERE = "0.0.0.0/0"
TABLE, ROUTE, ASSOCIATION = "table:", "route:", "association:"  # facts: <kind><table>|<block or subnet>
MAIN = "main"  # the association of a subnet without one of its own: with the main table of its VPC
WISHED = 60.0  # seconds until a route is looked at again that nobody can take yet; a change tells sooner


@dataclass(frozen=True)
class Wanted:
    """Facts to be: of a route its target, of an association nothing. `waits`: what cannot be made yet, in words."""

    facts: Mapping[str, str]
    waits: str = ""


class RouterDriver(Ec2Driver):
    """Route tables, their routes and the subnets that follow them."""

    words = Words(
        "CreateRouteTable",
        "DescribeRouteTables",
        "RouteTables",
        "RouteTable",
        "RouteTableId",
        "DeleteRouteTable",
        "RouteTableId",
    )

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return a table for each domain of the router's networks; none while every route is the VPC's own."""
        assert isinstance(obj, Router)  # noqa: S101 - the driver table says so
        steps: list[Step | Blocked] = []
        for domain in domains_of(obj, view) if obj.spec.gateway is not None or obj.spec.routes else ():
            vpc = made(domain, "vpc")
            if not vpc and not made(obj, TABLE + domain.id):
                return [*steps, Blocked("the VPC of its networks")]
            specification = tags.specification(obj, TABLE + domain.id, self.context.owner, "route-table")
            text = request({"VpcId": vpc, "TagSpecifications": specification})
            steps.append(Step(TABLE + domain.id, "adopt", text))
        return steps

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return the tables in domains where the router has no networks, or routes nothing that a VPC does not."""
        assert isinstance(obj, Router)  # noqa: S101 - the driver table says so
        routes = obj.spec.gateway is not None or obj.spec.routes
        needed = {TABLE + domain.id for domain in domains_of(obj, view)} if routes else set()
        intents = obj.status.intents.items()
        return [name for name, intent in intents if intent.state not in ("gone", "failed") and name not in needed]

    def hanging(self, obj: Resource, step: str) -> Sequence[str]:
        """Return the table's routes and associations."""
        table = made(obj, step)
        return [name for name in obj.status.applied if _kind(name) and _parts(name)[0] == table]

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Take every subnet off the table and delete it. Late: neither id is given again."""
        if intent.external is None:
            return Absent()
        until = self.unseen_until(intent)
        shown = await self._associations(obj, place, {"RouteTableIds": [intent.external.id]}, until)
        if not isinstance(shown, dict):
            return shown if isinstance(shown, Absent) else settle(shown)
        for identity in shown.values():
            answer = await self._call(obj, place, "DisassociateRouteTable", {"AssociationId": identity[0]})
            if not isinstance(answer, Answer | Absent):
                return settle(answer)
        return await super().destroy(obj, intent, place)

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Make one route or association so; None when all are."""
        assert isinstance(obj, Router)  # noqa: S101 - the driver table says so
        tables = {made(obj, name) for name in obj.status.intents if name.startswith(TABLE)} - {""}
        known = {name.removeprefix(DOUBT) for name in obj.status.applied if _kind(name.removeprefix(DOUBT))}
        stale = [name for name in known if _parts(name)[0] not in tables]
        if stale:  # their tables are gone, and they with them
            return Done(forget=[*stale, *(DOUBT + name for name in stale)])
        for name in [name.removeprefix(DOUBT) for name in obj.status.applied if name.startswith(DOUBT + TABLE)]:
            return await self._read(obj, place, name)
        wanted = _wanted(obj, view)
        for name in sorted(known - wanted.facts.keys()):
            return await self._unmake(obj, place, name)
        for name, target in sorted(wanted.facts.items()):
            have = obj.status.applied.get(name)
            if DOUBT + name in obj.status.applied or have is None or (target and have != target):
                return await self._make(obj, place, name, target)
        if wanted.waits:
            return Wait(Reason.PROGRESSING, wanted.waits, self.context.caller.soon(WISHED))
        return None

    async def _make(self, obj: Router, place: Place, name: str, target: str) -> VerbOutcome:
        """Make a route or association. Late: the route is the table's only one to the block, and replaced if wrong."""
        if DOUBT + name not in obj.status.applied:
            return Done(facts={DOUBT + name: "1"})
        table, what = _parts(name)
        if name.startswith(ROUTE):
            kind = "GatewayId" if target.startswith("igw-") else "NetworkInterfaceId"
            params = {"RouteTableId": table, "DestinationCidrBlock": what, kind: target}
            answer = await self._call(obj, place, "CreateRoute", params, table)
            if isinstance(answer, Duplicate):
                answer = await self._call(obj, place, "ReplaceRoute", params, table)
            if isinstance(answer, Answer):
                return Done(facts={name: target}, forget=[DOUBT + name])
        else:
            params = {"RouteTableId": table, "SubnetId": what}
            answer = await self._call(obj, place, "AssociateRouteTable", params, table)
            if isinstance(answer, Answer):
                return Done(facts={name: answer.body["AssociationId"]}, forget=[DOUBT + name])
            if isinstance(answer, Duplicate):
                return await self._associated(obj, place, name)
        if isinstance(answer, Absent):
            text = "something that a route leads to is gone"  # its own controller knows, and wakes us
            return Wait(Reason.PROGRESSING, text, self.context.caller.soon(WISHED / 4))
        return settle(answer)

    async def _read(self, obj: Router, place: Place, name: str) -> VerbOutcome:
        """Learn what a table has that the store does not know: it comes from a backup, and the table is newer."""
        table = made(obj, name)
        params, not_found = {"RouteTableIds": [table]}, self._known_by(obj, table)
        if not table:
            return Done(forget=[DOUBT + name])
        answer = await self.context.caller.call(place, "DescribeRouteTables", params, who=obj.id, not_found=not_found)
        if not isinstance(answer, Answer):
            return answer if isinstance(answer, Absent) else settle(answer)
        facts: dict[str, str] = {}
        for shown in answer.body.get("RouteTables", []):
            for route in shown.get("Routes", []):
                target = route.get("GatewayId") or route.get("NetworkInterfaceId") or ""
                if target not in ("", "local"):
                    facts[f"{ROUTE}{table}|{route.get('DestinationCidrBlock', '')}"] = target
            for each in shown.get("Associations", []):
                if each.get("SubnetId"):
                    facts[f"{ASSOCIATION}{table}|{each['SubnetId']}"] = each["RouteTableAssociationId"]
        new = {fact: value for fact, value in facts.items() if fact not in obj.status.applied}
        return Done(facts=new, forget=[DOUBT + name])

    async def _associated(self, obj: Router, place: Place, name: str) -> VerbOutcome:
        """The subnet has a table: ours, by a call whose answer was lost, or that of a router which is to let it go."""
        table, subnet = _parts(name)
        filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
        shown = await self._associations(obj, place, {"Filters": filters})
        if not isinstance(shown, dict):
            return shown if isinstance(shown, Absent) else settle(shown)
        identity, holder = shown.get(subnet, ("", ""))
        if holder == table:
            return Done(facts={name: identity}, forget=[DOUBT + name])
        text = "waits for the router that had the subnet's gateway address before"
        return Wait(Reason.PROGRESSING, text, self.context.caller.soon(2.0))

    async def _unmake(self, obj: Router, place: Place, name: str) -> VerbOutcome:
        """Take a route or association away. Late: an association has its own id; a route made anew goes once more.

        The latter is the one case that is mended by nothing but the next change: it takes a call that is under way
        while the gateway is taken off and set again by another engine.
        """
        if DOUBT + name not in obj.status.applied:
            return Done(facts={DOUBT + name: "1"})
        table, what = _parts(name)
        if name.startswith(ROUTE):
            params = {"RouteTableId": table, "DestinationCidrBlock": what}
            answer = await self._call(obj, place, "DeleteRoute", params)
        else:
            identity = obj.status.applied.get(name, "")
            if identity == MAIN:
                return Done(forget=[name, DOUBT + name])
            if not identity:
                shown = await self._associations(obj, place, {"RouteTableIds": [table]}, self._known_by(obj, table))
                if not isinstance(shown, dict):
                    return shown if isinstance(shown, Absent) else settle(shown)
                identity = shown.get(what, ("", ""))[0]
            if not identity:
                return Done(forget=[name, DOUBT + name])
            answer = await self._call(obj, place, "DisassociateRouteTable", {"AssociationId": identity})
        if isinstance(answer, Answer | Absent):
            return Done(forget=[name, DOUBT + name])
        return settle(answer)

    async def _associations(
        self, obj: Resource, place: Place, params: dict[str, Any], not_found: float = 0.0
    ) -> dict[str, tuple[str, str]] | Problem:
        """Return which subnet has which association and table."""
        answer = await self.context.caller.call(place, "DescribeRouteTables", params, who=obj.id, not_found=not_found)
        if not isinstance(answer, Answer):
            return answer
        return {
            each["SubnetId"]: (each["RouteTableAssociationId"], table["RouteTableId"])
            for table in answer.body.get("RouteTables", [])
            for each in table.get("Associations", [])
            if each.get("SubnetId")
        }

    async def _call(
        self, obj: Resource, place: Place, action: str, params: dict[str, Any], table: str = ""
    ) -> Answer | Problem:
        """Call; a table that was made lately may not be known yet."""
        not_found = self._known_by(obj, table)
        return await self.context.caller.call(place, action, params, who=obj.id, not_found=not_found)

    def _known_by(self, obj: Resource, table: str) -> float:
        """Return until when NotFound may mean that the cloud does not show the table yet."""
        made_at = [i.made_at for i in obj.status.intents.values() if i.external is not None and i.external.id == table]
        return made_at[0] + max(self.context.not_yet, self.context.window) if made_at else 0.0


def _kind(name: str) -> str:
    return next((kind for kind in (ROUTE, ASSOCIATION) if name.startswith(kind)), "")


def _parts(name: str) -> tuple[str, str]:
    """Return the table of a fact, and the block or subnet."""
    table, _, what = name.removeprefix(_kind(name)).partition("|")
    return table, what


def _wanted(router: Router, view: View) -> Wanted:
    facts: dict[str, str] = {}
    waits = ""
    domains = domains_of(router, view)
    if len(domains) > 1:
        waits = "its networks had instances before they were joined: they are in VPCs between which nothing passes"
    for domain in domains:
        table = made(router, TABLE + domain.id)
        if not table:
            continue
        if router.spec.gateway is not None and router.spec.admin_state_up:
            gateway = attached(domain)
            if gateway:
                facts[f"{ROUTE}{table}|{EVERYWHERE}"] = gateway
            else:
                waits = without_gateway(domain)
        for route in router.spec.routes:
            target = interface_at(router, route.nexthop, view)
            if target:
                facts[f"{ROUTE}{table}|{route.destination}"] = target
            else:
                waits = f"the route to {route.destination} waits for an instance with the address {route.nexthop}"
        facts |= {f"{ASSOCIATION}{table}|{subnet}": "" for subnet in _slices(router, domain, view)}
    return Wanted(facts, waits)


def _slices(router: Router, domain: Domain, view: View) -> Iterator[str]:
    """Yield the AWS subnets in a domain whose gateway address the router holds."""
    subnets = {fixed.subnet_id for port in interfaces(router, view) for fixed in port.spec.fixed_ips}
    for subnet_id in subnets:
        subnet = view.get(Subnet, subnet_id)
        holder = router_of(subnet, view) if subnet is not None and not subnet.deleting else None
        if subnet is None or holder is None or holder.id != router.id:
            continue
        for name, intent in subnet.status.intents.items():
            if name.startswith("slice:") and intent.state == "done" and not misplaced(intent, domain):
                yield made(subnet, name)
