"""Whether a token is what it says: the rules, in the order in which they cost least and let least through.

The header is read before the signature only to choose among what the configuration allows. Nothing in a token can add
a key, an algorithm or a URL.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from gurum.identity.front.config import Trusted
from gurum.identity.front.keys import Keys
from gurum.identity.front.refused import Refused
from gurum.ops.clock import Clock

LONGEST = 16_384  # characters of a token
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")


class Verifier:
    """The rules of one provider."""

    def __init__(self, trusted: Trusted, keys: Keys, clock: Clock) -> None:
        self._trusted, self._keys, self._clock = trusted, keys, clock

    def access(self, token: str) -> dict[str, Any]:
        """Return the claims of an access token for this Keystone. Raises Refused."""
        header = _header(token)
        if _media(header.get("typ")) != self._trusted.token_type.lower():
            raise Refused("not an access token by its header")
        claims = self._claims(token, header)
        if self._trusted.token_use and claims.get("typ") != self._trusted.token_use:
            raise Refused("not an access token by its claims")
        if self._trusted.audience not in _audience(claims):
            raise Refused("for another audience")
        if "nonce" in claims or "at_hash" in claims:
            raise Refused("an ID token")
        return claims

    def identity(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token that answers to a nonce. Raises Refused."""
        header = _header(token)
        if _media(header.get("typ")) not in ("jwt", ""):
            raise Refused("not an ID token by its header")
        claims = self._claims(token, header)
        audience = _audience(claims)
        if self._trusted.client_id not in audience:
            raise Refused("an ID token for another client")
        if claims.get("azp", self._trusted.client_id) != self._trusted.client_id or (
            len(audience) > 1 and "azp" not in claims
        ):
            raise Refused("an ID token for another party")
        if not nonce or claims.get("nonce") != nonce:
            raise Refused("an ID token of another login")
        return claims

    def _claims(self, token: str, header: dict[str, Any]) -> dict[str, Any]:
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._trusted.algorithms:
            raise Refused("algorithm is not allowed")
        if not isinstance(kid, str) or not kid or len(kid) > 256:
            raise Refused("no key is named")
        if "crit" in header or "b64" in header:
            raise Refused("the header demands what is not known")
        key = self._keys.key(kid, str(algorithm))
        try:
            claims = dict(jwt.decode(token, key, algorithms=[str(algorithm)]).claims)
        except (JoseError, ValueError, TypeError, RecursionError):
            raise Refused("signature or form is wrong") from None
        self._held(claims)
        return claims

    def _held(self, claims: dict[str, Any]) -> None:
        now, leeway = self._clock.time(), self._trusted.leeway
        if claims.get("iss") != self._trusted.issuer:
            raise Refused("of another issuer")
        if _moment(claims, "exp") <= now - leeway:
            raise Refused("expired")
        for name in ("iat", "nbf"):
            if (name == "iat" or name in claims) and _moment(claims, name) > now + leeway:
                raise Refused(f"{name} is in the future")


def _header(token: str) -> dict[str, Any]:
    if len(token) > LONGEST or not _FORM.match(token):
        raise Refused("not a signed token")
    text = token.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise Refused("the header cannot be read") from None
    if not isinstance(found, dict):
        raise Refused("the header cannot be read")
    return found


def _media(kind: object) -> str:
    return kind.lower().removeprefix("application/") if isinstance(kind, str) else ""


def _audience(claims: dict[str, Any]) -> list[Any]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def _moment(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        raise Refused(f"{name} is missing or no moment")
    return float(value)
