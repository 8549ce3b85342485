"""What the two engines have in common: which question it is, whether it is fit, and answers that are kept by it.

It exists so that an OPA server and the embedded engine cannot differ in it. The embedded engine takes the texts of an
input for escaped already and writes them into its answer as they are, so that a quote could forge one: a question with
such a text is denied unasked, by either. What a decision may depend on is the question without the request's id, which
is shown to neither.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from typing import Any

import msgspec

from gurum.policy.model import Decision, PolicyInput, Verdict

MEMO_SIZE = 4096


class UnfitInputError(Exception):
    """The question holds what no identifier holds; it is denied without asking."""


class EngineStats(msgspec.Struct, frozen=True):
    """How often it decided since it started, how often from memory, how often it could not."""

    decisions: int
    remembered: int
    errors: int


class Counts:
    """The figures of `EngineStats`, counted by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(EngineStats.__struct_fields__, 0)

    def add(self, *names: str) -> None:
        """Count one more of each."""
        with self._lock:
            for name in names:
                self._counts[name] += 1

    def read(self) -> EngineStats:
        """Return the figures."""
        with self._lock:
            return EngineStats(**self._counts)


class Memo:
    """Verdicts by question, the most recently used `size` of them (0: none). Safe from any thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[bytes, Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, key: bytes) -> Verdict | None:
        """Return what was kept."""
        with self._lock:
            verdict = self._kept.get(key)
            if verdict is not None:
                self._kept.move_to_end(key)
            return verdict

    def keep(self, key: bytes, verdict: Verdict) -> None:
        """Keep an answer."""
        if not self._size:
            return
        with self._lock:
            self._kept[key] = verdict
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


def new_decision_id() -> str:
    """Return a random UUID, as CADF events want their ids."""
    return str(uuid.uuid4())


def question(request: PolicyInput) -> bytes:
    """Encode what a decision may depend on. Raises UnfitInputError for a text that an engine would not write safely.

    A backslash stands in JSON only where a text holds a quote, a backslash or a control character.
    """
    encoded = msgspec.json.encode((request.action, request.rule, request.principal, request.target, request.region))
    if b"\\" in encoded:
        raise UnfitInputError("the input holds a quote, a backslash or a control character")
    return encoded


def document(request: PolicyInput) -> dict[str, Any]:
    """Return what an engine is shown."""
    shown: dict[str, Any] = msgspec.to_builtins(request)
    shown.pop("request", None)
    return shown


def decided(verdict: Verdict, decision_id: str, revision: str) -> Decision:
    """Return the decision that a verdict is."""
    return Decision(
        allow=verdict.allow,
        visible=verdict.visible,
        reason=verdict.reason,
        decision_id=decision_id,
        revision=revision,
        rule=verdict.rule,
        rules=verdict.rules,
        denied=verdict.denied,
        reveals=verdict.reveals,
        scopes=verdict.scopes,
    )


def unfit(error: UnfitInputError, decision_id: str, revision: str) -> Decision:
    """Return the denial of what was not asked."""
    return Decision(allow=False, visible=False, reason=str(error), decision_id=decision_id, revision=revision)


def undecided(error: object, decision_id: str, revision: str) -> Decision:
    """Return the denial of what could not be decided."""
    return Decision(
        allow=False,
        visible=False,
        reason=f"no decision: {error}",
        decision_id=decision_id,
        revision=revision,
        error=True,
    )
