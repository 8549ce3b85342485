"""One way to call AWS for all drivers: pace, record, bound, send, classify, count.

The only retry layer is the engine's queue: a call here is one request, and its outcome says whether, when and why to
come again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from gurum.audit.errors import AuditUnavailableError
from gurum.audit.event import FAILURE, SUCCESS, UNKNOWN
from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.ops.config import AwsConfig
from gurum.providers.aws.buckets import Bucket, rate_of
from gurum.providers.aws.errors import AwsError, LostError, Meaning, NotSentError, meaning
from gurum.providers.aws.recorded import CUT_OFF, LOST, NOT_SENT, Call, Recorder, Signature, looks, making, things
from gurum.providers.aws.refusals import NoSessionError
from gurum.providers.aws.transport import Transport, on_behalf
from gurum.providers.contract import Absent, Doubt, Duplicate, Place, Refused, Wait

log = structlog.get_logger("gurum.aws")

_SILENT = 8  # calls in a row without an answer until AWS counts as down: single losses are ordinary
_UNRECORDED = 10.0  # seconds until a call is tried again that could not be recorded; long enough to be told to users
_PROBE = 6.0  # seconds between two looks whether it is back; long enough to be told to users

Problem = Wait | Doubt | Refused | Duplicate | Absent


@dataclass(frozen=True)
class Answer:
    """AWS did it. `body` is the parsed answer."""

    body: dict[str, Any]
    request_id: str


@dataclass
class Shard:
    """What is shared by everybody who calls one account of one region."""

    gate: asyncio.Semaphore
    buckets: dict[str, Bucket] = field(default_factory=dict)
    answered_at: float = 0.0  # when AWS last answered at all
    silent_since: float | None = None
    silences: int = 0  # calls in a row without an answer
    probe_at: float = 0.0  # while AWS is silent: when the next caller may try
    trouble: str = ""


_rehearsed: ContextVar[list[str] | None] = ContextVar("rehearsed", default=None)


@contextmanager
def rehearsal() -> Iterator[Sequence[str]]:
    """While it lasts, what this task would change at AWS is listed, and not called."""
    calls: list[str] = []
    token = _rehearsed.set(calls)
    try:
        yield calls
    finally:
        _rehearsed.reset(token)


class Caller:
    """Calls for every account of a cloud region.

    `observe(action, outcome, seconds)` is told of every request that was sent, for the metrics. recorder: takes what
    may change something into the audit chain, before it is sent; None: no chain is kept.
    """

    def __init__(
        self,
        transport: Transport,
        config: AwsConfig,
        clock: Clock,
        observe: Callable[[str, str, float], None] = lambda action, outcome, seconds: None,
        rng: random.Random | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._transport = transport
        self._config = config
        self._clock = clock
        self._observe = observe
        self._recorder = recorder
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not secrets
        self.held: Callable[[Place], bool] = lambda place: True  # asked before each call that changes something
        self._shards: dict[str, Shard] = {}

    def shard(self, place: Place) -> Shard:
        """Return the shared state of an account."""
        shard = self._shards.get(place.account)
        if shard is None:
            shard = self._shards[place.account] = Shard(asyncio.Semaphore(self._config.in_flight))
        return shard

    async def call(
        self, place: Place, action: str, params: Mapping[str, Any], *, who: str, not_found: float = 0.0
    ) -> Answer | Problem:
        """Make one request when its slot has come.

        `who` names the caller's piece of work, so that its slot waits for it. `not_found`: until this time
        (seconds since the epoch) NotFound means "not yet" and is a Wait; later it is Absent.
        """
        rehearsed = _rehearsed.get()
        if rehearsed is not None and not looks(action):
            rehearsed.append(action)
            return Wait(Reason.PROGRESSING, f"{action} is only rehearsed", self.soon(1.0))
        shard = self.shard(place)
        bucket = self._bucket(shard, action)
        if bucket is not None:
            slot = bucket.admit(f"{action} {who}")
            if slot > self._clock.time():
                return Wait(Reason.THROTTLED, f"AWS limits {action}; its turn is at {_clock_text(slot)}", slot)
        if shard.silences >= _SILENT and self._clock.time() < shard.probe_at:
            # One caller at a time finds out whether AWS is back; the others are told when that is.
            return Wait(Reason.TRANSIENT_ERROR, f"AWS does not answer ({shard.trouble})", shard.probe_at)
        if shard.silences >= _SILENT:
            shard.probe_at = self._clock.time() + _PROBE
        try:
            await self._transport.ready(place.account, action)  # may wait for AWS, so it is done before `held` is asked
        except NoSessionError as error:
            # Nothing was sent, and nothing is wrong with the request: somebody has to let us in.
            return Wait(error.reason, str(error), self.soon(error.again))
        except NotSentError as error:
            self._silent(shard, str(error))
            return Wait(Reason.TRANSIENT_ERROR, f"AWS cannot be reached: {error}", self.soon(2.0))
        while True:
            try:
                signature = self._signature(place, action)
                record = await self._begun(place, action, params, signature)
            except AuditUnavailableError as error:
                text = f"{action} waits, because nothing is asked of AWS that cannot be recorded: {error}"
                again = self.soon(_UNRECORDED)
                return Wait(Reason.TRANSIENT_ERROR, f"{text} (the platform team can make room, or mend it)", again)
            except NotSentError as error:
                self._silent(shard, str(error))
                return Wait(Reason.TRANSIENT_ERROR, f"AWS cannot be reached: {error}", self.soon(2.0))
            async with shard.gate:
                if not action.startswith(("Describe", "Get")) and not self.held(place):
                    # Nothing may come between this and the request, or one that was paused there would act for another.
                    _ended(record, FAILURE, NOT_SENT)
                    return Wait(Reason.PROGRESSING, "another engine acts for the account by now", self.soon(1.0))
                if self._signature(place, action, signature) != signature:  # renewed while it was being written down
                    _ended(record, FAILURE, NOT_SENT)
                    continue
                return await self._send(shard, bucket, place, action, params, who, not_found, record)

    async def _send(
        self, shard: Shard, bucket: Bucket | None, place: Place, action: str, params: Mapping[str, Any], who: str,
        not_found: float, record: Call | None,
    ) -> Answer | Problem:  # fmt: skip
        began = self._clock.time()
        try:
            with making(record):
                body = await self._transport.call(place.account, action, dict(params))
        except AwsError as error:
            self._heard(shard)
            problem = self._problem(action, error, bucket, not_found)
            self._done(place, action, who, error.code, error.request_id, began)
            _ended(record, UNKNOWN if isinstance(problem, Doubt) else FAILURE, error.code, error.request_id)
            return problem
        except NotSentError as error:
            self._silent(shard, str(error))
            self._done(place, action, who, NOT_SENT, "", began)
            _ended(record, FAILURE, NOT_SENT)
            return Wait(Reason.TRANSIENT_ERROR, f"AWS cannot be reached: {error}", self.soon(2.0))
        except LostError as error:
            self._silent(shard, str(error))
            self._done(place, action, who, LOST, "", began)
            _ended(record, UNKNOWN, LOST)
            return Doubt(f"no answer came from AWS to {action}: {error}", self.soon(1.0))
        except asyncio.CancelledError:
            _ended(record, UNKNOWN, CUT_OFF)
            raise
        self._heard(shard)
        request_id = body.get("ResponseMetadata", {}).get("RequestId", "")
        self._done(place, action, who, "ok", request_id, began)
        if record is not None:
            record.ended(SUCCESS, "", request_id, things(body))
        return Answer(body, request_id)

    def _signature(self, place: Place, action: str, known: Signature | None = None) -> Signature | None:
        """Return whose key will sign, where that is to be recorded. Raises NotSentError, unless one was known."""
        if self._recorder is None or looks(action):
            return None
        try:
            return self._transport.signature(place.account, action)
        except NotSentError:
            if known is None:
                raise
            return None  # it is over: the next turn says why

    async def _begun(
        self, place: Place, action: str, params: Mapping[str, Any], signature: Signature | None
    ) -> Call | None:
        """Have it on disk that the call is about to be made. Raises AuditUnavailableError."""
        if self._recorder is None or signature is None:
            return None
        return await self._recorder.begun(f"ec2:{action}", place.account, on_behalf(action), signature, params)

    def _bucket(self, shard: Shard, action: str) -> Bucket | None:
        if not self._config.throttle:
            return None
        bucket = shard.buckets.get(action)
        if bucket is None:
            bucket = shard.buckets[action] = Bucket(self._clock, *rate_of(action, self._config.rates))
        return bucket

    def _heard(self, shard: Shard) -> None:
        shard.answered_at, shard.silent_since, shard.silences = self._clock.time(), None, 0

    def _silent(self, shard: Shard, trouble: str) -> None:
        if shard.silent_since is None:
            shard.silent_since = self._clock.time()
        shard.silences += 1
        shard.probe_at = self._clock.time() + _PROBE
        shard.trouble = trouble

    def soon(self, seconds: float) -> float:
        """Return a time about that many seconds from now, spread so that waiters do not come back as one."""
        return self._clock.time() + seconds * self._rng.uniform(0.75, 1.5)

    def _problem(self, action: str, error: AwsError, bucket: Bucket | None, not_found: float) -> Problem:
        text = f"AWS {action}: {error.code}: {error.message}"
        what = meaning(error.code, error.status)
        if what is Meaning.THROTTLED:
            if bucket is not None:
                bucket.penalise()
            return Wait(Reason.THROTTLED, text, self.soon(2.0))
        if what is Meaning.NOT_FOUND:
            if self._clock.time() < not_found:
                return Wait(Reason.PROGRESSING, f"{text} (not visible yet)", self.soon(1.0))
            return Absent()
        if what is Meaning.DOUBT:
            return Doubt(text, self.soon(1.0))
        if what is Meaning.DUPLICATE:
            return Duplicate(text)
        if what in (Meaning.IN_USE, Meaning.STATE):
            return Wait(Reason.PROGRESSING, text, self.soon(2.0))
        if what is Meaning.FORBIDDEN:
            # Repeating a forbidden call at speed is a denial of service against one's own account.
            return Wait(Reason.UNRECOVERABLE_ERROR, f"{text} (the platform team can permit it)", self.soon(60.0))
        reason = Reason.QUOTA_EXCEEDED if what is Meaning.QUOTA else Reason.INVALID_CONFIGURATION
        return Refused(reason, text, error.code, what is Meaning.CAPACITY, error.request_id)

    def _done(self, place: Place, action: str, who: str, outcome: str, request_id: str, began: float) -> None:
        seconds = self._clock.time() - began
        self._observe(action, outcome, seconds)
        log.info(
            "aws call",
            action=action,
            outcome=outcome,
            account=place.account,
            region=place.region,
            who=who,
            aws_request_id=request_id,
            ms=round(seconds * 1000, 1),
        )


def _ended(record: Call | None, outcome: str, code: str, request_id: str = "") -> None:
    if record is not None:
        record.ended(outcome, code, request_id)


def _clock_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%SZ")
