"""A Keystone of a hundred lines whose every answer the test decides, on a clock that the test moves.

It knows tokens as documents, counts what it is asked, and can be held, broken or sent away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from aiohttp import web

EPOCH = 1_800_000_000.0
SERVICE_PASSWORD = "service-secret-0123"


class Clock:
    """Seconds that pass only when told; sleepers wake when their time has come."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._asleep = asyncio.Event()
        self._last = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.now + seconds, woken))
        self._last = seconds
        self._asleep.set()
        await woken.wait()

    async def until_somebody_sleeps(self, seconds: float) -> None:
        """Wait for a sleep of just that length to begin."""
        async with asyncio.timeout(5):
            while self._last != seconds:
                self._asleep.clear()
                await self._asleep.wait()

    async def advance_and_settle(self, seconds: float) -> None:
        """Advance, and wait until whoever was woken by that sleeps again, its work done."""
        self._asleep.clear()
        self.advance(seconds)
        async with asyncio.timeout(5):
            await self._asleep.wait()

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for when, woken in self._sleepers:
            if when <= self.now:
                woken.set()
        self._sleepers = [(when, woken) for when, woken in self._sleepers if when > self.now]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class FakeKeystoneError(Exception):
    """A test uses the fake wrongly."""


class FakeKeystone:
    """State and knobs. `skew`: how far its clock is ahead of the epoch of the test's clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.skew = 0.0
        self.auth_url = ""
        self.tokens: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.logins = 0
        self.validations = 0
        self.polls: list[str] = []
        self.own_tokens: set[str] = set()
        self.stillborn = 0  # of the next logins' tokens, how many are dead on arrival
        self.token_life = 3600.0
        self.password = SERVICE_PASSWORD
        self.status: int | None = None  # answered to everything, instead of the truth
        self.events_status: int | None = None
        self.lost = False  # a front end answers, in HTML, that there is nothing here
        self.open = asyncio.Event()  # validations wait for it
        self.open.set()
        self.held = asyncio.Event()  # a validation is waiting

    def server_now(self) -> float:
        return EPOCH + self.clock.now + self.skew

    def issue(self, name: str, **changes: Any) -> str:
        """Make a project-scoped token of its own user; gives it."""
        token = f"token-of-{name}"
        self.tokens[token] = {
            "user": {"id": f"user-{name}", "name": name, "domain": {"id": "default", "name": "Default"}},
            "project": {"id": f"project-{name}", "name": name, "domain": {"id": "default", "name": "Default"}},
            "roles": [{"id": "role-member", "name": "member"}, {"id": "role-reader", "name": "reader"}],
            "methods": ["password"],
            "audit_ids": [f"audit-{name}"],
            "issued_at": iso(float(int(self.server_now()))),
            "expires_at": iso(float(int(self.server_now())) + self.token_life),
            "is_domain": False,
        } | changes
        return token

    def revoke(self, token: str, **event: Any) -> None:
        """Forget a token and record the event, as DELETE of a token does."""
        document = self.tokens.pop(token)
        self.announce(**(event or {"audit_id": document["audit_ids"][0]}))

    def announce(self, **event: Any) -> None:
        at = iso(float(int(self.server_now())))
        self.events.append({"issued_before": at, "revoked_at": at} | event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        response = await self._answer(request)
        response.headers["Date"] = formatdate(self.server_now(), usegmt=True)
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        if self.lost:
            return web.Response(status=404, text="<html>no such site</html>", content_type="text/html")
        if self.status is not None:
            return _error(self.status)
        route = (request.method, request.path)
        if route == ("POST", "/v3/auth/tokens"):
            return await self._login(request)
        if request.headers.get("X-Auth-Token") not in self.own_tokens:
            return _error(401)
        if route == ("GET", "/v3/auth/tokens"):
            return await self._validate(request)
        if route == ("GET", "/v3/OS-REVOKE/events"):
            return self._events(request)
        return _error(405)

    async def _login(self, request: web.Request) -> web.Response:
        self.logins += 1
        user = (await request.json())["auth"]["identity"]["password"]["user"]
        if user["password"] != self.password:
            return _error(401)
        token = f"own-{self.logins}"
        if self.stillborn:
            self.stillborn -= 1
        else:
            self.own_tokens.add(token)
        now = self.server_now()
        document = {"issued_at": iso(float(int(now))), "expires_at": iso(float(int(now)) + self.token_life)}
        return web.json_response({"token": document}, status=201, headers={"X-Subject-Token": token})

    async def _validate(self, request: web.Request) -> web.Response:
        self.validations += 1
        if request.headers["OpenStack-Identity-Access-Rules"] != "1.0" or "nocatalog" not in request.query:
            raise FakeKeystoneError("a validation must ask for access rules and for no catalogue")
        # What is true when the question arrives is answered, however late.
        document = self.tokens.get(request.headers["X-Subject-Token"])
        if not self.open.is_set():
            self.held.set()
            await self.open.wait()
        return _error(404) if document is None else web.json_response({"token": document})

    def _events(self, request: web.Request) -> web.Response:
        if self.events_status is not None:
            return _error(self.events_status)
        since = request.query["since"]
        self.polls.append(since)
        found = [event for event in self.events if event["revoked_at"] > since]
        return web.json_response({"events": found, "links": {}})


def _error(status: int) -> web.Response:
    return web.json_response({"error": {"code": status, "message": "", "title": ""}}, status=status)


@asynccontextmanager
async def serving(fake: FakeKeystone) -> AsyncIterator[FakeKeystone]:
    """Listen on a free port until the block ends."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.auth_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v3"
    try:
        yield fake
    finally:
        fake.open.set()
        await runner.cleanup()
