"""A route table that leads out of its VPC is a router, with an interface in each subnet that follows it.

A table with nothing but the VPC's own routes is none: those networks reach each other without one. A route to what
Neutron has no words for (a NAT or transit gateway, a peering) is told, and left alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

from gurum.model.network import FixedIP, HostRoute, Port, PortSpec, PortStatus
from gurum.model.routing import ROUTER_INTERFACE, Gateway, Router, RouterSpec, RouterStatus
from gurum.providers.aws.adoption.account import Account, found, gateway_of, name_of
from gurum.providers.aws.adoption.look import Item
from gurum.providers.aws.drivers.routers import ASSOCIATION, EVERYWHERE, MAIN, ROUTE, TABLE
from gurum.providers.contract import Found


class Routes(NamedTuple):
    """What a table says: where everything goes, next hops by range with their interface, and the rest in words."""

    gateway: str
    hops: dict[str, tuple[str, str]]
    rest: list[str]


def leads_out(table: Item) -> str:
    """Return the internet gateway that is a table's default route, empty for none."""
    for route in table.get("Routes") or ():
        if route.get("DestinationCidrBlock") == EVERYWHERE and (route.get("GatewayId") or "").startswith("igw-"):
            return str(route["GatewayId"]) if route.get("State", "active") == "active" else ""
    return ""


def following(account: Account, table: Item) -> dict[str, str]:
    """Return the subnets that follow a table, each with its association; MAIN for one that has none of its own."""
    joined = table.get("Associations") or ()
    own = {each["SubnetId"]: each["RouteTableAssociationId"] for each in joined if each.get("SubnetId")}
    if any(each.get("Main") for each in joined):
        explicit = {
            each["SubnetId"]
            for other in account.tables[table["VpcId"]]
            for each in other.get("Associations") or ()
            if each.get("SubnetId")
        }
        own |= {
            id_: MAIN
            for id_, item in account.subnets.items()
            if item["VpcId"] == table["VpcId"] and id_ not in explicit and item.get("CidrBlock")
        }
    return own


def router_of(account: Account, subnet: str) -> str:
    """Return the id of the router of a subnet, empty for none."""
    item = account.subnets.get(subnet)
    for table in account.tables[item["VpcId"]] if item is not None else ():
        if subnet in following(account, table) and _said(account, table).gateway:
            return account.id(table["RouteTableId"])
    return ""


def _said(account: Account, table: Item) -> Routes:
    subnets = following(account, table)
    hops: dict[str, tuple[str, str]] = {}
    rest: list[str] = []
    for route in table.get("Routes") or ():
        block, target = route.get("DestinationCidrBlock"), route.get("GatewayId") or route.get("NetworkInterfaceId")
        if target == "local" or (block == EVERYWHERE and target == leads_out(table)):
            continue
        hop = account.interfaces.get(target or "")
        if block and hop is not None and hop["SubnetId"] in subnets and hop.get("Attachment", {}).get("InstanceId"):
            hops[block] = (hop["PrivateIpAddress"], hop["NetworkInterfaceId"])
        else:
            where = next((str(v) for k, v in route.items() if k.endswith("Id") and v and "Owner" not in k), "nowhere")
            to = block or route.get("DestinationIpv6CidrBlock") or route.get("DestinationPrefixListId")
            rest.append(f"the route to {to} by {where}")
    return Routes(leads_out(table), hops, rest)


def tables(account: Account) -> Iterator[Found]:
    """Yield the routers, each followed by its interfaces."""
    for item in account.lists["route-table"]:
        id_, said = item["RouteTableId"], _said(account, item)
        notes = [f"{words} has no word in Neutron" for words in said.rest]
        if not said.gateway and not said.hops:
            why = "it routes nothing but within its VPC" if not notes else "none of its routes has a word in Neutron"
            yield found(account, "route-table", id_, item, refused=why, notes=notes)
            continue
        if said.gateway and not account.catalogue.external:
            why = "the region has no external network to lead to"
            yield found(account, "route-table", id_, item, refused=why, notes=notes)
            continue
        router = _router(account, item, said)
        yield found(account, "route-table", id_, item, object=router, needs=[item["VpcId"]], notes=notes)
        if account.whose(item):
            continue
        for subnet in following(account, item):
            port = _interface(account, router, id_, account.subnets[subnet])
            at = port.spec.fixed_ips[0].ip_address
            yield Found("router-interface", f"{id_}/{subnet}", port, name=at, needs=[id_, subnet], parent=id_)


def _router(account: Account, item: Item, said: Routes) -> Router:
    id_, domain = item["RouteTableId"], account.domain(item["VpcId"])
    applied = {f"{ROUTE}{id_}|{EVERYWHERE}": said.gateway} if said.gateway else {}
    applied |= {f"{ROUTE}{id_}|{block}": interface for block, (_, interface) in said.hops.items()}
    applied |= {f"{ASSOCIATION}{id_}|{subnet}": each for subnet, each in following(account, item).items()}
    return Router(
        metadata=account.metadata(id_),
        spec=RouterSpec(
            name=name_of(item, f"router-{account.id(id_)[:8]}"),
            gateway=Gateway(network_id=account.catalogue.external) if said.gateway else None,
            routes=[HostRoute(destination=block, nexthop=hop) for block, (hop, _) in sorted(said.hops.items())],
            **account.spec(id_),
        ),
        status=RouterStatus(
            **account.status([account.intent(TABLE + domain, id_, VpcId=item["VpcId"])], applied),
        ),
    )


def _interface(account: Account, router: Router, table: str, subnet: Item) -> Port:
    """Return a router's interface: an address of ours, with nothing in the cloud."""
    uid = account.id(subnet["SubnetId"])
    number = uuid.uuid5(uuid.UUID(router.id), uid)
    return Port(
        metadata=account.metadata("", id=str(number)),
        spec=PortSpec(
            network_id=account.id(subnet["VpcId"]),
            mac_address="fa:16:3e:" + ":".join(f"{byte:02x}" for byte in number.bytes[:3]),
            fixed_ips=[FixedIP(subnet_id=uid, ip_address=gateway_of(subnet))],
            device_id=router.id,
            device_owner=ROUTER_INTERFACE,
            port_security_enabled=False,
            **account.spec(f"{table}/{subnet['SubnetId']}"),
        ),
        status=PortStatus(status="ACTIVE", **account.status()),
    )
