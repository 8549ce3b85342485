"""What the endpoints share: who the clients are, what was begun and not yet ended, and how a refusal is said."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as random
from typing import Literal
from urllib.parse import unquote_plus

import msgspec
from aiohttp import web
from multidict import MultiMapping

from gurum.identity.issuer.keys import KeyRing
from gurum.identity.provider.config import Client, Person, ProviderConfig
from gurum.identity.provider.passwords import Passwords
from gurum.identity.provider.people import People
from gurum.identity.provider.tokens import Mint, Subject
from gurum.ops import secrets
from gurum.ops.bounded import Failures, Remembered
from gurum.ops.clock import Clock
from gurum.ops.config import IssuerConfig

SCOPES = ("openid", "profile", "email", "offline_access")
SESSIONS = 10_000


class Refused(Exception):  # noqa: N818 - what happened
    """An answer in OAuth's words: its error code, a sentence, the status."""

    def __init__(self, error: str, why: str = "", status: int = 400, wait: int = 0) -> None:
        super().__init__(error)
        self.error, self.why, self.status, self.wait = error, why, status, wait

    def response(self) -> web.Response:
        """Return the answer; it is never kept on the way."""
        headers = {"Cache-Control": "no-store"}
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="provider"'
        if self.wait:
            headers["Retry-After"] = str(self.wait)
        body = {"error": self.error, **({"error_description": self.why} if self.why else {})}
        return web.json_response(body, status=self.status, headers=headers)


class Login(msgspec.Struct, kw_only=True):
    """An authorization request whose person has not logged in yet, tied to a browser by a cookie."""

    client: Client
    redirect_uri: str
    state: str
    nonce: str
    scope: str
    challenge: str
    browser: str
    attempts: int = 0


class Code(msgspec.Struct, kw_only=True, frozen=True):
    """What a code stands for."""

    whose: Subject
    redirect_uri: str
    nonce: str
    challenge: str


class Device(msgspec.Struct, kw_only=True):
    """A device that waits for somebody's answer."""

    client_id: str
    scope: str
    challenge: str
    user_code: str
    answer: Literal["pending", "denied"] | Subject = "pending"
    asked_at: float = 0.0
    interval: int = 5


class Provider:
    """The state of one provider, in memory: after a restart people log in again, and only the keys are the same."""

    def __init__(self, config: ProviderConfig, clock: Clock) -> None:
        self.config, self.clock = config, clock
        self.ring = KeyRing(
            IssuerConfig(
                url=config.issuer,
                directory=str(config.directory),
                rotate_days=config.rotate_days,
                publish_ahead_hours=config.publish_ahead_hours,
                token_seconds=min(300, config.access_token_seconds),
            ),
            clock,
        )
        self.mint = Mint(config, self.ring, clock)
        self.people = People(config.people_file, clock)
        self.passwords = Passwords(self.people, clock)
        self.clients = {client.id: client for client in config.clients}
        self._secrets = {one.id: secrets.read(one.secret_file) for one in config.clients if one.secret_file}
        self._wrong_secrets = Failures(clock, 20)
        self.logins: Remembered[Login] = Remembered(clock, config.login_seconds)
        self.codes: Remembered[Code] = Remembered(clock, config.code_seconds)
        self.spent: Remembered[str] = Remembered(clock, config.code_seconds * 2)
        self.devices: Remembered[Device] = Remembered(clock, config.login_seconds, 1000)
        self.user_codes: Remembered[str] = Remembered(clock, config.login_seconds, 1000)
        self.wrong_user_codes = Failures(clock, 10)
        self.refreshes: Remembered[Subject] = Remembered(clock, config.refresh_token_seconds, SESSIONS)
        self.used_refreshes: Remembered[str] = Remembered(clock, config.refresh_token_seconds, SESSIONS * 4)
        self.dead: Remembered[bool] = Remembered(clock, config.refresh_token_seconds, SESSIONS * 4)

    def client(self, form: MultiMapping[str], authorization: str, address: str) -> Client:
        """Return the client that a request is of, having proven itself if it can. Raises Refused."""
        identity, secret = _basic(authorization) if authorization else (one(form, "client_id"), None)
        if secret is None:
            secret = one(form, "client_secret") if "client_secret" in form else None
        elif "client_secret" in form or one(form, "client_id") not in ("", identity):
            raise Refused("invalid_request", "the client says twice who it is")
        place = f"{address} {identity[:256]}"
        if wait := self._wrong_secrets.wait(place):
            raise Refused("invalid_client", "too many attempts", 429, int(wait) + 1)
        client, wanted = self.clients.get(identity), self._secrets.get(identity)
        right = hmac.compare_digest((secret or "").encode(), (wanted or "").encode())
        if client is None or not right:
            self._wrong_secrets.failed(place)
            raise Refused("invalid_client", status=401)
        return client

    def subject(self, person: Person, client: Client, scope: str) -> Subject:
        """Return the new session of a person who has just proven who they are."""
        return Subject(
            subject=person.subject,
            username=person.username,
            claims=person.claims,
            client_id=client.id,
            scope=scope,
            session=random.token_urlsafe(16),
            authenticated_at=int(self.clock.time()),
        )

    def end(self, session: str) -> None:
        """End a session: no refresh, and introspection says so of its access tokens."""
        self.mint.end(session)
        self.dead.put(session, True)

    def ended(self, session: str) -> bool:
        """Tell whether a session was ended."""
        return bool(self.dead.get(session))


def one(form: MultiMapping[str], name: str, default: str = "") -> str:
    """Return a parameter. Raises Refused if it was sent twice (RFC 6749, 3.1) or holds what no parameter may."""
    values = form.getall(name, [])
    if len(values) > 1:
        raise Refused("invalid_request", f"{name} is there more than once")
    value = values[0] if values else default
    if not isinstance(value, str) or len(value) > 4096 or "\0" in value:
        raise Refused("invalid_request", f"{name} is not usable")
    return value


def scope_of(asked: str) -> str:
    """Return what is granted of the scope that was asked for. Raises Refused."""
    words = dict.fromkeys(asked.split())
    if unknown := [word for word in words if word not in SCOPES]:
        raise Refused("invalid_scope", f"there is no scope {unknown[0][:40]!r}")
    return " ".join(words)


def challenge_of(form: MultiMapping[str], *, wanted: bool) -> str:
    """Return the PKCE challenge of a request; S256 is the only method. Raises Refused."""
    challenge, method = one(form, "code_challenge"), one(form, "code_challenge_method")
    if not challenge and not method and not wanted:
        return ""
    if method != "S256" or len(challenge) != 43:
        raise Refused("invalid_request", "code_challenge with method S256 is needed (RFC 7636)")
    return challenge


def verified(challenge: str, verifier: str) -> bool:
    """Tell whether a verifier fits the challenge. No challenge: only no verifier does."""
    if not challenge or not verifier:
        return not challenge and not verifier
    if not 43 <= len(verifier) <= 128:
        return False
    found = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(found, challenge)


def key(secret: str) -> str:
    """Return under what a bearer's text is remembered: who reads the memory cannot use it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise Refused("invalid_client", status=401)
    try:
        identity, separator, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("invalid_client", status=401) from None
    if not separator:
        raise Refused("invalid_client", status=401)
    return unquote_plus(identity), unquote_plus(secret)
