"""A role and whom it trusts: what decides whether a token of somebody else's issuer becomes a session here.

A trust policy is read as strictly as any other (`document`): one that this emulator does not wholly understand is
refused when it is configured, because half of a condition trusts more than was meant.
Source: IAM User Guide, "Available keys for AWS OIDC federation", "Pass session tags in AWS STS".
"""

from base64 import b32encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal

import msgspec

from aws_emulator.iam.document import Context, Document, Values, check_operators, holds, many

ASSUME, TAG, IDENTIFY = "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"


class _Principal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"):
    federated: Values


class _Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"):
    effect: Literal["Allow", "Deny"]
    principal: _Principal
    action: Values
    sid: str = ""
    condition: dict[str, dict[str, Values]] = {}

    def concerns(self, action: str, provider: str, context: Context) -> bool:
        return (
            provider in many(self.principal.federated)
            and any(action.lower() == each.lower() or each in ("*", "sts:*") for each in many(self.action))
            and all(holds(operator, tests, context) for operator, tests in self.condition.items())
        )


class Trust:
    """A trust policy that can be asked."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._statements = msgspec.convert(document, Document[_Statement]).statement
        for statement in self._statements:
            check_operators(statement.condition)

    def allows(self, action: str, provider: str, context: Context) -> bool:
        """Tell whether a provider's token may do this to the role: something allows it, and nothing denies it."""
        effects = {each.effect for each in self._statements if each.concerns(action, provider, context)}
        return effects == {"Allow"}


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role of an account, by its name (and path): whom it trusts, what it may do, how long its sessions may be.

    `policy` None: its sessions may do everything that the account's policy lets callers do.
    """

    account: str
    name: str
    trust: dict[str, Any]
    policy: dict[str, Any] | None = None
    max_session: int = 3600

    @property
    def arn(self) -> str:
        """Return its ARN."""
        return f"arn:aws:iam::{self.account}:role/{self.name}"

    @property
    def id(self) -> str:
        """Return its unique id: of AWS's form, and the same for the same role."""
        return "AROA" + _letters(f"{self.account}/{self.name}")


class OidcProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An issuer that an account knows, as IAM keeps it: its URL and the audiences that its tokens may have."""

    account: str
    url: str
    audiences: list[str]

    @property
    def host(self) -> str:
        """Return the URL without its scheme: what condition keys begin with."""
        return self.url.partition("://")[2].rstrip("/")

    @property
    def arn(self) -> str:
        """Return its ARN."""
        return f"arn:aws:iam::{self.account}:oidc-provider/{self.host}"


def _letters(text: str) -> str:
    """Return 16 letters and digits that follow from a text."""
    return b32encode(sha256(text.encode()).digest()).decode()[:16]
