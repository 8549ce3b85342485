"""The provider's tokens: what each says, and how they cannot be taken for each other.

An access token is `at+jwt` (RFC 9068) for the audience, an ID token is `JWT` for the client, a refresh token is a
random text: whoever takes one where another belongs has not looked at the type, and finds another audience.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from gurum.identity.issuer.keys import ALGORITHM, KeyRing
from gurum.identity.provider.config import Claims, ProviderConfig
from gurum.ops.bounded import Remembered
from gurum.ops.clock import Clock

ACCESS, IDENTITY = "at+jwt", "JWT"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """For whom tokens are issued: a person, or a client that acts for itself; and in which session."""

    subject: str
    username: str
    claims: Claims
    client_id: str
    scope: str
    session: str
    authenticated_at: int


class Mint:
    """Signs a provider's tokens and reads them again."""

    def __init__(self, config: ProviderConfig, ring: KeyRing, clock: Clock) -> None:
        self._config, self._ring, self._clock = config, ring, clock
        # Sessions that were ended before their access tokens: until those are over, somebody may ask.
        self._ended: Remembered[bool] = Remembered(clock, config.access_token_seconds + 60)

    def access(self, whose: Subject) -> str:
        """Return an access token for the audience."""
        claims = {
            **self._about(whose),
            "aud": self._config.audience,
            "client_id": whose.client_id,
            "scope": whose.scope,
        }
        return self._signed(ACCESS, claims)

    def identity(self, whose: Subject, nonce: str, access: str) -> str:
        """Return an ID token for the client, tied to its nonce and to the access token beside it."""
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            **self._about(whose),
            "aud": whose.client_id,
            "azp": whose.client_id,
            "auth_time": whose.authenticated_at,
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
            **({"nonce": nonce} if nonce else {}),
        }
        return self._signed(IDENTITY, claims)

    def read(self, token: str, kind: str, *, expired: bool = False) -> dict[str, Any] | None:
        """Return the claims of one of our own tokens, or None if it is not one of that kind, or over, or ended."""
        keys = KeySet([RSAKey.import_key(key.public()) for key in self._ring.published()])
        try:
            found = jwt.decode(token, keys, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError):
            return None
        claims = dict(found.claims)
        if found.header.get("typ") != kind or claims.get("iss") != self._config.issuer:
            return None
        if expired:
            return claims
        if int(claims["exp"]) <= self._clock.time() or self._ended.get(str(claims.get("sid"))):
            return None
        return claims

    def end(self, session: str) -> None:
        """Let nobody learn any more that the session's access tokens are good. Raises Full."""
        self._ended.put(session, True)

    def ended(self, session: str) -> bool:
        """Tell whether a session was ended."""
        return bool(self._ended.get(session))

    def _about(self, whose: Subject) -> dict[str, Any]:
        now = int(self._clock.time())
        said = {name: value for name, value in msgspec.to_builtins(whose.claims).items() if value}
        return {
            **said,
            "iss": self._config.issuer,
            "sub": whose.subject,
            "preferred_username": whose.username,
            "sid": whose.session,
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + self._config.access_token_seconds,
        }

    def _signed(self, kind: str, claims: dict[str, Any]) -> str:
        key = self._ring.current()
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind}
        return jwt.encode(header, claims, key.private, algorithms=[ALGORITHM])
