"""Security group rules: Neutron's and EC2's, compared as sets of one canonical form, then authorised and revoked.

Rules are natural keys: authorising one that is there is Duplicate, revoking one that is gone is NotFound, so repeating
is harmless. What must be added is added before what must go is removed: a change of rules never closes what stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gurum.model.conditions import Reason
from gurum.model.network import SecurityGroup, SecurityGroupRule
from gurum.providers.aws.caller import Answer, Caller, Problem
from gurum.providers.aws.drivers.common import Context, settle
from gurum.providers.contract import DOUBT, Absent, Done, Duplicate, Place, Refused, VerbOutcome, View, Wait

NUMBERS = {"icmp": "icmp", "tcp": "tcp", "udp": "udp", "ipv6-icmp": "icmpv6", "icmpv6": "icmpv6"}
KEPT = "kept:"  # before a step's name: rules of an adopted group that Neutron has no words for; they stay as they are
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


def listed(rule: Mapping[str, Any]) -> Permission:
    """Return an item of DescribeSecurityGroupRules."""
    remote = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
    return Permission(
        bool(rule.get("IsEgress")), rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1), remote
    )


def written(permissions: Iterable[Permission]) -> str:
    """Return a set of rules as text: what is kept of the rules that were last made so."""
    return ";".join(
        "|".join((str(int(p.egress)), p.protocol, str(p.low), str(p.high), p.remote)) for p in sorted(permissions)
    )


def read(text: str) -> set[Permission]:
    """Return the set that `written` wrote."""
    fields = (line.split("|") for line in text.split(";") if line)
    return {
        Permission(egress == "1", proto, int(low), int(high), remote) for egress, proto, low, high, remote in fields
    }


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
    """Make the rules of the group so, in the first domain where they are not. None: they are so everywhere.

    What a change may touch is stored before its calls: after a crash between a call and the record of it, the rules
    wanted by then may be the ones that were recorded before, and nothing else would tell that the cloud has others.
    """
    for name, intent in group.status.intents.items():
        if not name.startswith("group:") or intent.state != "done" or intent.external is None:
            continue
        target = wanted(group, name.removeprefix("group:"), view)
        before, touched = group.status.applied.get(name), read(group.status.applied.get(DOUBT + name, ""))
        if target is None or (before == written(target) and not touched):
            continue
        known = read(before or "")
        if not known ^ target <= touched:
            return Done(facts={DOUBT + name: written(touched | known ^ target)})
        kept = frozenset(read(group.status.applied.get(KEPT + name, "")))
        call = _Call(context.caller, place, group.id, intent.external.id, intent.written_at + context.not_yet, kept)
        problem = await _apply(call, target, known=None if before is None else known, touched=touched)
        return problem if problem is not None else Done(facts={name: written(target), DOUBT + name: ""})
    return None


@dataclass(frozen=True)
class _Call:
    """Who calls about which group; until `not_found`, the group's absence means that it is not visible yet.

    kept: rules that are not looked at.
    """

    caller: Caller
    place: Place
    who: str
    group_id: str
    not_found: float
    kept: frozenset[Permission] = frozenset()

    async def __call__(self, action: str, params: dict[str, Any]) -> Answer | Problem:
        return await self.caller.call(self.place, action, params, who=self.who, not_found=self.not_found)


async def _apply(
    call: _Call, target: set[Permission], *, known: set[Permission] | None, touched: set[Permission]
) -> VerbOutcome | None:
    shown = await _present(call)
    if not isinstance(shown, set):
        return shown
    if known is None and not shown:
        # Every new group lets everything out until that rule is taken away. Not to see it is not to see the group.
        text = f"the security group {call.group_id} is not visible yet"
        return Wait(Reason.PROGRESSING, text, call.caller.soon(1.0))
    # The list may be older than our last change: what we made so then is taken away too, where it must go. What must be
    # there and is not shown is authorised again: a duplicate is harmless, a missing rule is not. The same with what an
    # interrupted change may have added or taken away, whatever the list shows of it.
    present = shown | (known or set()) | touched
    for verb, difference in (("Authorize", target - (shown - touched)), ("Revoke", present - target)):
        for egress, direction in ((False, "Ingress"), (True, "Egress")):
            rules = [p.wire() for p in sorted(difference) if p.egress is egress]
            if not rules:
                continue
            action = f"{verb}SecurityGroup{direction}"
            done = await call(action, {"GroupId": call.group_id, "IpPermissions": rules})
            if isinstance(done, Duplicate) or (isinstance(done, Absent) and verb == "Revoke"):
                # One of several was there (or gone) already, and EC2 then does none of them.
                problem = await _one_by_one(call, action, rules)
                if problem is not None:
                    return problem
            elif not isinstance(done, Answer):
                return settle(done)
    return None


async def _present(call: _Call) -> set[Permission] | Wait | Absent | Refused:
    present: set[Permission] = set()
    cursor = ""
    while True:
        params: dict[str, Any] = {"Filters": [{"Name": "group-id", "Values": [call.group_id]}], "MaxResults": 1000}
        if cursor:
            params["NextToken"] = cursor
        answer = await call("DescribeSecurityGroupRules", params)
        if not isinstance(answer, Answer):
            return settle(answer)
        shown = (listed(rule) for rule in answer.body.get("SecurityGroupRules", []))
        # What Neutron has no words for (a prefix list) was made by others, and is left to them.
        present |= {rule for rule in shown if rule.remote and rule not in call.kept}
        cursor = answer.body.get("NextToken") or ""
        if not cursor:
            return present


async def _one_by_one(call: _Call, action: str, rules: list[dict[str, Any]]) -> VerbOutcome | None:
    for rule in rules:
        done = await call(action, {"GroupId": call.group_id, "IpPermissions": [rule]})
        if not isinstance(done, Answer | Duplicate | Absent):
            return settle(done)
    return None
