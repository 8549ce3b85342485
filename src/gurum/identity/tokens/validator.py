"""Token validation for an API process: cached, revocable, and closed when Keystone is away.

How long a token may live on here after it has died in Keystone:

* Revoked tokens, changed passwords, disabled or deleted users, deleted projects: Keystone announces
  them; they are known after `poll_seconds` and one request. While polling fails, no answer older
  than `blind_seconds` is used, so that is the bound.
* Roles taken away, disabled projects and domains, deleted application credentials: Keystone
  announces nothing. The bound is `cache_seconds`, since then Keystone is asked again.

Nobody is let in on a guess: no answer of Keystone is IdentityUnavailable, never a principal.

Who uses a token all the time does not wait for Keystone once a minute: in the last part of an entry's
time a use has Keystone asked again, besides, while the entry still holds. It holds no longer for that:
if no answer comes it ends as it would have ended, and if the token is dead it ends at once.
"""

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
import structlog
from msgspec import Meta

from gurum.identity.session import Answer, IdentityUnavailable, KeystoneSession, PasswordAuth
from gurum.identity.tokens.cache import Key, TokenCache, entry_of, key_of
from gurum.identity.tokens.principal import Principal, principal_of
from gurum.identity.tokens.revocation import RevocationEvent, events_of, facets, is_meant
from gurum.ops.config import IdentityConfig

log = structlog.get_logger()

# Fernet tokens are 180 to 270 characters, signed ones 400 and more. Longer is nobody's token, and
# what is not visible ASCII cannot stand in a header.
_PLAUSIBLE = re.compile(r"[\x21-\x7e]{1,8192}")

_T = TypeVar("_T")

Seconds = Annotated[float, Meta(gt=0)]


class TokenInvalid(Exception):  # noqa: N818 - the API answers with this very word
    """Keystone does not know the token (any more): answer 401."""


class ValidatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is remembered and for how long (see the module for what that means)."""

    cache_seconds: Seconds = 60.0
    cache_size: Annotated[int, Meta(ge=1)] = 20_000
    invalid_seconds: Seconds = 5.0
    invalid_size: Annotated[int, Meta(ge=1)] = 5_000
    poll_seconds: Seconds = 2.0
    blind_seconds: Seconds = 10.0
    timeout_seconds: Seconds = 10.0
    # Requests to Keystone at once; more wait. Keystone's threads are few.
    connections: Annotated[int, Meta(ge=1)] = 16
    # Keystone cuts event times to the second and writes them when its transaction ends; several
    # Keystones differ in time. So events are asked for from that much before the last time.
    overlap_seconds: Seconds = 15.0
    # The last part of `cache_seconds`, in which a use has Keystone asked again; so many of these questions at once,
    # fewer than `connections`: those who do wait for an answer go before.
    ahead: Annotated[float, Meta(ge=0, lt=1)] = 0.4
    ahead_at_once: Annotated[int, Meta(ge=1)] = 4

    def __post_init__(self) -> None:
        """Refuse settings under which nothing would ever be answered from the cache."""
        if self.blind_seconds <= self.poll_seconds:
            raise ValueError("blind_seconds must be greater than poll_seconds")


class Counters(msgspec.Struct):
    """What happened since the start, for metrics. `ahead`: how many of those asked were asked before anybody waited."""

    hits: int = 0
    asked: int = 0
    ahead: int = 0
    shared: int = 0
    invalid: int = 0
    unavailable: int = 0
    revoked: int = 0
    polls: int = 0
    failed_polls: int = 0


class TokenValidator:
    """Validates tokens against one Keystone. Use as an async context manager, in one event loop.

    Entering logs in and reads the revocation events once; it raises IdentityUnavailable if that
    fails. `service` is a user with the role `service` or `admin`.
    `revoked` is told of each revocation event once. `monotonic` and `sleep` are the clock, for tests.
    """

    def __init__(
        self,
        service: PasswordAuth,
        settings: ValidatorSettings | None = None,
        *,
        revoked: Callable[[RevocationEvent], None] = lambda event: None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings or ValidatorSettings()
        self.counters = Counters()
        self._revoked = revoked
        self._monotonic = monotonic
        self._sleep = sleep
        self._session = KeystoneSession(
            service,
            timeout_seconds=self.settings.timeout_seconds,
            connections=self.settings.connections,
            monotonic=monotonic,
            sleep=sleep,
        )
        self._cache = TokenCache(self.settings.cache_size, self.settings.invalid_size)
        self._asking: dict[Key, asyncio.Task[Principal]] = {}
        self._ahead: set[Key] = set()  # of these, the ones that nobody waited for when they were begun
        self._polled_at = float("-inf")
        self._polled_server_time: float | None = None
        self._recent: list[RevocationEvent] = []
        self._poller: asyncio.Task[None] | None = None

    @classmethod
    def of(
        cls, config: IdentityConfig, revoked: Callable[[RevocationEvent], None] = lambda event: None
    ) -> "TokenValidator":
        """Make a validator from the configuration's section `identity`."""
        poll = config.revocation_poll_seconds
        return cls(
            PasswordAuth.of(config),
            ValidatorSettings(
                cache_seconds=config.token_cache_seconds,
                poll_seconds=poll,
                # Five failed polls in a row.
                blind_seconds=5 * poll,
                timeout_seconds=config.timeout,
            ),
            revoked=revoked,
        )

    async def __aenter__(self) -> "TokenValidator":
        await self._session.__aenter__()
        try:
            await self._session.log_in()
            await self.poll()
        except BaseException:
            await self._session.__aexit__()
            raise
        self._poller = asyncio.create_task(self._poll_for_ever(), name="revocation events")
        self._poller.add_done_callback(_report_end)
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for task in (self._poller, *self._asking.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.__aexit__()

    def cached(self, token: str) -> Principal | None:
        """Give the principal if it can be given without asking Keystone. Costs microseconds.

        To be called within the event loop: it may have Keystone asked ahead of time.
        """
        key = key_of(token)
        entry = self._cache.get(key)
        if entry is None:
            return None
        now = self._monotonic()
        known_at = max(entry.asked_at, self._polled_at)
        if now >= entry.until or now - known_at > self.settings.blind_seconds:
            return None
        self.counters.hits += 1
        if now >= entry.ahead and key not in self._asking and len(self._ahead) < self.settings.ahead_at_once:
            self.counters.ahead += 1
            self._ahead.add(key)
            self._begin(key, token)
        return entry.principal

    async def validate(self, token: str) -> Principal:
        """Give the principal of a valid token.

        Raises TokenInvalid if there is none, IdentityUnavailable if that cannot be known. Requests
        for the same token at the same time cost one question to Keystone. The token is kept
        nowhere and named in no text.
        """
        if _PLAUSIBLE.fullmatch(token) is None:
            raise TokenInvalid("the token cannot be one")
        principal = self.cached(token)
        if principal is not None:
            return principal
        key = key_of(token)
        if self._cache.is_invalid(key, self._monotonic()):
            self.counters.invalid += 1
            raise TokenInvalid("Keystone does not know the token")
        task = self._asking.get(key)
        if task is None:
            task = self._begin(key, token)
        else:
            self.counters.shared += 1
        # Shielded: one client that hangs up must not take the answer from the others.
        return await asyncio.shield(task)

    async def poll(self) -> int:
        """Read the revocation events since the last time and apply them; gives how many there were.

        Raises IdentityUnavailable. Called by the background task; calling it besides is harmless.
        """
        started = self._monotonic()
        if self._session.server_time() is None:
            await self._session.log_in()
        server_time = self._session.server_time()
        if server_time is None:
            raise IdentityUnavailable("Keystone's time is not known")
        earliest, _ = server_time
        since = (earliest if self._polled_server_time is None else self._polled_server_time) - (
            self.settings.overlap_seconds
        )
        answer = await self._session.request(
            "GET",
            "/OS-REVOKE/events",
            # A value that goes with time: some Keystones remember the answer to a question for an hour.
            params={"since": datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
        )
        events = _decoded(answer, "revocation events", events_of)
        # Events are applied again in the overlap. That is intended: a validation that was under
        # way when an event was first seen may have been put into the cache after it.
        for event in events:
            if event not in self._recent:
                self._revoked(event)
        self._recent = events
        self.counters.revoked += sum(self._cache.revoke(event) for event in events)
        self._polled_at = started
        # The lesser, since Keystone's clock may have been set back after our login.
        self._polled_server_time = min(earliest, answer.sent_at() or earliest)
        self.counters.polls += 1
        self._cache.expire(self._monotonic())
        return len(events)

    async def _poll_for_ever(self) -> None:
        failing = False
        while True:
            await self._sleep(self.settings.poll_seconds)
            try:
                await self.poll()
            except IdentityUnavailable as error:
                self.counters.failed_polls += 1
                if not failing:
                    log.warning(
                        "no revocation events: validations are kept for less long",
                        error=str(error),
                        seconds=self.settings.blind_seconds,
                    )
                failing = True
            else:
                if failing:
                    log.warning("revocation events are followed again")
                failing = False

    def _begin(self, key: Key, token: str) -> "asyncio.Task[Principal]":
        task = asyncio.create_task(self._ask(key, token))
        self._asking[key] = task
        task.add_done_callback(lambda done: self._asked(key, done))
        return task

    async def _ask(self, key: Key, token: str) -> Principal:
        asked_at = self._monotonic()
        self.counters.asked += 1
        try:
            answer = await self._session.request(
                "GET",
                "/auth/tokens",
                params={"nocatalog": ""},
                # Without the claim Keystone hides tokens that carry access rules.
                headers={"X-Subject-Token": token, "OpenStack-Identity-Access-Rules": "1.0"},
            )
            if answer.status == 404:
                # A front end that has lost Keystone says 404 too, but not in JSON.
                answer.json()
                self.counters.invalid += 1
                self._cache.put_invalid(key, self._monotonic() + self.settings.invalid_seconds)
                raise TokenInvalid("Keystone does not know the token")
            principal = _decoded(answer, "validation of a token", principal_of)
        except IdentityUnavailable:
            self.counters.unavailable += 1
            raise
        self._keep(key, principal, asked_at)
        return principal

    def _keep(self, key: Key, principal: Principal, asked_at: float) -> None:
        found = facets(principal)
        if self._polled_at >= asked_at and any(is_meant(event, principal, found) for event in self._recent):
            # Revoked while the answer was on its way. Who asks next asks Keystone.
            return
        if self._monotonic() - asked_at > self.settings.overlap_seconds / 2:
            # So late that the event which revokes it may have been seen already and forgotten.
            return
        server_time = self._session.server_time()
        if server_time is None:
            return
        left, whole = principal.expires_at.timestamp() - server_time[1], self.settings.cache_seconds
        until = self._monotonic() + min(whole, left)
        # What ends with the token itself ends for good.
        ahead = until - whole * self.settings.ahead if left > whole else math.inf
        self._cache.put(key, entry_of(principal, asked_at, until, ahead))

    def _asked(self, key: Key, task: "asyncio.Task[Principal]") -> None:
        del self._asking[key]
        self._ahead.discard(key)
        if not task.cancelled():
            # Marks the error as seen, should all who waited for it have gone away.
            task.exception()


def www_authenticate(auth_url: str) -> str:
    """Give the value of the header `WWW-Authenticate` of a 401, as OpenStack's services send it.

    `auth_url` is what clients are told to log in at; the version is not part of the header.
    """
    return f'Keystone uri="{re.sub("/v3/*$", "", auth_url).rstrip("/")}"'


def _decoded(answer: Answer, what: str, decode: Callable[[bytes], _T]) -> _T:
    if answer.status == 403:
        raise IdentityUnavailable(f"Keystone does not allow us: {what} (role `service` is needed)")
    if answer.status != 200:
        raise IdentityUnavailable(f"Keystone answers {answer.status}: {what}")
    try:
        return decode(answer.body)
    except msgspec.DecodeError as error:
        raise IdentityUnavailable(f"Keystone's answer is not understood: {what}") from error


def _report_end(task: "asyncio.Task[None]") -> None:
    # Only a defect ends the poller; validations then hold for `blind_seconds`, which is safe.
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the reading of revocation events has ended", exc_info=error)
