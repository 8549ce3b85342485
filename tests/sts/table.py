"""What STS refuses, as rows: how it comes about, what AWS says, and of whom the condition says that they can mend it.

The words are those of public reports, botocore's model and AWS's documentation, as the emulator's own table names them;
they stand here a second time, because a row that is compared with itself holds whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from tests.support.issuer import URL, trusting
from tests.support.world import ACCOUNT

from aws_emulator import Emulator
from gurum.identity.issuer import Issuer
from gurum.identity.issuer.keys import KeyRing
from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.ops.config import IssuerConfig

ADMINISTRATOR, PLATFORM = "an administrator of the account has to ", "the platform team has to "


class Behind:
    """A clock that is behind another, as a machine without NTP has it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def time(self) -> float:
        """Return what it shows."""
        return self._clock.time() - self._seconds

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._clock.sleep(seconds)


class _Odd:
    """An issuer that says when in words: none of ours does, so it has to be made."""

    def __init__(self, ring: KeyRing) -> None:
        self._key = ring.current()

    @property
    def url(self) -> str:
        return URL

    def token(self, subject: str, tags: Mapping[str, str]) -> str:
        claims = {"iss": URL, "sub": subject, "aud": "sts.amazonaws.com", "iat": "yesterday", "exp": 2**33}
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key.private, algorithms=["RS256"])


@dataclass
class Site:
    """What a row may make wrong: the account at AWS, what AWS knows of the issuer, and who signs."""

    emulator: Emulator
    config: IssuerConfig
    ring: KeyRing
    clock: Clock
    signer: Any

    def configure(self, **change: Any) -> None:
        """Change the account."""
        self.emulator.configure(change)

    def sign_behind(self, seconds: float) -> None:
        """Have the issuer's clock behind."""
        behind = Behind(self.clock, seconds)
        self.signer = Issuer(self.config, KeyRing(self.config, behind), behind)

    def sign_oddly(self) -> None:
        """Have the token say nonsense."""
        self.signer = _Odd(self.ring)


@dataclass(frozen=True)
class Row:
    """message: a pattern. who: how the sentence for people names who must act; what: a word of what they must do.

    unlearned: AWS has no keys of the issuer yet, because those that it has once it goes on believing.
    """

    name: str
    wrong: Callable[[Site], None]
    code: str
    status: int
    message: str
    reason: Reason
    who: str
    what: str
    unlearned: bool = False


_STOP, _WAIT = Reason.UNRECOVERABLE_ERROR, Reason.TRANSIENT_ERROR
_NOT = r"Not authorized to perform sts:AssumeRoleWithWebIdentity\Z"
ROWS = (
    Row("issuer not registered", lambda site: site.configure(oidc_providers=[]), "InvalidIdentityToken", 400,
        rf"No OpenIDConnect provider found in your account for {URL}\Z", _STOP, ADMINISTRATOR, "OIDC provider"),
    Row("audience",
        lambda site: site.configure(oidc_providers=[{"account": ACCOUNT, "url": URL, "audiences": ["other"]}]),
        "InvalidIdentityToken", 400, r"Incorrect token audience\Z", _STOP, ADMINISTRATOR, "audience"),
    Row("keys not fetched", lambda site: site.emulator.learn(URL, {"keys": []}), "InvalidIdentityToken", 400,
        r"Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity",
        _STOP, PLATFORM, "publish", unlearned=True),
    Row("expired", lambda site: site.sign_behind(3600.0), "ExpiredTokenException", 400,
        r"Token expired: current date/time \d+ must be before the expiration date/time \d+\Z", _STOP, PLATFORM,
        "clock"),
    Row("provider unreachable", lambda site: site.emulator.learn(URL, "unreachable"), "IDPCommunicationError", 400,
        r"The identity provider could not be reached", _WAIT, PLATFORM, "served", unlearned=True),
    Row("claim rejected", Site.sign_oddly, "IDPRejectedClaim", 403, r"The claim iat", _STOP, PLATFORM, "issuer"),
    Row("role missing", lambda site: site.configure(roles=[]), "AccessDenied", 403, _NOT, _STOP, ADMINISTRATOR,
        "trust policy"),
    Row("another issuer is trusted",
        lambda site: site.configure(roles=trusting("https://other.example", ACCOUNT)["roles"]),
        "AccessDenied", 403, _NOT, _STOP, ADMINISTRATOR, "trust policy"),
    Row("too long", lambda site: site.configure(roles=trusting(URL, ACCOUNT, max_session=600)["roles"]),
        "ValidationError", 400,
        r"The requested DurationSeconds exceeds the MaxSessionDuration set for this role\.\Z", _STOP, ADMINISTRATOR,
        "MaxSessionDuration"),
)  # fmt: skip
