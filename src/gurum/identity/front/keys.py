"""A provider's documents and keys, kept: asked for once, however many strangers name a key that is not there.

Keys are fetched when none are there, when they are old, and when a token names one that is not known, which is how a
rotation is noticed; but in no case more often than each ten seconds. Where they cannot be fetched, the known ones are
good for a while, so that a provider that is restarted locks nobody out.
"""

from __future__ import annotations

import threading
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from gurum.identity.front.config import Trusted
from gurum.identity.front.fetch import Fetch, Unreachable, origin
from gurum.identity.front.refused import Refused
from gurum.ops.clock import Clock

COOL = 10.0  # seconds between two fetches, whoever asks for what
OLD = 300.0  # seconds after which keys are fetched again: a withdrawn key dies by then
DEAD = 900.0  # seconds after which keys that could not be fetched again are not believed any more
MANY = 32  # keys of one provider
FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC"}


class Keys:
    """What is known of one provider. For threads: one fetches, the others take what is there."""

    def __init__(self, trusted: Trusted, clock: Clock, fetch: Fetch) -> None:
        self._trusted, self._clock, self._fetch = trusted, clock, fetch
        self._lock = threading.Lock()
        self._document: dict[str, Any] = {}
        self._keys: dict[str, tuple[Key, str]] = {}
        self._fetched_at, self._tried_at = float("-inf"), float("-inf")
        self._why = "were never asked for"
        self.fetches = 0

    def key(self, kid: str, algorithm: str) -> Key:
        """Return the key of an id, if it is one for the algorithm. Raises Refused (503: keys cannot be had)."""
        now = self._clock.time()
        if kid not in self._keys or now - self._fetched_at > OLD:
            self._refresh(kid)
        if self._clock.time() - self._fetched_at > DEAD:
            raise Refused(f"the provider's keys cannot be had: {self._why}", 503)
        found = self._keys.get(kid)
        if found is None:
            raise Refused("unknown key")
        key, stated = found
        if key.key_type != FAMILIES[algorithm[:2]] or stated not in ("", algorithm):
            raise Refused("the key is for another algorithm")
        return key

    def endpoint(self, name: str) -> str:
        """Return a URL of the discovery document, if it is of the issuer's origin. Raises Refused."""
        if not self._document:
            self._refresh("")
        url = self._document.get(name)
        if not isinstance(url, str):
            raise Refused(f"the provider does not say its {name}: {self._why}", 503)
        return self._own(url)

    def _refresh(self, kid: str) -> None:
        with self._lock:
            now = self._clock.time()
            if now - self._tried_at < COOL or (kid in self._keys and now - self._fetched_at <= OLD):
                return
            self._tried_at = now
            self.fetches += 1
            try:
                document = self._fetch(f"{self._trusted.issuer}/.well-known/openid-configuration")
                if document.get("issuer") != self._trusted.issuer:
                    raise Unreachable("the discovery document is another issuer's")
                self._document = document
                url = self._trusted.jwks_url or self._own(str(document.get("jwks_uri", "")))
                self._keys = _read(self._fetch(url))
                self._fetched_at = now
            except (Unreachable, Refused) as error:
                self._why = str(error)  # what is known is good until it is dead

    def _own(self, url: str) -> str:
        """Return a URL that the provider names, if it is its own. Raises Refused."""
        try:
            own = origin(url) == origin(self._trusted.issuer)
        except ValueError:
            own = False
        if not own:
            raise Refused("the provider names a URL of another origin", 503)
        return url


def _read(document: dict[str, Any]) -> dict[str, tuple[Key, str]]:
    """Return the usable keys of a JWKS by their ids: public, asymmetric, for signatures, each id once."""
    found: dict[str, tuple[Key, str]] = {}
    listed = document.get("keys")
    for jwk in listed[:MANY] if isinstance(listed, list) else ():
        if not isinstance(jwk, dict) or jwk.get("kty") not in FAMILIES.values() or jwk.get("use", "sig") != "sig":
            continue
        kid, stated = jwk.get("kid"), jwk.get("alg", "")
        if not isinstance(kid, str) or not isinstance(stated, str) or kid in found:
            continue
        public = {name: value for name, value in jwk.items() if name in ("kty", "n", "e", "crv", "x", "y")}
        try:
            found[kid] = (JWKRegistry.import_key(public), stated)
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # one key that cannot be read must not take the others away
    return found
