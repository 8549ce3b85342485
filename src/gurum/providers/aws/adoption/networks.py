"""A VPC is a network with its domain; each AWS subnet is a subnet of it, with one slice."""

from __future__ import annotations

from collections.abc import Iterator

from gurum.model import addresses
from gurum.model.base import Intent, Status
from gurum.model.network import Domain, DomainSpec, Network, NetworkSpec, NetworkStatus, Subnet, SubnetSpec
from gurum.providers.aws.adoption.account import Account, found, gateway_of, name_of
from gurum.providers.aws.adoption.look import Item
from gurum.providers.aws.adoption.routers import leads_out
from gurum.providers.aws.drivers.routing import GATEWAY
from gurum.providers.contract import Found


def vpcs(account: Account) -> Iterator[Found]:
    """Yield of each VPC the network that users see, and the domain behind it."""
    for item in account.lists["vpc"]:
        vpc = item["VpcId"]
        uid = account.id(vpc)
        name = name_of(item, "default VPC" if item.get("IsDefault") else f"network-{uid[:8]}")
        notes = ["its IPv6 ranges are not shown"] if item.get("Ipv6CidrBlockAssociationSet") else []
        network = Network(
            metadata=account.metadata(vpc),
            spec=NetworkSpec(name=name, **account.spec(vpc)),
            status=NetworkStatus(domain=account.domain(vpc), **account.status()),
        )
        yield found(account, "vpc", vpc, item, object=network, name=name, notes=notes)
        intents = [account.intent("vpc", vpc, CidrBlock=item["CidrBlock"])]
        more = {
            f"cidr:{block['CidrBlock']}": "1"
            for block in item.get("CidrBlockAssociationSet") or ()
            if block["CidrBlock"] != item["CidrBlock"]
            and block.get("CidrBlockState", {}).get("State", "associated") == "associated"
        }
        gateway = _gateway(account, vpc)
        if gateway is not None:
            intents.append(gateway)
            more[GATEWAY] = gateway.external.id if gateway.external is not None else ""
        domain = Domain(
            metadata=account.metadata(vpc, id=account.domain(vpc), key=uid),
            spec=DomainSpec(owner_kind=Network.kind, owner_id=uid, **account.spec(vpc)),
            status=Status(**account.status(intents, more)),
        )
        yield found(account, "vpc", vpc, item, object=domain, name=name)


def _gateway(account: Account, vpc: str) -> Intent | None:
    """Return the VPC's internet gateway, where a table leads to it: one that nobody needs is not ours to keep."""
    for item in account.lists["internet-gateway"]:
        if any(each.get("VpcId") == vpc for each in item.get("Attachments") or ()):
            used = any(leads_out(table) == item["InternetGatewayId"] for table in account.tables[vpc])
            return account.intent(GATEWAY, item["InternetGatewayId"]) if used else None
    return None


def gateways(account: Account) -> Iterator[Found]:
    """Yield the internet gateways: they show as gateways of routers, and are no objects themselves."""
    for item in account.lists["internet-gateway"]:
        id_ = item["InternetGatewayId"]
        used = any(leads_out(table) == id_ for table in account.lists["route-table"])
        why = "it shows as the gateway of the routers that lead to it" if used else "no route leads to it"
        yield found(account, "internet-gateway", id_, item, refused=why)


def subnets(account: Account) -> Iterator[Found]:
    """Yield the subnets."""
    for item in account.lists["subnet"]:
        id_ = item["SubnetId"]
        if not item.get("CidrBlock"):
            yield found(account, "subnet", id_, item, refused="it has no IPv4 range")
            continue
        yield found(account, "subnet", id_, item, object=_subnet(account, item), needs=[item["VpcId"]])


def _subnet(account: Account, item: Item) -> Subnet:
    id_, vpc, cidr, zone = item["SubnetId"], item["VpcId"], item["CidrBlock"], item["AvailabilityZoneId"]
    gateway, slices = gateway_of(item), {zone: cidr}
    intent = account.intent(f"slice:{zone}", id_, zone, VpcId=vpc, CidrBlock=cidr, AvailabilityZoneId=zone)
    return Subnet(
        metadata=account.metadata(id_),
        spec=SubnetSpec(
            network_id=account.id(vpc),
            cidr=cidr,
            name=name_of(item, f"subnet-{account.id(id_)[:8]}"),
            gateway_ip=gateway,
            slices=slices,
            allocation_pools=addresses.pools(cidr, gateway, slices),
            **account.spec(id_),
        ),
        status=Status(**account.status([intent])),
    )
