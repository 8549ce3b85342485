"""The events themselves: one function a thing that is recorded, so that each is said in one way, wherever it is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gurum.audit.event import (
    FAILURE,
    MOST_OBJECTS,
    PENDING,
    SUCCESS,
    Attachment,
    Event,
    Links,
    Made,
    Party,
    Reason,
    opaque,
)

USER = "data/security/account/user"
ANYBODY = Party(id="anonymous", type_uri=USER)
MARK = "call/"  # before a call's id in the user agent that a cloud is shown, and writes into its own log
ACTIONS = {"POST": "create", "GET": "read", "HEAD": "read", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def person(user: str, project: str | None) -> Party:
    """Return a user, by id."""
    return Party(id=opaque(user) or "system", type_uri=USER, project=opaque(project))


def system(name: str) -> Party:
    """Return one of our own processes, acting for nobody."""
    return Party(id=opaque(name), type_uri="service/gurum")


def _event(
    action: str, outcome: str, who: Party, target: Party, observer: Party, links: Links, reason: Reason | None
) -> Event:
    return Event(
        action=action, outcome=outcome, initiator=who, target=target, observer=observer, event_time="",
        reason=reason, attachments=(Attachment(content=links),),
    )  # fmt: skip


def token_seen(who: Party, observer: Party, links: Links) -> Event:
    """Say that a token was shown here for the first time: from which sign-in it comes, and by which means."""
    return _event("authenticate/token", SUCCESS, who, _keystone(), observer, links, None)


def token_refused(observer: Party, links: Links) -> Event:
    """Say that tokens were shown that Keystone does not know; `links.count` of them."""
    return _event("authenticate/token", FAILURE, ANYBODY, _keystone(), observer, links, Reason(reason_code="401"))


def revoked(observer: Party, user: str, project: str, links: Links) -> Event:
    """Say that Keystone revoked what a user, a project or a token may do: of a user, that is an off-boarding."""
    target = Party(id=user, type_uri=USER) if user else Party(id=project or "token", type_uri="data/security/project")
    return _event("revoke", SUCCESS, _keystone(), target, observer, links, None)


def _keystone() -> Party:
    return Party(id="keystone", type_uri="service/security/identity")


def asked(action: str, who: Party, target: Party, observer: Party, links: Links, rule: Reason) -> Event:
    """Say that a request was let, and that its effects begin."""
    return _event(action, PENDING, who, target, observer, links, rule)


def answered(
    action: str,
    who: Party,
    target: Party,
    observer: Party,
    links: Links,
    rule: Reason,
    status: int,
    made: Sequence[Made],
) -> list[Event]:
    """Say what became of a request: HTTP's status, and which generations of which objects it wrote."""
    reason = Reason(reason_type="HTTP", reason_code=str(status), policy_type=rule.policy_type, policy_id=rule.policy_id)
    outcome = SUCCESS if status < 400 else FAILURE
    whole = []
    for at in range(0, max(len(made), 1), MOST_OBJECTS):
        some = tuple(made[at : at + MOST_OBJECTS])
        told = msgspec.structs.replace(links, objects=some) if some else links
        whole.append(_event(action, outcome, who, target, observer, told, reason))
    return whole


def calling(action: str, who: Party, target: Party, observer: Party, links: Links) -> Event:
    """Say that a cloud is about to be called."""
    return _event(f"call/{action}", PENDING, who, target, observer, links, None)


def called(action: str, outcome: str, who: Party, target: Party, observer: Party, links: Links, code: str) -> Event:
    """Say what a cloud answered: its code, and its own id of the request; outcome unknown: no answer came."""
    reason = Reason(reason_type="AWS", reason_code=opaque(code)) if code else None
    return _event(f"call/{action}", outcome, who, target, observer, links, reason)
