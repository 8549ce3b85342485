"""Requests to a Keystone in the name of one user, with a token that is renewed in time.

The catalogue and the token validation both need it, and both must survive the same things: a token
that expires, a token that Keystone has forgotten (restored database, rotated keys), a password
that was changed in its file, and a Keystone that is away. Without one place for that, each would
survive half of them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from gurum.ops import secrets
from gurum.ops.config import IdentityConfig

# A token is renewed when less than this is left of it, or a tenth of its life if that is less.
RENEW_BEFORE_SECONDS = 120.0
# After a refused login the next one waits, so that a wrong password does not lock the account.
REFUSED_LOGIN_PAUSE_SECONDS = 5.0
# Keystone cuts the times of tokens and of revocations to the second.
SAME_SECOND_PAUSE_SECONDS = 1.05
MAX_ANSWER_BYTES = 32 * 1024 * 1024


class IdentityUnavailable(Exception):  # noqa: N818 - the API answers with this very word
    """Keystone gave no usable answer; nothing is known about the token, so nobody is let in."""


class ServiceLoginRefused(IdentityUnavailable):
    """We cannot log in ourselves: an operator has to mend the password, its file or the account."""


class PasswordAuth(msgspec.Struct, kw_only=True, frozen=True):
    """Who we are to Keystone. Holds no secret: the password is read from its file at each login."""

    auth_url: str
    username: str
    password_file: Path
    project_name: str | None = None
    user_domain_id: str = "default"
    project_domain_id: str = "default"

    @classmethod
    def of(cls, config: IdentityConfig) -> "PasswordAuth":
        """Return who the API is, by the configuration's section `identity`."""
        return cls(
            auth_url=config.url,
            username=config.service_user,
            password_file=Path(config.service_password_file),
            project_name=config.service_project,
            user_domain_id=config.service_domain,
            project_domain_id=config.service_domain,
        )


class Answer(msgspec.Struct, frozen=True):
    """Status and body of an answer; its text never goes into logs, it may carry a token."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """Give the decoded body. Raises IdentityUnavailable if it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise IdentityUnavailable(f"answer {self.status} of Keystone is not JSON") from error

    def sent_at(self) -> float | None:
        """Give the answer's own time (header Date, seconds since the epoch), or None without one."""
        date = self.headers.get("Date")
        try:
            return None if date is None else parsedate_to_datetime(date).timestamp()
        except ValueError:
            return None


class _Token(msgspec.Struct, frozen=True):
    value: str
    renew_at: float

    def __repr__(self) -> str:
        return "<token>"


class _IssuedToken(msgspec.Struct):
    expires_at: datetime
    issued_at: datetime


class _Issued(msgspec.Struct):
    token: _IssuedToken


class KeystoneSession:
    """Authenticated requests to one Keystone. Use as an async context manager, in one event loop.

    `auth.auth_url` ends in `/v3`. `monotonic` and `sleep` are the clock (seconds) for renewal and pauses.
    """

    def __init__(
        self,
        auth: PasswordAuth,
        *,
        timeout_seconds: float = 10.0,
        connections: int = 16,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.auth = auth
        self._root = auth.auth_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._connections = connections
        self._monotonic = monotonic
        self._sleep = sleep
        self._token: _Token | None = None
        self._login: asyncio.Task[_Token] | None = None
        self._refused: tuple[float, str] | None = None
        # Keystone's time when our monotonic clock stood at 0: at least, at most.
        self._server_zero: tuple[float, float] | None = None
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "KeystoneSession":
        self._http = aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._login is not None:
            self._login.cancel()
        if self._http is not None:
            await self._http.close()

    def server_time(self) -> tuple[float, float] | None:
        """Give Keystone's own time as (at least, at most), seconds since the epoch; None before a login.

        What Keystone compares with its clock must be told in its time, whatever our clock says.
        The two differ by the duration of the last login and the second that tokens are cut to.
        """
        if self._server_zero is None:
            return None
        now = self._monotonic()
        return self._server_zero[0] + now, self._server_zero[1] + now

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send with our token; `path` is below `/v3`. Gives any answer below 500 but 401.

        A 401 means that our token has died: a new login and a repetition, the second time after a
        second, because a change of our password kills the tokens of its whole second. Raises
        IdentityUnavailable for network trouble, time-out, 5xx, 429 and a third 401.
        """
        for attempt in range(3):
            if attempt == 2:
                await self._sleep(SAME_SECOND_PAUSE_SECONDS)
            token = await self._valid_token()
            answer = await self._send(method, path, token.value, json, headers, params)
            if answer.status != 401:
                break
            if self._token is token:
                self._token = None
        else:
            raise ServiceLoginRefused(f"Keystone does not accept its own token for {self._who}")
        if answer.status >= 500 or answer.status == 429:
            raise IdentityUnavailable(f"Keystone answers {answer.status} to {method} {path}")
        return answer

    async def log_in(self) -> None:
        """Get a token if there is no good one. Raises IdentityUnavailable."""
        await self._valid_token()

    async def password_is(self, user_id: str, password: str) -> bool:
        """Tell whether a user can log in with a password. Raises IdentityUnavailable."""
        user = {"id": user_id, "password": password}
        answer = await self._send("POST", "/auth/tokens?nocatalog", None, _login_body(user, None))
        if answer.status in (201, 401):
            return answer.status == 201
        raise IdentityUnavailable(f"Keystone answers {answer.status} to a login")

    @property
    def _who(self) -> str:
        return f"user {self.auth.username!r}"

    async def _valid_token(self) -> _Token:
        now = self._monotonic()
        if self._token is not None and now < self._token.renew_at:
            return self._token
        if self._refused is not None and now < self._refused[0]:
            raise ServiceLoginRefused(self._refused[1])
        if self._login is None:
            self._login = asyncio.create_task(self._log_in())
            self._login.add_done_callback(self._login_done)
        # Shielded: one caller that goes away must not take the login from the others.
        return await asyncio.shield(self._login)

    def _login_done(self, task: "asyncio.Task[_Token]") -> None:
        self._login = None
        if not task.cancelled():
            # Marks the error as seen, should all who waited for it have gone away.
            task.exception()

    async def _log_in(self) -> _Token:
        auth = self.auth
        try:
            password = await asyncio.to_thread(secrets.read, auth.password_file)
        except secrets.SecretError as error:
            raise ServiceLoginRefused(str(error)) from error
        user = {
            "name": auth.username,
            "domain": {"id": auth.user_domain_id},
            "password": password,
        }
        scope = auth.project_name and {"project": {"name": auth.project_name, "domain": {"id": auth.project_domain_id}}}
        asked = self._monotonic()
        answer = await self._send("POST", "/auth/tokens?nocatalog", None, _login_body(user, scope or None))
        if answer.status != 201:
            text = f"Keystone refuses the login of {self._who} ({answer.status})"
            if answer.status in (401, 403, 404):
                self._refused = (self._monotonic() + REFUSED_LOGIN_PAUSE_SECONDS, text)
                raise ServiceLoginRefused(text)
            raise IdentityUnavailable(text)
        try:
            issued = msgspec.json.decode(answer.body, type=_Issued).token
            value = answer.headers["X-Subject-Token"]
        except (msgspec.DecodeError, KeyError):
            raise IdentityUnavailable("Keystone's answer to a login is not a token") from None
        life = (issued.expires_at - issued.issued_at).total_seconds()
        self._refused = None
        issued_at = issued.issued_at.timestamp()
        self._server_zero = issued_at - self._monotonic(), issued_at + 1 - asked
        self._token = _Token(value=value, renew_at=asked + life - min(RENEW_BEFORE_SECONDS, life / 10))
        return self._token

    async def _send(
        self,
        method: str,
        path: str,
        token: str | None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        if self._http is None:
            raise RuntimeError("the session is not entered")
        sent = dict(headers or {})
        sent["Accept"] = "application/json"
        if token is not None:
            sent["X-Auth-Token"] = token
        try:
            async with self._http.request(
                method,
                self._root + path,
                json=json,
                headers=sent,
                params=params,
                allow_redirects=False,
            ) as response:
                if (response.content_length or 0) > MAX_ANSWER_BYTES:
                    raise IdentityUnavailable("Keystone's answer is too long")
                return Answer(response.status, await response.read(), response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # By class only: the text of a client error may repeat header values.
            raise IdentityUnavailable(f"no answer of Keystone at {self._root} ({type(error).__name__})") from None


def _login_body(user: Mapping[str, object], scope: object) -> dict[str, object]:
    auth: dict[str, object] = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": scope or "unscoped",
    }
    return {"auth": auth}
