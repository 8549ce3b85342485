"""What it means that STS gives no session, and who can mend it: a table, for the condition that users see.

A missing trust is neither the user's mistake nor ours to repeat at speed: it waits for one person, in the customer's
account or in the platform team, and the sentence has to say for whom and for what.
Source: STS API Reference, AssumeRoleWithWebIdentity, Errors; the texts by which one code is told apart from itself are
those of public reports.
"""

from __future__ import annotations

from dataclasses import dataclass

from gurum.model.conditions import Reason
from gurum.providers.aws.errors import AwsError

LONG = 60.0  # seconds until something is asked again that waits for a person
SHORT = 2.0  # seconds until something is asked again that passes by itself


class NoSessionError(Exception):
    """AWS gives no session: nothing was called. `again`: seconds until it may be asked for once more."""

    def __init__(self, reason: Reason, message: str, code: str, again: float) -> None:
        super().__init__(message)
        self.reason, self.code, self.again = reason, code, again


@dataclass(frozen=True)
class _Row:
    """part: of the message, where one code has several meanings."""

    code: str
    part: str
    reason: Reason
    again: float
    text: str


_STOP, _WAIT, _SLOW = Reason.UNRECOVERABLE_ERROR, Reason.TRANSIENT_ERROR, Reason.THROTTLED
_CHECK = "`gurum accounts check` prints it"

_ROWS: tuple[_Row, ...] = (
    _Row("InvalidIdentityToken", "No OpenIDConnect provider", _STOP, LONG,
         "the AWS account {account} does not know the issuer {issuer}: an administrator of the account has to make the"
         " IAM OIDC provider (" + _CHECK + ")"),
    _Row("InvalidIdentityToken", "audience", _STOP, LONG,
         "the IAM OIDC provider of {issuer} in the AWS account {account} lacks the audience sts.amazonaws.com: an"
         " administrator of the account has to add it (" + _CHECK + ")"),
    _Row("InvalidIdentityToken", "verification key", _STOP, LONG,
         "AWS does not find the signing key at {issuer}: the platform team has to publish the issuer's documents"
         " (`gurum issuer publish`)"),
    _Row("InvalidIdentityToken", "", _STOP, LONG,
         "the AWS account {account} refuses the identity of {issuer}: the platform team has to look at the issuer"
         " ({told})"),
    _Row("IDPCommunicationError", "", _WAIT, SHORT * 5,
         "AWS does not reach {issuer}: the platform team has to see that the issuer's documents are served"),
    _Row("IDPRejectedClaim", "", _STOP, LONG,
         "AWS refuses what the token says ({told}): the platform team has to look at the issuer {issuer}"),
    _Row("ExpiredTokenException", "", _STOP, LONG,
         "AWS finds a token over that was just signed: the platform team has to set this machine's clock ({told})"),
    _Row("AccessDenied", "", _STOP, LONG,
         "the role in the AWS account {account} does not trust {issuer}: an administrator of the account has to set its"
         " trust policy (" + _CHECK + ")"),
    _Row("ValidationError", "MaxSessionDuration", _STOP, LONG,
         "the role in the AWS account {account} allows shorter sessions than are asked for: an administrator of the"
         " account has to raise its MaxSessionDuration, or the platform team to lower aws.session_seconds"),
    _Row("PackedPolicyTooLarge", "", _STOP, LONG,
         "the tags of the session are too long for AWS: the platform team has to look at them ({told})"),
    _Row("RegionDisabledException", "", _STOP, LONG,
         "STS is off in this region of the AWS account {account}: an administrator of the account has to activate it"),
    _Row("Throttling", "", _SLOW, SHORT, "AWS limits sessions of the account {account} ({told})"),
    _Row("ThrottlingException", "", _SLOW, SHORT, "AWS limits sessions of the account {account} ({told})"),
    _Row("RequestLimitExceeded", "", _SLOW, SHORT, "AWS limits sessions of the account {account} ({told})"),
)  # fmt: skip


def explain(error: AwsError, account: str, issuer: str) -> NoSessionError:
    """Return what STS's refusal means to the object that a call was to be made for."""
    told = f"STS: {error.code}: {error.message}"
    for row in _ROWS:
        if row.code == error.code and row.part in error.message:
            text = row.text.format(account=account, issuer=issuer, told=told)
            return NoSessionError(row.reason, text, error.code, row.again)
    if error.status >= 500:
        return NoSessionError(_WAIT, f"AWS gives no session at the moment ({told})", error.code, SHORT)
    text = f"AWS gives no session in the account {account} ({told}): the platform team has to look at it"
    return NoSessionError(_STOP, text, error.code, LONG)
