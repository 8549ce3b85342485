"""The code flow for browsers: there with state, nonce and PKCE, back with a code, on to Keystone with the claims.

What has to be known when the browser comes back is in a cookie of its own, encrypted, for a few minutes; the process
remembers only which logins were used, so that none is used twice. Keystone is called in the same request that brought
the code: there is no session that could be fixed or stolen in between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets as random
import threading
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode

from cryptography.fernet import Fernet, InvalidToken

from gurum.identity.front.config import FrontConfig, Trusted
from gurum.identity.front.fetch import Fetch, Unreachable
from gurum.identity.front.keys import Keys
from gurum.identity.front.refused import Answer, Refused
from gurum.identity.front.verify import Verifier
from gurum.ops import secrets
from gurum.ops.bounded import Full, Remembered
from gurum.ops.clock import Clock

SECONDS = 600  # from the start to the return


class WebSso:
    """The flow of one provider. `root` is Keystone's URL as browsers reach it, without `/v3`."""

    def __init__(
        self,
        front: FrontConfig,
        trusted: Trusted,
        root: str,
        keys: Keys,
        verifier: Verifier,
        clock: Clock,
        fetch: Fetch,
    ) -> None:
        self._dashboards, self._trusted, self._clock, self._fetch = front.dashboards, trusted, clock, fetch
        self._keys, self._verifier = keys, verifier
        self._box = Fernet(Fernet.generate_key())  # of this process: a login under way does not outlive it
        self._used: Remembered[bool] = Remembered(clock, SECONDS)
        self._lock = threading.Lock()
        base = f"/v3/auth/OS-FEDERATION/identity_providers/{trusted.name}/protocols/{trusted.protocol}"
        self.start_path, self.return_path = f"{base}/websso", f"{base}/callback"
        self._redirect_uri, self._secure = f"{root}{self.return_path}", root.startswith("https:")
        self._cookie = f"keystone-{trusted.name}-{trusted.protocol}"

    def begin(self, query: str) -> Answer:
        """Send the browser to the provider. Raises Refused."""
        origin = _one(query, "origin")
        if origin not in self._dashboards:  # Keystone would refuse it, too, but only after the login
            raise Refused("origin is not a trusted dashboard")
        state, nonce, verifier = (random.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self._trusted.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._trusted.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        kept = json.dumps({"state": state, "nonce": nonce, "verifier": verifier, "origin": origin}).encode()
        sealed = self._box.encrypt_at_time(kept, int(self._clock.time())).decode()
        location = f"{self._keys.endpoint('authorization_endpoint')}?{urlencode(asked)}"
        headers = [("Location", location), ("Cache-Control", "no-store"), ("Content-Length", "0")]
        return "302 Found", [*headers, self._set_cookie(sealed, SECONDS)], []

    def end(self, query: str, cookies: str) -> tuple[dict[str, Any], str, tuple[str, str]]:
        """Return the claims, the dashboard, and the header that forgets the login. Raises Refused."""
        kept = self._kept(cookies)
        if not hmac.compare_digest(_one(query, "state").encode(), kept["state"].encode()):
            raise Refused("state is another login's")
        if _one(query, "iss") not in ("", self._trusted.issuer):  # RFC 9207: which of the providers answers
            raise Refused("the answer is another provider's")
        if _one(query, "error"):
            raise Refused("the provider refuses the login")
        code = _one(query, "code")
        if not code:
            raise Refused("no code")
        with self._lock:
            if self._used.get(kept["state"]):
                raise Refused("this login was used already")
            try:
                self._used.put(kept["state"], True)
            except Full:
                raise Refused("too many logins at once", 503) from None
        claims = self._verifier.identity(self._exchange(code, kept["verifier"]), kept["nonce"])
        return claims, kept["origin"], self._set_cookie("", 0)

    def _exchange(self, code: str, verifier: str) -> str:
        secret_file = self._trusted.client_secret_file
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
            "client_id": self._trusted.client_id,
            "client_secret": secrets.read(secret_file) if secret_file else "",
        }
        try:
            answer = self._fetch(self._keys.endpoint("token_endpoint"), form)
        except Unreachable:
            raise Refused("the provider does not exchange the code") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Refused("the provider gives no ID token")
        return token

    def _kept(self, cookies: str) -> dict[str, str]:
        try:
            found = SimpleCookie(cookies).get(self._cookie)
        except CookieError:
            found = None
        if found is None:
            raise Refused("no login is under way in this browser")
        try:
            text = self._box.decrypt_at_time(found.value.encode(), SECONDS, int(self._clock.time()))
        except (InvalidToken, ValueError):
            raise Refused("the login under way is over, or not ours") from None
        kept: dict[str, str] = json.loads(text)
        return kept

    def _set_cookie(self, value: str, age: int) -> tuple[str, str]:
        # Lax: the way back is a navigation from the provider's site.
        secure = "; Secure" if self._secure else ""
        return (
            "Set-Cookie",
            f"{self._cookie}={value}; Max-Age={age}; Path={self.return_path}; HttpOnly; SameSite=Lax{secure}",
        )


def _one(query: str, name: str) -> str:
    """Return a parameter of a query. Raises Refused if it is there twice."""
    try:
        values = parse_qs(query, max_num_fields=20).get(name, [])
    except ValueError:
        raise Refused("the query cannot be read", 400) from None
    if len(values) > 1:
        raise Refused("a parameter is there twice", 400)
    return values[0] if values else ""
