"""Decide in this process: the embedded Rego engine (regopy), made safe to use from any thread.

It exists because regopy on its own is not. Its input is state of an interpreter, so a shared interpreter gives wrong
answers in silence: here every thread has its own, over one compiled bundle. And an evaluation that fails or is
undefined is no answer: it is a denial, with `error` set.

A decision is a function of bundle and question (lint admits deterministic built-ins only), so answers are kept by
question.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from regopy import Interpreter, RegoError

from gurum.policy.answer import entrypoints, reader
from gurum.policy.bundle import BundleSource, read_bundle
from gurum.policy.model import Decision, PolicyInput, Verdict
from gurum.policy.prepared import check
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
from gurum.policy.rego import NoAnswerError, ask, compile_bundle, strict_interpreter, try_in_child

_log = logging.getLogger(__name__)


class EmbeddedDecisionPoint:
    """A `DecisionPoint` over a bundle: a directory, or an archive as `gurum policy bundle` makes it.

    Raises BundleError from the constructor and from `reload` when the bundle is unfit; after a failed `reload` the
    bundle from before goes on deciding. memo_size: how many answers are kept (0: none). verification_key: file with the
    public key (PEM) that the bundle must be signed with, and none need be if it is None.
    """

    def __init__(
        self,
        bundle: Path,
        *,
        memo_size: int = MEMO_SIZE,
        new_id: Callable[[], str] = new_decision_id,
        verification_key: Path | None = None,
    ) -> None:
        self._bundle, self._key = bundle, verification_key
        self._memo_size = memo_size
        self._new_id = new_id
        self._local = threading.local()
        self._counts = Counts()
        self._policy = _Policy(read_bundle(bundle, verification_key), memo_size)

    @property
    def revision(self) -> str:
        """Name the bundle that decides now, by a digest of its content."""
        return self._policy.revision

    @property
    def stats(self) -> EngineStats:
        """Tell the counts since the start."""
        return self._counts.read()

    def reload(self) -> str:
        """Read the bundle again, forget every kept answer, and return the revision that decides from now on.

        The bundle is tried in a child process first, which takes half a second: not for an event loop.
        """
        source = read_bundle(self._bundle, self._key)
        try_in_child(source, entrypoints(source))
        policy = _Policy(source, self._memo_size)
        self._policy = policy
        return policy.revision

    def decide(self, request: PolicyInput) -> Decision:
        """Decide; never raise. What cannot be decided is denied, with `error` set. Safe from any thread."""
        policy, decision_id = self._policy, self._new_id()
        try:
            key = question(request)
            verdict = policy.memo.recall(key)
            remembered = verdict is not None
            if verdict is None:
                verdict = policy.evaluate(self._interpreter(policy), document(request))
                policy.memo.keep(key, verdict)
        except UnfitInputError as error:
            self._counts.add("decisions")
            return unfit(error, decision_id, policy.revision)
        except (NoAnswerError, RegoError, ValueError, TypeError, msgspec.MsgspecError) as error:
            self._counts.add("decisions", "errors")
            _log.error("decision %s on %.80r failed: %s", decision_id, request.action, error)
            return undecided(error, decision_id, policy.revision)
        self._counts.add("decisions", *(("remembered",) if remembered else ()))
        return decided(verdict, decision_id, policy.revision)

    async def ask(self, request: PolicyInput) -> Decision:
        """Decide at once: there is nothing to wait for."""
        return self.decide(request)

    async def missing(self) -> str | None:
        """Return why nothing can be decided now: never, once there is a bundle."""
        return None

    def _interpreter(self, policy: _Policy) -> Interpreter:
        if getattr(self._local, "policy", None) is not policy:
            self._local.interpreter = strict_interpreter()
            self._local.policy = policy
        interpreter: Interpreter = self._local.interpreter
        return interpreter


class _Policy:
    """One compiled bundle and the answers it gave: replaced as one, so that no answer outlives its bundle."""

    def __init__(self, source: BundleSource, memo_size: int) -> None:
        check(source)  # a misspelt row would deny in silence, one that is prepared no more would decide as it did
        self.revision = source.revision
        self.memo = Memo(memo_size)
        self._read = reader(source)
        self._bundle = compile_bundle(source, [self._read.entrypoint])

    def evaluate(self, interpreter: Interpreter, shown: dict[str, Any]) -> Verdict:
        return self._read(ask(interpreter, self._bundle, self._read.entrypoint, shown))
