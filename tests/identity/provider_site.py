"""A provider of development for tests: in this process, on a free port, with a clock that the test moves."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets as random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import msgspec
import yaml
from aiohttp import web
from tests.support.stack import free_ports

from gurum.identity.provider.app import application
from gurum.identity.provider.config import DEVICE, Claims, Client, ProviderConfig
from gurum.identity.provider.passwords import hashed
from gurum.identity.provider.service import Provider
from gurum.ops import secrets

AUDIENCE = "http://keystone.test/v3"
BACK = "http://app.test/back"
PASSWORDS = {"alice": "alice-secret", "gone": "gone-secret"}
_HASHES = {name: hashed(password) for name, password in PASSWORDS.items()}


class Clock:
    """Time that stands until it is moved. Nothing here sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Answer:
    """What was answered."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.text)
        return found

    @property
    def query(self) -> dict[str, str]:
        """Give the parameters of the URL that the answer leads to."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.headers["location"]).query).items()}

    @property
    def hidden(self) -> dict[str, str]:
        """Give the hidden fields of the page's form."""
        return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.text))


def write_people(directory: Path, *gone: str) -> None:
    """Write the people's file; who is gone is disabled."""
    people: list[dict[str, Any]] = [
        {"username": name, "subject": f"id-{name}", "password_hash": _HASHES[name], "enabled": name not in gone}
        for name in PASSWORDS
    ]
    people[0]["claims"] = {"groups": ["media"], "project": "team-media"}
    secrets.write(directory / "people.yaml", yaml.safe_dump({"people": people}))


@dataclass
class Running:
    """A provider that answers, and a browser of it."""

    provider: Provider
    clock: Clock
    http: aiohttp.ClientSession
    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, **told: Any) -> Answer:
        """Send a request with the browser's cookies; follow nothing."""
        async with self.http.request(
            method, self.url + path, allow_redirects=False, cookies=dict(self.cookies), **told
        ) as response:
            self.cookies |= {name: morsel.value for name, morsel in response.cookies.items()}
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, await response.text(), headers)

    async def token(self, client: str = "app", secret: str | None = "app-secret", **form: str) -> Answer:
        """Ask the token endpoint."""
        said = {"client_id": client, **({"client_secret": secret} if secret else {}), **form}
        return await self.send("POST", "/token", data=said)

    async def page(self, challenge: str = "", **changed: str) -> Answer:
        """Begin an authorization, with parameters changed, or left out where empty."""
        asked = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": BACK,
            "scope": "openid profile",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": challenge,
            "code_challenge_method": "S256" if challenge else "",
        }
        params = {name: value for name, value in (asked | changed).items() if value}
        return await self.send("GET", "/authorize", params=params)

    async def answer(self, page: Answer, username: str = "alice", password: str = PASSWORDS["alice"]) -> Answer:
        """Answer the login page."""
        return await self.send("POST", "/login", data=page.hidden | {"username": username, "password": password})

    async def code(self, **changed: str) -> tuple[str, str]:
        """Log in; give the code and the PKCE verifier."""
        verifier, challenge = pkce()
        back = await self.answer(await self.page(challenge, **changed))
        assert back.status == 303, back.text
        return back.query["code"], verifier

    async def exchange(self, code: str, verifier: str, **changed: str) -> Answer:
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
        return await self.token(**(form | changed))


def pkce() -> tuple[str, str]:
    """Return a verifier and its challenge."""
    verifier = random.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).decode().rstrip("=")


@asynccontextmanager
async def serving(directory: Path, **changed: Any) -> AsyncIterator[Running]:
    """Serve a provider for the duration of a block."""
    port = free_ports(1)[0]
    for name in ("app", "old", "robot"):
        secrets.write(directory / name, f"{name}-secret")
    write_people(directory, "gone")
    config = ProviderConfig(
        name="test",
        issuer=f"http://127.0.0.1:{port}",
        audience=AUDIENCE,
        directory=directory,
        people_file=directory / "people.yaml",
        clients=[
            Client(
                id="app",
                grants=["authorization_code", "refresh_token"],
                secret_file=directory / "app",
                redirect_uris=[BACK],
                logout_uris=["http://app.test/bye"],
                introspects=True,
            ),
            Client(
                id="old",
                grants=["authorization_code"],
                secret_file=directory / "old",
                redirect_uris=[BACK],
                pkce=False,
            ),
            Client(id="cli", grants=["password", DEVICE, "refresh_token"]),
            Client(
                id="robot",
                grants=["client_credentials"],
                secret_file=directory / "robot",
                claims=Claims(project="automation"),
            ),
        ],
        **changed,
    )
    clock = Clock()
    provider = Provider(config, clock)
    provider.ring.turn()
    runner = web.AppRunner(application(provider), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Running(provider, clock, http, config.issuer)
    finally:
        await runner.cleanup()
