"""Decide by an OPA server, with the embedded engine's promises: never raise, never allow what was not decided.

The connections live in a thread of their own, so that a question may come from any thread, and one that must be waited
for (`decide`) can be asked where an event loop runs.

Answers are kept by question, as the embedded engine keeps them, and this is why that is safe. Each answer of OPA names
the revision of the bundle that it is by. An answer that was kept is used only while its revision counts as current:
within `remembered` seconds after a question was *sent* that OPA answered by the same revision. So after a server took
another bundle no older answer is used for longer than that, however many questions are under way, and the first answer
of another revision ends it at once. Without a revision nothing is kept.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from gurum.ops.policy import PolicyConfig
from gurum.policy.model import Decision, PolicyInput, Verdict
from gurum.policy.opa.exchange import Answer, Exchange, UndecidedError
from gurum.policy.question import (
    MEMO_SIZE,
    Counts,
    EngineStats,
    Memo,
    UnfitInputError,
    decided,
    document,
    new_decision_id,
    question,
    undecided,
    unfit,
)

T = TypeVar("T")

GRACE = 0.25  # seconds beyond the deadline for the other thread to say that it has passed

_log = logging.getLogger(__name__)


class Known:
    """Answers by one revision, and until when it is known to be current. Safe from any thread.

    seconds: how long after a question was sent its answer's revision counts as current.
    """

    def __init__(self, seconds: float, memo_size: int) -> None:
        self._seconds, self._size = seconds, memo_size if seconds else 0
        self._lock = threading.Lock()
        self._memo = Memo(0)
        self._sent = 0.0
        self.revision = ""

    def recall(self, key: bytes, now: float) -> tuple[Verdict, str] | None:
        """Return an answer that may be used now, and its revision."""
        with self._lock:
            if not self.revision or now - self._sent > self._seconds:
                return None
            verdict = self._memo.recall(key)
            return None if verdict is None else (verdict, self.revision)

    def learn(self, key: bytes, answer: Answer, sent: float) -> None:
        """Take an answer to a question that was sent then. One of a revision that another has followed is not kept."""
        with self._lock:
            if answer.revision != self.revision:
                if sent < self._sent:
                    return
                self.revision, self._memo = answer.revision, Memo(self._size if answer.revision else 0)
            self._sent = max(self._sent, sent)
            self._memo.keep(key, answer.verdict)

    def forget(self) -> None:
        """Use nothing that was learnt so far."""
        with self._lock:
            self.revision, self._memo = "", Memo(0)


class OpaDecisionPoint:
    """A `DecisionPoint` over an OPA server, or several that one URL leads to.

    Raises SecretError, OSError from the constructor and from `reload` when the token or the authority cannot be read;
    after a failed `reload` those from before are used on. Whether the server is there is not asked: without it
    everything is denied, with `error` set. Close it at the end.
    """

    def __init__(
        self,
        config: PolicyConfig,
        *,
        memo_size: int = MEMO_SIZE,
        new_id: Callable[[], str] = new_decision_id,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._new_id, self._now = config, new_id, now
        self._known = Known(config.remembered, memo_size)
        self._counts = Counts()
        self._failed = float("-inf")  # when OPA last did not decide, and nothing was decided since
        self._closed = False
        self._former: list[Exchange] = []  # of a reload, with questions under way
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gurum-opa", daemon=True)
        self._thread.start()
        try:
            self._exchange = self._there(_made(config)).result()
        except BaseException:
            self._end()
            raise

    @property
    def revision(self) -> str:
        """Name the bundle by which OPA decided last; empty: not known."""
        return self._known.revision

    @property
    def stats(self) -> EngineStats:
        """Tell the counts since the start."""
        return self._counts.read()

    def reload(self) -> str:
        """Read token and authority again, forget every kept answer, and name the server. Its bundle is its own."""
        exchange = self._there(_made(self._config)).result()
        self._former.append(self._exchange)
        self._exchange = exchange
        self._known.forget()
        while len(self._former) > 1:  # that of the reload before the last one has nothing under way any more
            self._there(self._former.pop(0).close()).result()
        return self._config.url

    def close(self) -> None:
        """Close the connections; whatever is asked afterwards is denied."""
        if self._closed:
            return
        for exchange in (*self._former, self._exchange):
            self._there(exchange.close()).result()
        self._end()

    async def missing(self) -> str | None:
        """Return why nothing can be decided now, or None. It asks what is no question, which every bundle denies."""
        try:
            await asyncio.wrap_future(self._there(self._exchange.ask({})))
        except (UndecidedError, RuntimeError) as error:
            return str(error)
        return None

    def decide(self, request: PolicyInput) -> Decision:
        """Decide; never raise. What cannot be decided is denied, with `error` set. Safe from any thread.

        Waits for OPA in this thread; for a deadline after OPA failed, not again.
        """
        done = self._at_once(request)
        if done is not None:
            return done
        if self._now() - self._failed < self._config.deadline:
            return self._refuse(request, UndecidedError("OPA has just not answered"))
        try:
            future = self._there(self._asked(request))
        except RuntimeError as error:  # closed
            return self._refuse(request, error)
        try:
            return future.result(self._config.deadline + GRACE)
        except concurrent.futures.TimeoutError:
            future.cancel()
            return self._refuse(request, UndecidedError(f"no answer within {self._config.deadline:g} s"))

    async def ask(self, request: PolicyInput) -> Decision:
        """Decide as `decide` does, and let the event loop go on meanwhile."""
        done = self._at_once(request)
        if done is not None:
            return done
        try:
            future = self._there(self._asked(request))
        except RuntimeError as error:  # closed
            return self._refuse(request, error)
        try:
            async with asyncio.timeout(self._config.deadline + GRACE):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            return self._refuse(request, UndecidedError(f"no answer within {self._config.deadline:g} s"))

    def _at_once(self, request: PolicyInput) -> Decision | None:
        """Return the decision that needs no server: of a question that is unfit, or that was answered before."""
        try:
            kept = self._known.recall(question(request), self._now())
        except UnfitInputError as error:
            self._counts.add("decisions")
            return unfit(error, self._new_id(), self.revision)
        except (ValueError, TypeError) as error:
            return self._refuse(request, error)
        if kept is None:
            return None
        self._counts.add("decisions", "remembered")
        return decided(kept[0], self._new_id(), kept[1])

    async def _asked(self, request: PolicyInput) -> Decision:
        sent = self._now()
        try:
            answer = await self._exchange.ask(document(request))
        except Exception as error:  # the boundary: whatever a server can bring about is a denial
            self._failed = self._now()
            return self._refuse(request, error)
        self._failed = float("-inf")
        self._known.learn(question(request), answer, sent)
        self._counts.add("decisions")
        return decided(answer.verdict, answer.decision_id or self._new_id(), answer.revision)

    def _refuse(self, request: PolicyInput, error: Exception) -> Decision:
        decision_id = self._new_id()
        self._counts.add("decisions", "errors")
        _log.error("decision %s on %.80r failed: %s", decision_id, request.action, error)
        return undecided(error, decision_id, self.revision)

    def _there(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Begin work in the thread of the connections. Raises RuntimeError when they are closed."""
        if self._closed:
            work.close()
            raise RuntimeError("the connections to OPA are closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _end(self) -> None:
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _made(config: PolicyConfig) -> Exchange:
    return Exchange(config)
