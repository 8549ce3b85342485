"""Domains are VPCs; a subnet is one AWS subnet a zone. Both have neither token nor unique name: recipe `adopt`.

Late calls: a VPC or subnet made by a process that lost its lease carries our tags; it is adopted if it is seen within
the visibility window, else the sweep removes it. Deleting twice is NotFound.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.network import Domain, Network, Port, Subnet
from gurum.model.routing import is_held
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers.common import Context, Ec2Driver, Words, made, request, settle
from gurum.providers.aws.drivers.gateways import GatewayDriver
from gurum.providers.aws.drivers.groups import NO_GROUPS, EmptyGroupDriver, domain_of
from gurum.providers.aws.drivers.routing import GATEWAY
from gurum.providers.contract import (
    Absent,
    Blocked,
    CreateOutcome,
    Done,
    Duplicate,
    Place,
    Refused,
    Step,
    VerbOutcome,
    View,
    Wait,
)


def subnets_of(domain: Domain, view: View) -> list[Subnet]:
    """Return the subnets of the domain's networks, oldest first."""
    found = [
        subnet
        for network in view.index(Network, "by_domain", domain.id)
        for subnet in view.index(Subnet, "by_network", network.id)
    ]
    return sorted(found, key=lambda subnet: (subnet.metadata.created_at, subnet.id))


def vpc_cidr(cidrs: Sequence[str]) -> str:
    """Return one block that covers the address ranges, no larger than AWS's /16; else the first range's own.

    A VPC's first block cannot be changed, so as much as is known goes into it.
    """
    networks = [ipaddress.IPv4Network(cidr) for cidr in cidrs]
    cover = networks[0]
    for network in networks[1:]:
        wider = cover
        while not network.subnet_of(wider) and wider.prefixlen > 16:
            wider = wider.supernet()
        if network.subnet_of(wider):
            cover = wider
    while cover.prefixlen > 28:
        cover = cover.supernet()
    return str(cover)


class DomainDriver(Ec2Driver):
    """A VPC, and in it the group for ports that have no security group: AWS would give them its own default one."""

    words = Words("CreateVpc", "DescribeVpcs", "Vpcs", "Vpc", "VpcId", "DeleteVpc", "VpcId")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._groups = EmptyGroupDriver(context)
        self._slices = SubnetDriver(context)
        self._gateway = GatewayDriver(context)

    def _of(self, step: str) -> Ec2Driver | None:
        """Return the driver of a step that makes something within the VPC."""
        if step == NO_GROUPS:
            return self._groups
        if step == GATEWAY:
            return self._gateway
        return self._slices if step.startswith("slice:") else None

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the VPC and what is needed in it: the empty group, and slices that are the domain's own."""
        assert isinstance(obj, Domain)  # noqa: S101 - the driver table says so
        vpc = made(obj, "vpc")
        if vpc:
            own = [
                Step(f"slice:{zone}", "adopt", slice_request(self.context, obj, vpc, zone, cidr), zone)
                for zone, cidr in obj.spec.slices.items()
            ]
            parts = [*self._groups.steps(obj, view), *own, *self._gateway.steps(obj, view)]
            return [Step("vpc", "adopt", ""), *parts]
        cidrs = [obj.spec.cidr] if obj.spec.cidr else [subnet.spec.cidr for subnet in subnets_of(obj, view)]
        if not cidrs:
            return [Blocked("a subnet: a VPC needs an address range")]
        params = {
            "CidrBlock": vpc_cidr(cidrs),
            "TagSpecifications": tags.specification(obj, "vpc", self.context.owner, "vpc"),
        }
        return [Step("vpc", "adopt", request(params))]

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return the internet gateway when it is not wanted any more."""
        return self._gateway.retired(obj, view)

    async def create(self, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        """Make the VPC or something in it, as the step says."""
        other = self._of(intent.step)
        return await (other.create(obj, intent, place) if other is not None else super().create(obj, intent, place))

    async def find(self, obj: Resource, intent: Intent, place: Place) -> Done | Wait | Absent | Refused:
        """Find the VPC or something in it."""
        other = self._of(intent.step)
        return await (other.find(obj, intent, place) if other is not None else super().find(obj, intent, place))

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Delete the VPC or something in it."""
        other = self._of(intent.step)
        return await (other.destroy(obj, intent, place) if other is not None else super().destroy(obj, intent, place))

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Give the VPC further blocks for subnets that lie outside it. AWS allows five (fifty on request)."""
        assert isinstance(obj, Domain)  # noqa: S101 - the driver table says so
        vpc = made(obj, "vpc")
        missing = outside(obj, subnets_of(obj, view))
        if not vpc or not missing:
            outcome = await self._groups.sync(obj, view, place)
            return outcome if outcome is not None or not vpc else await self._gateway.sync(obj, view, place)
        answer = await self.context.caller.call(
            place, "AssociateVpcCidrBlock", {"VpcId": vpc, "CidrBlock": missing[0]}, who=obj.id
        )
        if isinstance(answer, Answer | Duplicate):
            # Subnets of a domain do not overlap, so what a block conflicts with is itself, added before a crash.
            return Done(facts={f"cidr:{missing[0]}": "1"})
        return settle(answer)


def slice_request(context: Context, obj: Resource, vpc: str, zone: str, cidr: str) -> str:
    """Return the request of an AWS subnet for an object in a zone."""
    params: dict[str, Any] = {
        "VpcId": vpc,
        "CidrBlock": cidr,
        "AvailabilityZoneId": zone,
        "TagSpecifications": tags.specification(obj, f"slice:{zone}", context.owner, "subnet"),
    }
    return request(params)


def outside(domain: Domain, subnets: Iterable[Subnet]) -> list[str]:
    """Return the address ranges that lie in none of the VPC's blocks."""
    blocks = [name.removeprefix("cidr:") for name in domain.status.applied if name.startswith("cidr:")]
    intent = domain.status.intents.get("vpc")
    if intent is not None:
        blocks.append(json.loads(intent.request)["CidrBlock"])
    known = [ipaddress.IPv4Network(block) for block in blocks]
    return [
        subnet.spec.cidr
        for subnet in subnets
        if subnet.spec.ip_version == 4
        and not any(ipaddress.IPv4Network(subnet.spec.cidr).subnet_of(block) for block in known)
    ]


class SubnetDriver(Ec2Driver):
    """One AWS subnet per zone in which a port of the subnet is bound."""

    words = Words("CreateSubnet", "DescribeSubnets", "Subnets", "Subnet", "SubnetId", "DeleteSubnet", "SubnetId")

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return a slice for each zone in use."""
        assert isinstance(obj, Subnet)  # noqa: S101 - the driver table says so
        bound = {port.spec.zone for port in view.index(Port, "by_subnet", obj.id) if port.spec.zone and is_held(port)}
        steps: list[Step | Blocked] = []
        network = view.get(Network, obj.spec.network_id)
        domain = domain_of(obj.spec.network_id, view)
        vpc = made(domain, "vpc")
        for zone in sorted(bound):
            name = f"slice:{zone}"
            intent = obj.status.intents.get(name)
            if (network is not None and network.status.leaving) or (intent is not None and misplaced(intent, domain)):
                return [*steps, Blocked("the network's move to another VPC")]
            if intent is not None and intent.state == "done":
                steps.append(Step(name, "adopt", "", zone))
                continue
            if domain is None or domain.deleting or not vpc:
                return [*steps, Blocked("the network's VPC")]
            if domain is not None and outside(domain, [obj]):
                return [*steps, Blocked(f"the VPC's address block for {obj.spec.cidr}")]
            cidr = obj.spec.slices.get(zone, obj.spec.cidr)
            steps.append(Step(name, "adopt", slice_request(self.context, obj, vpc, zone, cidr), zone))
        return steps

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return what lies in a VPC that the network left, or is to leave and has no instance in any more.

        Where the VPC itself is going nobody is asked: AWS keeps a subnet that has an interface.
        """
        assert isinstance(obj, Subnet)  # noqa: S101 - the driver table says so
        network = view.get(Network, obj.spec.network_id)
        domain = domain_of(obj.spec.network_id, view)
        leaving = network is not None and network.status.leaving
        if leaving and any(view.occupied(port) for port in view.index(Port, "by_subnet", obj.id)):
            leaving = False
        leaving = leaving or (domain is not None and domain.deleting)
        return [
            name
            for name, intent in obj.status.intents.items()
            if intent.state not in ("gone", "failed") and (leaving or misplaced(intent, domain))
        ]


def misplaced(intent: Intent, domain: Domain | None) -> bool:
    """Whether what the intent makes (or made) lies in another VPC than the domain's."""
    vpc = made(domain, "vpc")
    return bool(vpc) and intent.state not in ("gone", "failed") and f'"VpcId":"{vpc}"' not in intent.request
