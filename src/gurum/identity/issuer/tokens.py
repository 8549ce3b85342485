"""The tokens: short, for AWS alone, and with nothing in them that means anything outside.

Everything in a token ends up in the customer's CloudTrail and can be read by whoever may read that: so it holds ids and
no names, and what is no id as AWS takes it in a tag is replaced by a digest, which finds the same person again.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping

from joserfc import jwt

from gurum.identity.issuer.keys import ALGORITHM, IssuerError, KeyRing
from gurum.ops.clock import Clock
from gurum.ops.config import IssuerConfig

AUDIENCE = "sts.amazonaws.com"
TAGS = "https://aws.amazon.com/tags"  # the claim in which AWS looks for session tags
_VALUE = re.compile(r"[A-Za-z0-9_.:/=+@-]{1,256}\Z")


class Issuer:
    """Signs for one deployment."""

    def __init__(self, config: IssuerConfig, ring: KeyRing, clock: Clock) -> None:
        self._config, self._ring, self._clock = config, ring, clock

    @property
    def url(self) -> str:
        """The issuer's URL: what AWS accounts trust by name."""
        return self._config.url

    def token(self, subject: str, tags: Mapping[str, str]) -> str:
        """Return a signed token for AWS's STS, good for `token_seconds` from now. Empty tags are left out.

        The tags are the session's, and go with it into every role that is assumed from it. Raises IssuerError.
        """
        if not self._config.url:
            raise IssuerError("identity.issuer.url is empty: AWS has to know whose tokens these are")
        key = self._ring.current()
        now = int(self._clock.time())
        claims = {
            "iss": self._config.url,
            "sub": subject,
            "aud": AUDIENCE,
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + self._config.token_seconds,
        }
        told = {name: [opaque(value)] for name, value in tags.items() if value}
        if told:
            claims[TAGS] = {"principal_tags": told, "transitive_tag_keys": list(told)}
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key.private, algorithms=[ALGORITHM])


def opaque(value: str) -> str:
    """Return an id as AWS takes it in a tag: itself, or a digest of what it would refuse."""
    return value if _VALUE.match(value) else hashlib.sha256(value.encode()).hexdigest()
