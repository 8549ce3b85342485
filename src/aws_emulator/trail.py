"""The ledger in the shape of CloudTrail: who called what, in the words that an auditor's tools read.

Every call names its session; the session's tags stand, as at AWS, in the record of the call that began it, and the two
belong together by the access key. Source: CloudTrail User Guide, "userIdentity element".
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from aws_emulator.federation.sessions import Session, Sessions
from aws_emulator.ledger import Entry

_WEB = "AssumeRoleWithWebIdentity"


def records(entries: Iterable[Entry], sessions: Sessions) -> Iterator[dict[str, Any]]:
    """Yield a record for each call that reached AWS, oldest first."""
    for entry in entries:
        if entry.status:
            yield _record(entry, sessions)


def _record(entry: Entry, sessions: Sessions) -> dict[str, Any]:
    began = next((found for key in entry.made if (found := sessions.get(key))), None) if entry.action == _WEB else None
    made = {
        "eventVersion": "1.11",
        "eventTime": _time(entry.time),
        "eventSource": f"{entry.service}.amazonaws.com",
        "eventName": entry.action,
        "awsRegion": entry.region,
        "userAgent": entry.user_agent,
        "requestID": entry.request_id,
        "recipientAccountId": entry.account,
        "readOnly": entry.action.startswith(("Describe", "Get")),
        "userIdentity": _identity(entry, sessions),
        "requestParameters": msgspec.json.decode(entry.params),
    }
    if entry.outcome != "ok":
        made["errorCode"] = entry.outcome
    if began is not None:
        told = {"principalTags": began.tags, "transitiveTagKeys": began.transitive} if began.tags else {}
        made["requestParameters"] |= told
        made["userIdentity"] = {
            "type": "WebIdentityUser",
            "principalId": f"{began.provider}:{began.audience}:{began.subject}",
            "userName": began.subject,
            "identityProvider": began.provider,
        }
        made["responseElements"] = {
            "credentials": {"accessKeyId": began.access_key, "expiration": _time(began.expires_at)},
            "assumedRoleUser": {"assumedRoleId": f"{began.role_id}:{began.name}", "arn": began.arn},
        }
    return made


def _identity(entry: Entry, sessions: Sessions) -> dict[str, Any]:
    session = sessions.get(entry.access_key)
    if session is None and not entry.access_key:  # unsigned, as a refused AssumeRoleWithWebIdentity: nobody is known
        return {"type": "Unknown"}
    if session is None:
        who = entry.principal.rpartition("/")[2]
        return {
            "type": "IAMUser",
            "accountId": entry.account,
            "accessKeyId": entry.access_key,
            "userName": who,
            "arn": entry.principal,
        }
    return {
        "type": "AssumedRole",
        "principalId": f"{session.role_id}:{session.name}",
        "arn": session.arn,
        "accountId": session.account,
        "accessKeyId": session.access_key,
        "sessionContext": _context(session),
    }


def _context(session: Session) -> dict[str, Any]:
    return {
        "sessionIssuer": {
            "type": "Role",
            "principalId": session.role_id,
            "arn": f"arn:aws:iam::{session.account}:role/{session.role}",
            "accountId": session.account,
            "userName": session.role.rpartition("/")[2],
        },
        "webIdFederationData": {"federatedProvider": session.provider, "attributes": {}},
        "attributes": {"creationDate": _time(session.issued_at), "mfaAuthenticated": "false"},
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
