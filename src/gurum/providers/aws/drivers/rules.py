"""Security group rules: Neutron's and EC2's, compared as sets of one canonical form, then authorised and revoked.

Rules are natural keys: authorising one that is there is Duplicate, revoking one that is gone is NotFound, so repeating
is harmless. What must be added is added before what must go is removed: a change of rules never closes what stays open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gurum.model.network import SecurityGroup, SecurityGroupRule
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.drivers.common import Context, settle
from gurum.providers.contract import Absent, Done, Duplicate, Place, VerbOutcome, View

NUMBERS = {"icmp": "icmp", "tcp": "tcp", "udp": "udp", "ipv6-icmp": "icmpv6", "icmpv6": "icmpv6"}
ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


@dataclass(frozen=True, order=True)
class Permission:
    """A rule in EC2's terms. `remote`: a CIDR, or an AWS group id."""

    egress: bool
    protocol: str
    low: int
    high: int
    remote: str

    def wire(self) -> dict[str, Any]:
        """Return EC2's IpPermission."""
        out: dict[str, Any] = {"IpProtocol": self.protocol}
        if self.protocol != "-1":
            out |= {"FromPort": self.low, "ToPort": self.high}
        if self.remote.startswith("sg-"):
            out["UserIdGroupPairs"] = [{"GroupId": self.remote}]
        elif ":" in self.remote:
            out["Ipv6Ranges"] = [{"CidrIpv6": self.remote}]
        else:
            out["IpRanges"] = [{"CidrIp": self.remote}]
        return out


def permission(rule: SecurityGroupRule, remote_group: str) -> Permission:
    """Return a Neutron rule in EC2's terms; `remote_group` is the AWS id of its remote group, if it has one."""
    spec = rule.spec
    protocol = NUMBERS.get(str(spec.protocol), str(spec.protocol)) if spec.protocol not in (None, "any", "0") else "-1"
    icmp = protocol in ("icmp", "icmpv6", "1", "58")
    low, high = spec.port_range_min, spec.port_range_max
    if protocol == "-1":
        low = high = -1
    elif icmp:
        low, high = (-1 if low is None else low), (-1 if high is None else high)
    else:
        low, high = (0 if low is None else low), (65535 if high is None else high)
    remote = remote_group or spec.normalized_cidr or spec.remote_ip_prefix or ANYWHERE[spec.ethertype]
    return Permission(spec.direction == "egress", protocol, low, high, remote)


def listed(rule: dict[str, Any]) -> Permission:
    """Return an item of DescribeSecurityGroupRules."""
    remote = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
    return Permission(
        bool(rule.get("IsEgress")), rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1), remote
    )


def digest(permissions: Iterable[Permission]) -> str:
    """Return a short name of a set of rules."""
    return hashlib.sha256(repr(sorted(permissions)).encode()).hexdigest()[:16]


def wanted(group: SecurityGroup, domain_id: str, view: View) -> set[Permission] | None:
    """Return the rules the group should have in a domain; None while a group that a rule points at is not there yet."""
    out: set[Permission] = set()
    for rule in view.index(SecurityGroupRule, "by_group", group.id):
        remote = ""
        if rule.spec.remote_group_id:
            target = view.get(SecurityGroup, rule.spec.remote_group_id)
            intent = target.status.intents.get(f"group:{domain_id}") if target is not None else None
            if intent is None or intent.state != "done" or intent.external is None:
                if target is None or target.deleting:
                    continue  # a rule that points at nobody lets nobody in
                return None
            remote = intent.external.id
        out.add(permission(rule, remote))
    return out


async def sync(context: Context, group: SecurityGroup, view: View, place: Place) -> VerbOutcome | None:
    """Make the rules of the group so, in the first domain where they are not. None: they are so everywhere."""
    for name, intent in group.status.intents.items():
        if not name.startswith("group:") or intent.state != "done" or intent.external is None:
            continue
        target = wanted(group, name.removeprefix("group:"), view)
        if target is None or group.status.applied.get(name) == digest(target):
            continue
        problem = await _apply(context.caller, place, group.id, intent.external.id, target)
        return problem if problem is not None else Done(facts={name: digest(target)})
    return None


async def _apply(caller: Caller, place: Place, who: str, group_id: str, target: set[Permission]) -> VerbOutcome | None:
    present: set[Permission] = set()
    cursor = ""
    while True:
        params: dict[str, Any] = {"Filters": [{"Name": "group-id", "Values": [group_id]}], "MaxResults": 1000}
        if cursor:
            params["NextToken"] = cursor
        answer = await caller.call(place, "DescribeSecurityGroupRules", params, who=who)
        if not isinstance(answer, Answer):
            return settle(answer)
        present |= {listed(rule) for rule in answer.body.get("SecurityGroupRules", [])}
        cursor = answer.body.get("NextToken") or ""
        if not cursor:
            break
    for verb, difference in (("Authorize", target - present), ("Revoke", present - target)):
        for egress, direction in ((False, "Ingress"), (True, "Egress")):
            rules = [p.wire() for p in sorted(difference) if p.egress is egress]
            if not rules:
                continue
            done = await caller.call(
                place, f"{verb}SecurityGroup{direction}", {"GroupId": group_id, "IpPermissions": rules}, who=who
            )
            if isinstance(done, Duplicate) or (isinstance(done, Absent) and verb == "Revoke"):
                # One of several was there (or gone) already, and EC2 then does none of them: go one by one next time.
                problem = await _one_by_one(caller, place, f"{verb}SecurityGroup{direction}", group_id, rules, who)
                if problem is not None:
                    return problem
            elif not isinstance(done, Answer):
                return settle(done)
    return None


async def _one_by_one(
    caller: Caller, place: Place, action: str, group_id: str, rules: list[dict[str, Any]], who: str
) -> VerbOutcome | None:
    for rule in rules:
        done = await caller.call(place, action, {"GroupId": group_id, "IpPermissions": [rule]}, who=who)
        if not isinstance(done, Answer | Duplicate | Absent):
            return settle(done)
    return None
