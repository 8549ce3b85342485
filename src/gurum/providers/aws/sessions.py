"""Sessions of AWS: whose, for how long, and that no more of them are asked for than are needed.

A session is one person's for one request, or the system's own; so AWS's log can name each. It is in memory alone: not
on disk, not in the environment, not in an argument. It is renewed before it is over, by one asker however many wait,
and a session that is (nearly) over is not given out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from gurum.audit.errors import AuditUnavailableError
from gurum.audit.event import FAILURE, SUCCESS, UNKNOWN
from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.providers.aws.errors import AwsError, LostError, NotSentError
from gurum.providers.aws.principals import name, subject, tags
from gurum.providers.aws.recorded import LOST, NOT_SENT, Recorder, Signature, making
from gurum.providers.aws.refusals import SHORT, NoSessionError, explain
from gurum.providers.behalf import Behalf, working_on
from gurum.providers.behalf import subject as about

log = structlog.get_logger("gurum.aws")

AHEAD = 300.0  # seconds before its end from which a session is renewed beside its use
MARGIN = 30.0  # seconds before its end from which it is not given out: a signed request is on its way for a while


@dataclass(frozen=True)
class Credentials:
    """What a session is entered with. Its text is its key's id alone: the rest must not get anywhere by printing."""

    access_key: str
    secret_key: str
    token: str
    until: float
    request_id: str = ""  # AWS's, of the call that gave them

    def __repr__(self) -> str:
        return f"Credentials({self.access_key})"


class Signer(Protocol):
    """Who signs tokens that AWS believes."""

    @property
    def url(self) -> str:
        """The issuer's URL."""
        ...

    def token(self, subject: str, tags: Mapping[str, str]) -> str:
        """Return a token of a few minutes. Raises NoSessionError when none can be signed."""
        ...


class Broker(Protocol):
    """Who turns tokens into sessions: STS."""

    async def assume(self, account: str, name: str, token: str) -> Credentials:
        """Return a session of that name in the account. Raises AwsError, NotSentError, LostError."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


_Key = tuple[str, Behalf | None]


@dataclass(frozen=True)
class _Barred:
    why: NoSessionError
    until: float


class Sessions:
    """The sessions of a process, by account and by whom they are for."""

    def __init__(
        self, signer: Signer, broker: Broker, clock: Clock, owner: str, recorder: Recorder | None = None
    ) -> None:
        self._signer, self._broker, self._clock, self._owner = signer, broker, clock, owner
        self._recorder = recorder
        self._held: dict[_Key, Credentials] = {}
        self._barred: dict[_Key, _Barred] = {}
        self._asked: dict[_Key, asyncio.Task[Credentials]] = {}

    def held(self, account: str, behalf: Behalf | None) -> Credentials | None:
        """Return the session if there is one that lasts long enough for a call; never asks for one."""
        found = self._held.get((account, behalf))
        return found if found is not None and found.until - self._clock.time() > MARGIN else None

    async def ready(self, account: str, behalf: Behalf | None) -> Credentials:
        """Return the session, asking for it unless there is one; a refusal is not asked again before its time.

        Raises NoSessionError, NotSentError.
        """
        key, now = (account, behalf), self._clock.time()
        held = self.held(account, behalf)
        barred = self._barred.get(key)
        if barred is not None and now < barred.until:
            if held is not None:
                return held
            raise barred.why
        if held is None:
            return await asyncio.shield(self._ask(key))
        if held.until - now < AHEAD:
            self._ask(key)  # who comes next has it; a refusal is told when this one is over
        return held

    def forget(self, account: str, behalf: Behalf | None, access_key: str) -> None:
        """Drop a session that AWS no longer takes; the next call asks for another."""
        held = self._held.get((account, behalf))
        if held is not None and held.access_key == access_key:
            del self._held[account, behalf]

    def _ask(self, key: _Key) -> asyncio.Task[Credentials]:
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._get(key), name="session")
            asked.add_done_callback(lambda done: self._answered(key, done))
        return asked

    def _answered(self, key: _Key, asked: asyncio.Task[Credentials]) -> None:
        self._asked.pop(key, None)
        if not asked.cancelled():
            asked.exception()  # whoever waits has it; a renewal beside its use has nobody who waits

    async def _get(self, key: _Key) -> Credentials:
        account, behalf = key
        self._drop_old()
        try:
            token = self._signer.token(subject(behalf, self._owner), tags(behalf))
            made = await self._assume(account, behalf, token)
        except NoSessionError as error:
            why = error
        except AwsError as error:
            why = explain(error, account, self._signer.url)
        except LostError as error:  # a session that nobody has is none
            raise NotSentError(f"STS: {error}") from error
        else:
            self._held[key] = made
            self._barred.pop(key, None)
            log.info("aws session", account=account, session=name(behalf), access_key=made.access_key)
            return made
        self._barred[key] = _Barred(why, self._clock.time() + why.again)
        log.warning("aws gives no session", account=account, session=name(behalf), code=why.code, why=str(why))
        raise why

    async def _assume(self, account: str, behalf: Behalf | None, token: str) -> Credentials:
        """Ask STS, once it is recorded for whom. Raises NoSessionError, AwsError, NotSentError, LostError."""
        if self._recorder is None:
            return await self._broker.assume(account, name(behalf), token)
        try:
            # Our own session is about nothing, whatever is being worked on when it is asked for.
            with working_on(about() if behalf is not None else None):
                record = await self._recorder.begun(
                    "sts:AssumeRoleWithWebIdentity", account, behalf, Signature(name(behalf), ""), {}
                )
        except AuditUnavailableError as error:
            text = f"no session is asked for that cannot be recorded: {error} (the platform team can mend it)"
            raise NoSessionError(Reason.TRANSIENT_ERROR, text, "no-record", SHORT * 5) from error
        try:
            with making(record):
                made = await self._broker.assume(account, name(behalf), token)
        except AwsError as error:
            record.ended(FAILURE, error.code, error.request_id)
            raise
        except NotSentError:
            record.ended(FAILURE, NOT_SENT)
            raise
        except LostError:
            record.ended(UNKNOWN, LOST)
            raise
        record.ended(SUCCESS, "", made.request_id, key=made.access_key)
        return made

    def _drop_old(self) -> None:
        now = self._clock.time()
        self._held = {key: held for key, held in self._held.items() if held.until - now > MARGIN}
        self._barred = {key: barred for key, barred in self._barred.items() if barred.until > now}

    async def close(self) -> None:
        """Forget every session; what is being asked for is given up."""
        for asked in list(self._asked.values()):
            asked.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
        self._held.clear()
        await self._broker.close()
