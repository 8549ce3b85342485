"""Tokens as an attacker would make them, and as the provider's own key would sign them if it could be made to."""

from __future__ import annotations

import base64
import json
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from gurum.ops.config import Config
from gurum.supervisor.places import Places


class Site(Protocol):
    """What rows need: a real one, or one in this process."""

    @property
    def config(self) -> Config: ...
    @property
    def places(self) -> Places: ...
    @property
    def auth_url(self) -> str: ...
    def issuer(self, name: str) -> str: ...
    def secret(self, name: str) -> str: ...


FOREIGN = RSAKey.generate_key(2048)
SIGNING = ["RS256", "RS384", "RS512", "PS256", "HS256", "HS384", "HS512"]


def own_key(site: Site, provider: str) -> RSAKey:
    """Return the provider's signing key: whatever is refused with it is refused for another reason than the key."""
    return _read(Path(site.places.state) / "providers" / provider / "keys")


@cache
def _read(directory: Path) -> RSAKey:
    stored = json.loads(next(iter(directory.glob("*.json"))).read_text())
    return RSAKey.import_key({**stored["jwk"], "kid": stored["kid"]})


def claims(site: Site, provider: str = "private", **changed: Any) -> dict[str, Any]:
    """Return the claims of a good access token, changed; None takes a claim away."""
    now = int(time.time())
    good = {
        "iss": site.issuer(provider),
        "sub": str(uuid.uuid4()),
        "preferred_username": "mallory",
        "aud": site.auth_url,
        "client_id": "openstack",
        "groups": ["media-leads"],
        "project": "team-media",
        "iat": now,
        "exp": now + 300,
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(
    site: Site,
    body: dict[str, Any] | bytes,
    *,
    provider: str = "private",
    key: RSAKey | OctKey | None = None,
    **header: Any,
) -> str:
    """Return a token, signed with the provider's own key unless another is given; None takes a header away."""
    own = own_key(site, provider)
    full = {"alg": "RS256", "typ": "at+jwt", "kid": own.kid} | header
    full = {name: value for name, value in full.items() if value is not None}
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    if {"crit", "b64", "jku", "x5u", "jwk"} & full.keys() or not isinstance(full.get("kid", ""), str):
        return _by_hand(full, payload, key or own)
    return jws.serialize_compact(full, payload, key or own, algorithms=SIGNING)


def unsigned(header: dict[str, Any], body: dict[str, Any], signature: str = "") -> str:
    """Return a token with any header and any signature."""
    return f"{text(json.dumps(header).encode())}.{text(json.dumps(body).encode())}.{signature}"


def text(value: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _by_hand(header: dict[str, Any], payload: bytes, key: RSAKey | OctKey) -> str:
    """Sign what libraries refuse to sign."""
    private = key.private_key
    assert isinstance(private, rsa.RSAPrivateKey)
    data = f"{text(json.dumps(header).encode())}.{text(payload)}"
    return f"{data}.{text(private.sign(data.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
