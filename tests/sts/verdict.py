"""What the figures must be, and whom AWS's log names for what. No process, no clock: tested by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.faults.verdict import Limits

# What each verb is at AWS: only these calls are a person's own, so only they are compared.
CALLS = {
    "create": "RunInstances",
    "stop": "StopInstances",
    "start": "StartInstances",
    "reboot": "RebootInstances",
    "delete": "TerminateInstances",
}
LIMITS: Limits = {
    "verbs": ("==", 6),
    "verbs_named_right": ("==", 6),
    "verbs_named_wrong": ("==", 0),
    "calls_by_a_stored_key": ("==", 0),
    "looks_by_a_person": ("==", 0),
    "keys_that_signed": (">=", 4),
    "sessions_while_keys_changed": (">=", 40),
    "sessions_refused": ("==", 0),
    "servers_active": ("==", 24),
    "calls_refused_for_their_session": ("==", 0),
    "told_by_fault": ("==", 1),
    "told_by_conditions": ("==", 1),
    "told_by_check": ("==", 1),
    "mended_s": ("<=", 120),
    "places_searched": (">=", 20),
    "secrets_sought": (">=", 100),
    "secrets_found": ("==", 0),
    "planted_found": ("==", 6),
}
REFUSED = frozenset({"AuthFailure", "RequestExpired", "ExpiredToken", "InvalidClientTokenId"})


class Deed(NamedTuple):
    """Somebody's verb at a server, by the request that asked for it."""

    verb: str
    user: str
    request: str


def deeds(records: Sequence[Mapping[str, Any]], server: str, instance: str) -> list[Deed]:
    """Return what was done to a server and its instance by CloudTrail's records alone, in their order.

    The record of a call leads by its access key to the one that began its session, which has the tags.
    """
    verbs = {call: verb for verb, call in CALLS.items()}
    tags = {
        record["responseElements"]["credentials"]["accessKeyId"]: record["requestParameters"].get("principalTags", {})
        for record in records
        if "responseElements" in record
    }
    out = []
    for record in records:
        verb = verbs.get(record["eventName"])
        if verb is None or "errorCode" in record or not _names(record, server, instance):
            continue
        who, key = record["userIdentity"]["arn"].rpartition("/")[2], record["userIdentity"]["accessKeyId"]
        told = tags.get(key, {})
        if told.get("pia:user", "") != who:
            who = f"{who} by its name, {told.get('pia:user', 'nobody')} by its tags"
        out.append(Deed(verb, who, told.get("pia:request", "")))
    return out


def _names(record: Mapping[str, Any], server: str, instance: str) -> bool:
    """Whether a call is about them; before there is an instance it is known by the server's id in a tag."""
    asked = record["requestParameters"]
    if record["eventName"] == "RunInstances":
        return server in str(asked.get("TagSpecifications", ""))
    return instance in asked.get("InstanceIds", ())


def stored(records: Iterable[Mapping[str, Any]]) -> int:
    """Return how many calls were made with a user's own key."""
    return sum(1 for record in records if record["userIdentity"]["type"] == "IAMUser")


def looks(records: Iterable[Mapping[str, Any]], system: str) -> int:
    """Return how many reading calls bear somebody's name: nobody asked for those."""
    return sum(
        1
        for record in records
        if record["readOnly"] and not record["userIdentity"].get("arn", "").endswith(f"/{system}")
        and record["userIdentity"]["type"] == "AssumedRole"
    )  # fmt: skip


def tells(text: str) -> bool:
    """Whether a text says that the role does not trust us, and who has to do what."""
    return "does not trust" in text and "an administrator of the account has to set its trust policy" in text
