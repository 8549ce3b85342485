"""From any end of the chain to the whole of it: the person, the sign-in, the token, the request, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gurum.audit.event import PENDING, Event
from gurum.audit.index import Found, Index
from gurum.audit.words import MARK, USER

_KINDS = {USER: "person", "service/gurum/operator": "operator"}


class Node(msgspec.Struct):
    """A line of the tree.

    kind: person, operator (who gave a command), system, sign-in, token, request, decision, object, call, cloudtrail.
    """

    kind: str
    id: str
    said: dict[str, str] = msgspec.field(default_factory=dict)
    below: list[Node] = msgspec.field(default_factory=list)


class Deed(msgspec.Struct):
    """All events of one request, or of one call that nobody asked for."""

    request: str
    events: list[Found]

    @property
    def best(self) -> Event:
        """The event that knows most of the request: its outcome, else that it was about to be."""
        links = ((one.event, one.event.links) for one in self.events)
        asked = [event for event, told in links if (told.verb or told.service) and not told.call]
        done = [event for event in asked if event.outcome != PENDING]
        return (done or asked or [self.events[0].event])[0]


def deeds(index: Index, word: str, limit: int) -> list[Deed]:
    """Return the newest deeds that a word (any id) leads to, oldest first; at most `limit`."""
    found = index.find(word)
    requests = dict.fromkeys(one.event.links.request for one in reversed(found) if one.event.links.request)
    alone = [one for one in found if not one.event.links.request and one.event.links.call]
    made = [Deed(request, index.find(request)) for request in list(requests)[:limit]]
    calls: dict[str, list[Found]] = {}
    for one in alone:
        calls.setdefault(one.event.links.call, []).append(one)
    made += [Deed("", index.find(call)) for call in list(calls)[-limit:]]
    return sorted(made, key=lambda deed: deed.events[0].at)


def tree(index: Index, some: Iterable[Deed], trail: Mapping[str, Mapping[str, Any]]) -> list[Node]:
    """Return the deeds below the people whose they are.

    trail: CloudTrail's records by AWS's request id, and by the call's id (`words.MARK`) that its user agent has.
    """
    people: dict[str, Node] = {}
    tokens: dict[tuple[str, str], Node] = {}
    for deed in some:
        event = deed.best
        who = event.initiator
        person = people.setdefault(who.id, Node(_KINDS.get(who.type_uri, "system"), who.id))
        above = person
        if event.links.token:
            key = who.id, event.links.token
            if key not in tokens:
                tokens[key] = _token(index, person, event.links.token)
            above = tokens[key]
        above.below.append(_request(deed, trail) if deed.request else _calls(deed.events, trail)[0])
    return list(people.values())


def _token(index: Index, person: Node, token: str) -> Node:
    """Return the token's node, below its sign-in."""
    seen = next((one.event for one in index.find(token) if one.event.action == "authenticate/token"), None)
    sign_in = seen.links.sign_in if seen is not None else ""
    above = next((node for node in person.below if node.kind == "sign-in" and node.id == sign_in), None)
    if above is None:
        above = Node("sign-in", sign_in or "unknown")
        if seen is not None:
            links = seen.links
            above.said = _said(
                by=", ".join(links.methods), identity_provider=links.identity_provider, credential=links.credential
            )
        person.below.append(above)
    node = Node("token", token, _said(first_seen=seen.event_time if seen is not None else ""))
    above.below.append(node)
    return node


def _request(deed: Deed, trail: Mapping[str, Mapping[str, Any]]) -> Node:
    event = deed.best
    links, reason = event.links, event.reason
    node = Node(
        "request",
        deed.request,
        _said(
            verb=links.verb or f"{links.service} {event.action}",
            region=links.region,
            project=event.initiator.project,
            about=f"{event.target.type_uri} {event.target.id}",
            outcome=event.outcome if event.outcome != PENDING else "not recorded: its process ended before",
            status=reason.reason_code if reason is not None else "",
            at=deed.events[0].event.event_time,
        ),
    )
    if links.decision:
        allowed = event.outcome == PENDING or reason is None or reason.reason_code != "403"
        node.below.append(
            Node(
                "decision",
                links.decision,
                _said(
                    decided="allowed" if allowed else "denied",
                    rule=reason.policy_id if reason is not None else "",
                    policy=reason.policy_type if reason is not None else "",
                ),
            )
        )
    objects = {
        (made.kind, made.id, made.generation): made
        for one in deed.events
        if not one.event.links.call
        for made in one.event.links.objects
    }
    for made in objects.values():
        said = _said(id=made.id, generation=str(made.generation) if made.generation else "its deletion was asked for")
        node.below.append(Node("object", made.kind, said))
    node.below += _calls([one for one in deed.events if one.event.links.call], trail)
    return node


def _calls(events: list[Found], trail: Mapping[str, Mapping[str, Any]]) -> list[Node]:
    by_call: dict[str, list[Event]] = {}
    for one in events:
        by_call.setdefault(one.event.links.call, []).append(one.event)
    return [_call(call, told, trail) for call, told in by_call.items()]


def _call(call: str, told: list[Event], trail: Mapping[str, Mapping[str, Any]]) -> Node:
    last = next((event for event in told if event.outcome != PENDING), told[0])
    links = last.links
    node = Node(
        "call",
        call,
        _said(
            action=last.action.partition("/")[2],
            account=links.account,
            region=links.region,
            of=f"{last.target.type_uri} {last.target.id}",
            outcome=last.outcome if last.outcome != PENDING else "not recorded: the engine ended before",
            code=last.reason.reason_code if last.reason is not None else "",
            session=links.session,
            access_key=links.access_key,
            aws_request=links.aws_request,
            at=told[0].event_time,
        ),
    )
    record = trail.get(links.aws_request) or trail.get(MARK + call)
    if record is not None:
        node.below.append(_record(str(record.get("requestID", "")), record))
    return node


def _record(id: str, record: Mapping[str, Any]) -> Node:
    who = record.get("userIdentity")
    who = who if isinstance(who, dict) else {}
    names = ("eventName", "eventTime", "eventSource", "awsRegion", "recipientAccountId", "errorCode")
    said = {name: str(record[name]) for name in names if name in record}
    return Node(
        "cloudtrail", id, _said(**said, principal=str(who.get("arn", "")), access_key=str(who.get("accessKeyId", "")))
    )


def _said(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
