"""Who calls, from the signature's credential scope and the session token.

The signature itself is not verified (the emulator keeps no secret keys); the account follows from
the access key and the region from the scope, as at AWS, so that a client with wrong credentials
or a wrong region fails here too. A temporary key is good with its session's token, until that is over.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from aws_emulator.catalogue.zones import REGIONS
from aws_emulator.config import Config
from aws_emulator.federation.assume import account_of
from aws_emulator.federation.sessions import Session, Sessions, digest
from aws_emulator.rules import refuse

_SCOPE = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
SERVICES = ("ec2", "iam", "sts")
UNSIGNED = frozenset({"AssumeRoleWithWebIdentity"})  # the token is the proof
HOME = "us-east-1"  # where what is signed for no region is done


class Caller(NamedTuple):
    """A caller whose key is known."""

    access_key: str
    account: str
    region: str
    service: str
    session: Session | None = None

    @property
    def arn(self) -> str:
        """Return who that is."""
        if self.session is not None:
            return self.session.arn
        return f"arn:aws:iam::{self.account}:user/{self.access_key or 'caller'}"

    @property
    def context(self) -> dict[str, str | list[str]]:
        """Return what conditions may ask of the caller; a time of issue has only who has a session."""
        found: dict[str, str | list[str]] = {"aws:PrincipalArn": self.arn, "aws:userid": self.access_key}
        if self.session is not None:
            issued = datetime.fromtimestamp(self.session.issued_at, UTC)
            found |= {f"aws:PrincipalTag/{key}": value for key, value in self.session.tags.items()}
            found["aws:userid"] = f"{self.session.role_id}:{self.session.name}"
            found["aws:TokenIssueTime"] = issued.strftime("%Y-%m-%dT%H:%M:%SZ")
        return found


class Shown(NamedTuple):
    """What a request shows of its caller: the two headers."""

    authorization: str | None
    token: str | None = None


def identify(shown: Shown, fields: Mapping[str, str], config: Config, sessions: Sessions, now: float) -> Caller:
    """Return the caller of a request. Refusal without a header, scope, known key, living session or region."""
    if not shown.authorization:
        if fields.get("Action") in UNSIGNED:
            return Caller("", account_of(fields.get("RoleArn", ""), config), HOME, "sts")
        raise refuse("auth.missing")
    found = _SCOPE.match(shown.authorization)
    if not found:
        raise refuse("auth.incomplete")
    key, region, service = found.groups()
    if service not in SERVICES:
        raise refuse("auth.service", service=service)
    session = sessions.get(key)
    if session is not None:
        _alive(session, shown.token, service, now)
    account = session.account if session is not None else config.accounts.get(key)
    if account is None:
        raise refuse("auth.unknown-key-sts" if service != "ec2" else "auth.unknown-key")
    if region not in REGIONS:
        raise refuse("auth.region", region=region)
    return Caller(key, account, region, service, session)


def _alive(session: Session, token: str | None, service: str, now: float) -> None:
    if digest(token or "") != session.token:
        raise refuse("auth.unknown-key-sts" if service != "ec2" else "auth.unknown-key")
    if now >= session.expires_at:
        raise refuse("auth.over-sts" if service != "ec2" else "auth.over")


def service_of(shown: Shown, fields: Mapping[str, str]) -> str:
    """Return the service for the error envelope: of the scope, or of an action that needs none; else ec2."""
    found = _SCOPE.match(shown.authorization or "")
    if found:
        return found.group(3) if found.group(3) in SERVICES else "ec2"
    return "sts" if fields.get("Action") in UNSIGNED else "ec2"
