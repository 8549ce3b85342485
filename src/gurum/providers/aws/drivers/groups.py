"""Security groups, one AWS group per (group, VPC). Names are unique within a VPC: recipe `name`.

Late calls meet Duplicate and adopt what carries our tag. Deleting twice is NotFound.
"""

from __future__ import annotations

from collections.abc import Sequence

from gurum.model.base import Resource
from gurum.model.network import ISOLATED, Domain, Network, Port, SecurityGroup, SecurityGroupRule
from gurum.model.routing import is_held
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers import rules
from gurum.providers.aws.drivers.common import Ec2Driver, Words, made, request, settle
from gurum.providers.contract import Absent, Blocked, Done, Place, Step, VerbOutcome, View

NO_GROUPS = "no-groups"
WORDS = Words(
    "CreateSecurityGroup", "DescribeSecurityGroups", "SecurityGroups", "", "GroupId", "DeleteSecurityGroup", "GroupId"
)


class GroupDriver(Ec2Driver):
    """One AWS group per (security group, domain) in which a port uses it, or a rule of a used one points at it."""

    words = WORDS

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return a group for each domain in use. The name is unique within a VPC: recipe `name`."""
        assert isinstance(obj, SecurityGroup)  # noqa: S101 - the driver table says so
        steps: list[Step | Blocked] = []
        for domain in domains_using(obj, view):
            name = f"group:{domain.id}"
            if name in obj.status.intents and obj.status.intents[name].state == "done":
                steps.append(Step(name, "name", ""))
                continue
            vpc = made(domain, "vpc")
            if not vpc:
                steps.append(Blocked("the network's VPC"))
                continue
            params = {
                "GroupName": tags.name(obj),
                "Description": f"OpenStack security group {obj.id}",
                "VpcId": vpc,
                "TagSpecifications": tags.specification(obj, name, self.context.owner, "security-group"),
            }
            steps.append(Step(name, "name", request(params)))
        return steps

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        """Return the groups in domains that are being removed: a VPC cannot go while they are there."""
        out = []
        for name, intent in obj.status.intents.items():
            if name.startswith("group:") and intent.state not in ("gone", "failed"):
                domain = view.get(Domain, name.removeprefix("group:"))
                if domain is None or domain.deleting:
                    out.append(name)
        return out

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Make the rules so in each domain."""
        assert isinstance(obj, SecurityGroup)  # noqa: S101 - the driver table says so
        return await rules.sync(self.context, obj, view, place)


def domains_using(group: SecurityGroup, view: View) -> list[Domain]:
    """Return the domains in which the group must exist: where a port has it, or a used group's rule points at it."""
    users = [group]
    for rule in view.index(SecurityGroupRule, "by_remote_group", group.id):
        pointing = view.get(SecurityGroup, rule.spec.security_group_id)
        if pointing is not None and pointing.id != group.id:
            users.append(pointing)
    found: dict[str, Domain] = {}
    for user in users:
        for port in view.index(Port, "by_group", user.id):
            domain = domain_of(port.spec.network_id, view) if is_held(port) else None
            if domain is not None and not domain.deleting:
                found[domain.id] = domain
    return [found[id_] for id_ in sorted(found)]


def domain_of(network_id: str, view: View) -> Domain | None:
    """Return the domain a network belongs to, once there is one."""
    network = view.get(Network, network_id)
    if network is None or not network.status.domain:
        return None
    return view.get(Domain, network.status.domain)


class EmptyGroupDriver(Ec2Driver):
    """A domain's group without rules, for bound ports that have no security group."""

    words = WORDS

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the group where a bound port of the domain has none, or a server no port."""
        needed = isinstance(obj, Domain) and obj.spec.owner_kind == ISOLATED
        needed = needed or any(
            is_held(port) and not port.spec.security_groups
            for network in view.index(Network, "by_domain", obj.id)
            for port in view.index(Port, "by_network", network.id)
        )
        if not needed:
            return []
        params = {
            "GroupName": f"{tags.name(obj)}-none",
            "Description": "ports without a security group",
            "VpcId": made(obj, "vpc"),
            "TagSpecifications": tags.specification(obj, NO_GROUPS, self.context.owner, "security-group"),
        }
        return [Step(NO_GROUPS, "name", request(params))]

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        """Take away the rule that lets everything out, which AWS puts into every new group."""
        group = made(obj, NO_GROUPS)
        if not group or NO_GROUPS in obj.status.applied:
            return None
        everything = rules.Permission(True, "-1", -1, -1, "0.0.0.0/0").wire()
        answer = await self.context.caller.call(
            place, "RevokeSecurityGroupEgress", {"GroupId": group, "IpPermissions": [everything]}, who=obj.id
        )
        if isinstance(answer, Answer | Absent):
            return Done(facts={NO_GROUPS: "1"})
        return settle(answer)
