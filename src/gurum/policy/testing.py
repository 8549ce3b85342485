"""Run a bundle's own tests: its rules named test_* in *_test.rego, each a case or a collection of cases.

It exists so that whoever changes the policy learns what the change allows before a region does. A case is data,
{"name", "input", "want"}: the input is decided as in production, and every key of `want` must be in the answer with
that value. (`with input as`, OPA's way to write a test, makes the embedded engine abort the process; lint refuses
it.) A test without a case fails: it would pass whatever the policy says.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from regopy import Bundle, Interpreter, RegoError

from gurum.policy.answer import ANSWER, ENTRYPOINT, entrypoints
from gurum.policy.bundle import BundleSource, Source, read_bundle
from gurum.policy.lint import package, rules
from gurum.policy.model import Scopes, Verdict
from gurum.policy.prepared import check
from gurum.policy.rego import NoAnswerError, compile_bundle, evaluate, strict_interpreter

Decide = Callable[[Interpreter, Bundle, dict[str, Any]], Any]


class Failure(msgspec.Struct, frozen=True):
    """A case that did not come out as wanted; `got` holds the wanted keys only, or {"error": why}."""

    case: str
    want: dict[str, Any]
    got: dict[str, Any]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one test rule."""

    test: str
    cases: int
    failures: tuple[Failure, ...]


class Report(msgspec.Struct, frozen=True):
    """What became of all tests of the bundle with that revision, in `seconds` of wall time."""

    revision: str
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def cases(self) -> int:
        """Count the cases that were decided."""
        return sum(outcome.cases for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the failures of all tests."""
        return tuple(failure for outcome in self.outcomes for failure in outcome.failures)

    @property
    def ok(self) -> bool:
        """Tell whether there were tests and all of them passed."""
        return bool(self.outcomes) and not self.failures


class Case(msgspec.Struct, frozen=True):
    """One input and what the decision on it must hold."""

    input: dict[str, Any]
    want: dict[str, Any]
    name: str = ""


def run_bundle_tests(directory: Path, *, only: str = "", progress: Callable[[Outcome], None] | None = None) -> Report:
    """Run the tests of the bundle in `directory` whose names contain `only`, and tell `progress` of each as it ends.

    Raises BundleError when the bundle is unfit. What is decided is not kept, and nothing is written.
    """
    return run_tests(read_bundle(directory), only=only, progress=progress)


def run_tests(source: BundleSource, *, only: str = "", progress: Callable[[Outcome], None] | None = None) -> Report:
    """Run the tests of a bundle that was read. As `run_bundle_tests`."""
    started = time.monotonic()
    check(source)
    says = entrypoints(source)
    names = [name for module in source.tests for name in entrypoints_of_tests(module) if only in name]
    bundle = compile_bundle(source, [*says, *names], tests=True)
    interpreter = strict_interpreter()
    decide = _both if ANSWER in says else _decided
    outcomes = []
    for name in names:
        outcome = _run(interpreter, bundle, name, decide)
        if progress is not None:
            progress(outcome)
        outcomes.append(outcome)
    return Report(source.revision, tuple(outcomes), time.monotonic() - started)


def entrypoints_of_tests(module: Source) -> list[str]:
    """Return the entrypoints (package/rule) of the rules named test_* in a module, in their order, each once."""
    path = package(module.text).replace(".", "/")
    return [f"{path}/{name}" for name in rules(module.text) if name.startswith("test_")]


def _run(interpreter: Interpreter, bundle: Bundle, name: str, decide: Decide) -> Outcome:
    try:
        value = evaluate(interpreter, bundle, name, {})
        cases = msgspec.convert(value if isinstance(value, list) else [value], list[Case])
    except (NoAnswerError, RegoError, ValueError, msgspec.MsgspecError) as error:
        return Outcome(name, 0, (Failure(name, {}, {"error": f"it gives no cases: {error}"}),))
    if not cases:
        return Outcome(name, 0, (Failure(name, {}, {"error": "it gives no cases"}),))
    failures = []
    for number, case in enumerate(cases):
        got = _got(decide, interpreter, bundle, case)
        if got != case.want or not case.want:
            failures.append(Failure(case.name or str(number), case.want, got))
    return Outcome(name, len(cases), tuple(failures))


def _got(decide: Decide, interpreter: Interpreter, bundle: Bundle, case: Case) -> dict[str, Any]:
    try:
        decision = decide(interpreter, bundle, case.input)
        return {key: decision[key] for key in case.want}
    except (NoAnswerError, RegoError, ValueError, KeyError, TypeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _decided(interpreter: Interpreter, bundle: Bundle, question: dict[str, Any]) -> Any:
    return evaluate(interpreter, bundle, ENTRYPOINT, question)


def _both(interpreter: Interpreter, bundle: Bundle, question: dict[str, Any]) -> Any:
    decision = _decided(interpreter, bundle, question)
    answer = evaluate(interpreter, bundle, ANSWER, question)
    named = dict(zip(Verdict.__struct_fields__, answer, strict=True))
    if named["scopes"] is not None:
        named["scopes"] = dict(zip(Scopes.__struct_fields__, named["scopes"], strict=True))
    if decision != named:
        raise ValueError(f"the decision is {decision}, the answer {answer}")
    return decision
