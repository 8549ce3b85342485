"""The few calls of regopy that are made, so that every one of them is made safely.

It exists because regopy's defaults are wrong for permissions: a built-in that fails is undefined instead of an
error, and a failed evaluation is an output like any other. Interpreters must not be shared
between threads; a compiled `Bundle` may be. And the compiler ends the whole process (`abort`) on some modules that
it does not expect, which is why a bundle is compiled in a child process before a running region takes it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import msgspec
from regopy import Bundle, Interpreter, LogLevel, RegoError, rego_shared

from gurum.policy.bundle import BundleError, BundleSource

PROBE_SECONDS = 30.0

_text, _item, _object, _array = (
    getattr(rego_shared.rego, f"regoInput{kind}") for kind in ("String", "ObjectItem", "Object", "Array")
)
_boolean, _null, _integer, _float = (
    getattr(rego_shared.rego, f"regoInput{kind}") for kind in ("Boolean", "Null", "Int", "Float")
)
_OK = rego_shared.Code.OK
_MESSAGE = re.compile(r"\(errormsg \d+:([^)]*)\)\s*\(errorast \|(\d+)\|")


class NoAnswerError(Exception):
    """The evaluation failed, or what was asked for is undefined."""


def strict_interpreter() -> Interpreter:
    """Return an interpreter for one thread, in which a failing built-in fails the evaluation."""
    interpreter = Interpreter()
    interpreter.strict_built_in_errors = True
    interpreter.log_level = LogLevel.NONE  # it would write to standard output
    return interpreter


def compile_bundle(source: BundleSource, entrypoints: list[str], *, tests: bool = False) -> Bundle:
    """Compile the modules (and the tests, if asked) for the `entrypoints`. Raises BundleError if they do not."""
    interpreter = strict_interpreter()
    interpreter.add_data(source.data)
    for module in source.modules + (source.tests if tests else ()):
        try:
            interpreter.add_module(module.path, module.text)
        except RegoError as error:
            raise BundleError(_explain(error, module.path, module.text)) from error
    try:
        bundle = interpreter.build(None, entrypoints)
    except RegoError as error:
        raise BundleError(_explain(error, "the bundle", "")) from error
    if not bundle.ok():
        raise BundleError(f"the bundle does not compile for {', '.join(entrypoints)}")
    return bundle


def evaluate(interpreter: Interpreter, bundle: Bundle, entrypoint: str, document: dict[str, Any]) -> Any:
    """Return the value of `entrypoint` for an input. As `ask`; raises ValueError also when no JSON came back."""
    results = json.loads(ask(interpreter, bundle, entrypoint, document))["expressions"]
    if len(results) != 1:
        raise NoAnswerError(f"{entrypoint} is undefined")
    return results[0]


def ask(interpreter: Interpreter, bundle: Bundle, entrypoint: str, document: dict[str, Any]) -> bytes:
    """Return what `entrypoint` is for an input, as the engine writes it: {"expressions":[value]}.

    Raises RegoError, ValueError or NoAnswerError when there is no value.
    The texts of the document must not need escaping in JSON: the engine takes them for escaped already, and a quote
    in one would be no JSON or, well chosen, another answer.
    regopy's own `set_input` and `Output` do the same with twice the calls, and read each answer three times.
    """
    _set_input(interpreter, document)
    output = rego_shared.rego_bundle_query_entrypoint(interpreter._impl, bundle._impl, entrypoint)
    try:
        if not rego_shared.rego_output_ok(output):
            raise NoAnswerError("the evaluation failed")
        text: str = rego_shared.rego_output_string(output)
    finally:
        rego_shared.rego_free_output(output)
    if text == "undefined":
        raise NoAnswerError(f"{entrypoint} is undefined")
    return text.encode()


def _set_input(interpreter: Interpreter, document: dict[str, Any]) -> None:
    handle = rego_shared.rego_new_input()
    try:
        _push(handle, document)
        rego_shared.rego_set_input(interpreter._impl, handle)
    finally:
        rego_shared.rego_free_input(handle)


def _push(handle: int, value: Any) -> None:
    """Put a value on the input's stack: what is in it first, then how many of them it holds."""
    kind = type(value)
    if kind is str:
        code = _text(handle, value.encode())
    elif kind is dict:
        for key, inner in value.items():
            _push(handle, key)
            _push(handle, inner)
            _item(handle)
        code = _object(handle, len(value))
    elif kind is tuple or kind is list:
        for inner in value:
            _push(handle, inner)
        code = _array(handle, len(value))
    elif kind is bool:
        code = _boolean(handle, value)
    elif value is None:
        code = _null(handle)
    elif kind is int:
        code = _integer(handle, value)
    elif kind is float:
        code = _float(handle, value)
    else:
        raise ValueError(f"an input has no {kind.__name__}")
    if code != _OK:
        raise RegoError("the engine does not take the input", code)


def try_in_child(source: BundleSource, entrypoints: list[str], *, tests: bool = False) -> None:
    """Compile the bundle in a process of its own. Raises BundleError when that fails, or ends the process.

    Takes the start of a Python (some 0.3 s) and the compilation; at most PROBE_SECONDS. The child is handed what was
    read: what it tries is what will decide, whatever becomes of the files meanwhile.
    """
    command = [sys.executable, "-m", "gurum.policy.rego", "tests" if tests else "", *entrypoints]
    try:
        child = subprocess.run(  # noqa: S603 - our own module, no shell
            command, input=msgspec.msgpack.encode(source), capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"the bundle does not compile within {PROBE_SECONDS:.0f} s") from error
    said = child.stderr.decode(errors="replace").strip()
    if child.returncode < 0:
        raise BundleError(f"the engine ends the process on the bundle: {said[-300:]}")
    if child.returncode:
        raise BundleError(said or "the bundle does not compile")


def _explain(error: RegoError, path: str, text: str) -> str:
    """Tell what the engine says, and where. It says so in a syntax tree, of which the first message is enough."""
    said = str(error)
    found = _MESSAGE.search(said)
    if found is None:
        return f"{path}: it does not compile: {said[:300]}"
    line = text.encode()[: int(found.group(2))].count(b"\n") + 1
    return f"{path}:{line}: {found.group(1)}"


def _main(arguments: list[str]) -> int:
    tests, *entrypoints = arguments
    try:
        source = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=BundleSource)
        compile_bundle(source, entrypoints, tests=bool(tests))
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
