"""What the figures must be, and what AWS's log and ours must say of each other. No process: tested by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.verdict import Limits

from gurum.audit.event import PENDING, Event
from gurum.audit.tree import Node
from gurum.audit.words import USER
from gurum.cli.audit.trails import call_of
from gurum.providers.aws.principals import SYSTEM
from gurum.providers.aws.recorded import looks

LIMITS: Limits = {
    "servers_active": ("==", 24),
    "kills": (">=", 4),
    "calls": (">=", 100),
    "calls_by_people": (">=", 90),
    "calls_by_the_system": (">=", 1),
    "calls_by_an_operator": (">=", 1),
    "calls_without_a_record": ("==", 0),
    "calls_recorded_otherwise": ("==", 0),
    "calls_told_as_answered_that_were_not": ("==", 0),
    "people_named_wrong": ("==", 0),
    "outcomes_lost_by_the_kills": (">=", 1),
    "deeds_of_people": (">=", 48),
    "deeds_named_wrong": ("==", 0),
    "traced_back_share": ("==", 1),
    "requests_that_lead_to_calls": (">=", 40),
    "calls_not_led_to_by_their_request": ("==", 0),
    "commands_that_trace": ("==", 4),
    "whole_after_the_kills": ("==", 1),
    "tampering_found": ("==", 8),
    "api_read_cpu_ms": ("<=", 0.3),
    "api_write_cpu_ms": ("<=", 0.3),
    "call_cpu_ms": ("<=", 0.3),
    "verify_s": ("<=", 120),
    "verify_mib": ("<=", 200),
}


@dataclass
class Compared:
    """The two logs beside each other. records: AWS's, of what may have changed something."""

    records: Sequence[Mapping[str, Any]]
    before: Mapping[str, Event]
    after: Mapping[str, Event]
    missing: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)
    by: Counter[str] = field(default_factory=Counter)


def changing(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the records of what the product called that may have changed something; not what others did there."""
    return [one for one in records if not looks(one["eventName"]) and one.get("userAgent") != "external"]


def compared(records: Iterable[Mapping[str, Any]], events: Iterable[Event]) -> Compared:
    """Put AWS's log beside ours: each record has one event and says the same; each answer that is told was given."""
    calls = [one for one in events if one.links.call]
    found = Compared(
        changing(records),
        {one.links.call: one for one in calls if one.outcome == PENDING},
        {one.links.call: one for one in calls if one.outcome != PENDING},
    )
    ids = Counter(call_of(record) for record in found.records)
    for record in found.records:
        call, name = call_of(record), f"{record['eventName']} {record['requestID']}"
        event = found.before.get(call)
        if event is None or ids[call] != 1:
            found.missing.append(name)
            continue
        _compare(found, record, event, name)
    answers = {record["requestID"] for record in found.records}
    found.invented = [
        one.links.call for one in found.after.values() if one.links.aws_request and one.links.aws_request not in answers
    ]
    return found


def _compare(found: Compared, record: Mapping[str, Any], event: Event, name: str) -> None:
    links, identity = event.links, record["userIdentity"]
    service = record["eventSource"].partition(".")[0]
    ours = (event.action, links.account, links.access_key)
    if ours != (f"call/{service}:{record['eventName']}", record["recipientAccountId"], identity.get("accessKeyId", "")):
        found.otherwise.append(name)
    outcome = found.after.get(links.call)
    if outcome is not None and outcome.links.aws_request not in ("", record["requestID"]):
        found.otherwise.append(name)
    who = session_of(record)
    kind = event.initiator.type_uri.rpartition("/")[2]
    person = event.initiator.type_uri == USER
    found.by["people" if person else "operator" if kind == "operator" else "system"] += 1
    if who != (event.initiator.id if person else SYSTEM):
        found.misnamed.append(name)


def session_of(record: Mapping[str, Any]) -> str:
    """Return whose session AWS says that it was: of the call that begins one, whose it is to become."""
    identity = record["userIdentity"]
    if record["eventName"] != "AssumeRoleWithWebIdentity":
        return str(identity.get("arn", "")).rpartition("/")[2]
    if "userName" not in identity:  # it was refused
        return str(record["requestParameters"].get("RoleSessionName", ""))
    subject = str(identity["userName"])
    return subject.rpartition(":")[2] if subject.startswith("project:") else SYSTEM


def led(nodes: Iterable[Node], above: tuple[Node, ...] = ()) -> Iterable[tuple[Node, ...]]:
    """Yield every way from the top of a tree to a line of it."""
    for node in nodes:
        way = (*above, node)
        yield way
        yield from led(node.below, way)


def whole(way: Sequence[Node], record: Mapping[str, Any]) -> bool:
    """Whether a way ends with AWS's record and begins with whose it is, a person's with everything in between."""
    if way[-1].kind != "cloudtrail" or way[-1].id != record["requestID"]:
        return False
    kinds = [node.kind for node in way]
    if way[0].kind == "person":
        named = way[0].id == session_of(record) and way[1].id != "unknown"
        return named and kinds == ["person", "sign-in", "token", "request", "call", "cloudtrail"]
    return kinds == [way[0].kind, "call", "cloudtrail"] and session_of(record) == SYSTEM
