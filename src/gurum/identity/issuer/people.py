"""The tokens by which a Kubernetes API server knows a person of Keystone: short, and for that server alone.

Keystone's own tokens mean nothing to an API server, which believes OpenID Connect alone. So one that Keystone has just
vouched for is exchanged: who it is, for which project, in which roles. These tokens stay between the person and the API
server, so unlike those for AWS they may name people.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec
from joserfc import jwt

from gurum.identity.issuer.keys import ALGORITHM, KeyRing
from gurum.identity.tokens.principal import Principal
from gurum.ops.clock import Clock
from gurum.ops.sign_in import SignInConfig

LEAST = 5  # seconds that a token must be good for to be worth giving out


class SpentError(Exception):
    """The token to be exchanged is over, or as good as."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signed token. Its text is not part of how it is shown."""

    id: str
    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Signed({self.id})"


class PeopleIssuer:
    """Signs for the people of one deployment."""

    def __init__(self, config: SignInConfig, ring: KeyRing, clock: Clock) -> None:
        self._config, self._ring, self._clock = config, ring, clock

    def token(self, principal: Principal) -> Signed:
        """Return a token for this person, good for `token_seconds` and never longer than theirs.

        Whether they are to have one is the caller's to decide. Raises IssuerError, SecretError, SpentError.
        """
        key = self._ring.current()
        now = int(self._clock.time())
        end = min(now + self._config.token_seconds, int(principal.expires_at.timestamp()))
        if end - now < LEAST:
            raise SpentError("the token is over")
        claims = {
            "iss": self._config.url,
            "sub": principal.user_id,
            "aud": self._config.audience,
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": end,
            "name": principal.user_name,
            "user_domain_id": principal.user_domain_id or "",
            "project_id": principal.project_id,
            "project_domain_id": principal.project_domain_id or "",
            "roles": list(principal.roles),
            "keystone_audit_id": principal.audit_ids[0] if principal.audit_ids else "",
        }
        text = jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key.private, algorithms=[ALGORITHM])
        return Signed(id=str(claims["jti"]), text=text, expires_at=datetime.fromtimestamp(end, UTC))
