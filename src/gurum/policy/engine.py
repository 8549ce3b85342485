"""Decide in this process: the embedded Rego engine (regopy), made safe to use from any thread.

It exists because regopy on its own is not. Its input is state of an interpreter, so a shared interpreter gives wrong
answers in silence: here every thread has its own, over one compiled bundle. It takes the texts of an input for escaped
already and writes them into its answer as they are, so that a quote could forge one: an input with such a text is
denied unevaluated. And an evaluation that fails or is undefined is no answer: it is a denial, with `error` set.

A decision is a function of bundle and question (lint admits deterministic built-ins only), so answers are kept by
question, the request's id left out: it is never shown to the bundle.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from regopy import Interpreter, RegoError

from gurum.policy.answer import entrypoints, reader
from gurum.policy.bundle import BundleSource, read_bundle
from gurum.policy.model import Decision, PolicyInput, Verdict
from gurum.policy.prepared import check
from gurum.policy.rego import NoAnswerError, ask, compile_bundle, strict_interpreter, try_in_child

MEMO_SIZE = 4096

_log = logging.getLogger(__name__)


def new_decision_id() -> str:
    """Return a random UUID, as CADF events want their ids."""
    return str(uuid.uuid4())


class EngineStats(msgspec.Struct, frozen=True):
    """How often it decided since it started, how often from memory, how often it could not."""

    decisions: int
    remembered: int
    errors: int


class EmbeddedDecisionPoint:
    """A `DecisionPoint` over a bundle directory.

    Raises BundleError from the constructor and from `reload` when the bundle is unfit; after a failed `reload` the
    bundle from before goes on deciding. memo_size: how many answers are kept (0: none).
    """

    def __init__(
        self, directory: Path, *, memo_size: int = MEMO_SIZE, new_id: Callable[[], str] = new_decision_id
    ) -> None:
        self._directory = directory
        self._memo_size = memo_size
        self._new_id = new_id
        self._local = threading.local()
        self._lock = threading.Lock()
        self._counts = {"decisions": 0, "remembered": 0, "errors": 0}
        self._policy = _Policy(read_bundle(directory), memo_size)

    @property
    def revision(self) -> str:
        """Name the bundle that decides now, by a digest of its content."""
        return self._policy.revision

    @property
    def stats(self) -> EngineStats:
        """Tell the counts since the start."""
        with self._lock:
            return EngineStats(**self._counts)

    def reload(self) -> str:
        """Read the directory again, forget every kept answer, and return the revision that decides from now on.

        The bundle is tried in a child process first, which takes half a second: not for an event loop.
        """
        source = read_bundle(self._directory)
        try_in_child(self._directory, entrypoints(source))
        policy = _Policy(source, self._memo_size)
        self._policy = policy
        return policy.revision

    def decide(self, request: PolicyInput) -> Decision:
        """Decide; never raise. What cannot be decided is denied, with `error` set. Safe from any thread."""
        policy, decision_id = self._policy, self._new_id()
        try:
            key = _question(request)
            verdict = policy.recall(key)
            remembered = verdict is not None
            if verdict is None:
                verdict = policy.evaluate(self._interpreter(policy), _document(request))
                policy.keep(key, verdict)
        except _UnfitInputError as unfit:
            self._count("decisions")
            return Decision(
                allow=False, visible=False, reason=str(unfit), decision_id=decision_id, revision=policy.revision
            )
        except (NoAnswerError, RegoError, ValueError, TypeError, msgspec.MsgspecError) as error:
            self._count("decisions", "errors")
            _log.error("decision %s on %.80r failed: %s", decision_id, request.action, error)
            return _failed(error, decision_id, policy.revision)
        self._count("decisions", *(("remembered",) if remembered else ()))
        return Decision(
            allow=verdict.allow,
            visible=verdict.visible,
            reason=verdict.reason,
            decision_id=decision_id,
            revision=policy.revision,
            rule=verdict.rule,
            rules=verdict.rules,
            denied=verdict.denied,
            reveals=verdict.reveals,
            scopes=verdict.scopes,
        )

    def _interpreter(self, policy: _Policy) -> Interpreter:
        if getattr(self._local, "policy", None) is not policy:
            self._local.interpreter = strict_interpreter()
            self._local.policy = policy
        interpreter: Interpreter = self._local.interpreter
        return interpreter

    def _count(self, *names: str) -> None:
        with self._lock:
            for name in names:
                self._counts[name] += 1


class _UnfitInputError(Exception):
    """The question holds what no identifier holds; it is denied without asking the engine."""


class _Policy:
    """One compiled bundle and the answers it gave: replaced as one, so that no answer outlives its bundle."""

    def __init__(self, source: BundleSource, memo_size: int) -> None:
        check(source)  # a misspelt row would deny in silence, one that is prepared no more would decide as it did
        self.revision = source.revision
        self._read = reader(source)
        self._bundle = compile_bundle(source, [self._read.entrypoint])
        self._memo_size = memo_size
        self._memo: OrderedDict[bytes, Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, key: bytes) -> Verdict | None:
        with self._lock:
            verdict = self._memo.get(key)
            if verdict is not None:
                self._memo.move_to_end(key)
            return verdict

    def keep(self, key: bytes, verdict: Verdict) -> None:
        if not self._memo_size:
            return
        with self._lock:
            self._memo[key] = verdict
            while len(self._memo) > self._memo_size:
                self._memo.popitem(last=False)

    def evaluate(self, interpreter: Interpreter, document: dict[str, Any]) -> Verdict:
        return self._read(ask(interpreter, self._bundle, self._read.entrypoint, document))


def _question(request: PolicyInput) -> bytes:
    """Encode what a decision may depend on. Raises _UnfitInputError for a text that the engine would not write safely.

    A backslash stands in JSON only where a text holds a quote, a backslash or a control character.
    """
    question = msgspec.json.encode((request.action, request.rule, request.principal, request.target, request.region))
    if b"\\" in question:
        raise _UnfitInputError("the input holds a quote, a backslash or a control character")
    return question


def _document(request: PolicyInput) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(request)
    document.pop("request", None)
    return document


def _failed(error: Exception, decision_id: str, revision: str) -> Decision:
    return Decision(
        allow=False,
        visible=False,
        reason=f"no decision: {error}",
        decision_id=decision_id,
        revision=revision,
        error=True,
    )
