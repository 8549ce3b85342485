"""The few calls of regopy that are made, so that every one of them is made safely.

It exists because regopy's defaults are wrong for permissions: a built-in that fails is undefined instead of an
error, a failed evaluation is an output like any other, and its text is not JSON. Interpreters must not be shared
between threads; a compiled `Bundle` may be.
"""

from __future__ import annotations

from typing import Any

from regopy import Bundle, Interpreter, RegoError

from gurum.policy.bundle import BundleError, BundleSource


class NoAnswerError(Exception):
    """The evaluation failed, or what was asked for is undefined."""


def compile_bundle(source: BundleSource, entrypoints: list[str], *, tests: bool = False) -> Bundle:
    """Compile the modules (and the tests, if asked) for the `entrypoints`. Raises BundleError if they do not."""
    interpreter = strict_interpreter()
    try:
        interpreter.add_data(source.data)
        for module in source.modules + (source.tests if tests else ()):
            interpreter.add_module(module.path, module.text)
        bundle = interpreter.build(None, entrypoints)
    except (RegoError, ValueError) as error:
        raise BundleError(f"the bundle does not compile: {error}") from error
    if not bundle.ok():
        raise BundleError("the bundle does not compile")
    return bundle


def evaluate(interpreter: Interpreter, bundle: Bundle, entrypoint: str, document: dict[str, Any]) -> Any:
    """Return the value of `entrypoint` for an input. Raises RegoError, ValueError or NoAnswerError when there is none.

    A ValueError means that the engine's answer was not JSON: it writes texts without escaping them.
    """
    interpreter.set_input(document)
    output = interpreter.query_bundle_entrypoint(bundle, entrypoint)
    if not output.ok():
        raise NoAnswerError(f"evaluation failed: {output}")
    results = output.results
    if len(results) != 1 or len(results[0].expressions) != 1:
        raise NoAnswerError(f"{entrypoint} is undefined")
    return results[0].expressions[0]


def strict_interpreter() -> Interpreter:
    """Return an interpreter for one thread, in which a failing built-in fails the evaluation."""
    interpreter = Interpreter()
    interpreter.strict_built_in_errors = True
    return interpreter
