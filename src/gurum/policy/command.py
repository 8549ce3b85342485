"""`gurum policy test`, `prepare` and `bundle`: try a bundle, write what it has prepared of its table, pack it.

They exist so that a change of policy is tried before it is rolled out, in the same engine that will decide. Exit
status: 0 all passed, 1 a test failed, 2 the bundle is unfit or the arguments are wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gurum.ops.secrets import SecretError
from gurum.policy.answer import entrypoints
from gurum.policy.building import build
from gurum.policy.bundle import BundleError, read_bundle
from gurum.policy.files import FilesError
from gurum.policy.prepared import PATH, written
from gurum.policy.rego import try_in_child
from gurum.policy.signature import SignatureError
from gurum.policy.testing import Failure, Outcome, Report, entrypoints_of_tests, run_tests

PASSED, FAILED, UNFIT = 0, 1, 2
SHOWN = 20  # failures in the table format; the JSON has all


def main(argv: Sequence[str]) -> int:
    """Run `gurum policy test` with the arguments after "test", and return its exit status.

    The report goes to standard output, progress and errors to standard error. Bad arguments raise SystemExit(2).
    """
    options = _parser().parse_args(argv)
    directory: Path = options.bundle
    try:
        source = read_bundle(directory)
        names = [name for module in source.tests for name in entrypoints_of_tests(module)]
        try_in_child(source, [*entrypoints(source), *names], tests=True)
        report = run_tests(source, only=options.only, progress=None if options.quiet else _tell)
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return UNFIT
    if options.format == "json":
        sys.stdout.write(_json(report) + "\n")
    else:
        sys.stdout.write(_table(report))
    return PASSED if report.ok else FAILED


def prepare(directory: Path) -> int:
    """Write the bundle's prepared rows anew, if they are not what its table says, and return the exit status."""
    try:
        content = written(read_bundle(directory))
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return UNFIT
    path = directory / PATH
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sys.stderr.write(f"wrote {path}\n")
    return PASSED


def bundle(directory: Path, into: Path, key: Path | None, key_id: str) -> int:
    """Write the bundle as one file in OPA's form, signed if there is a key, and return the exit status."""
    try:
        revision = build(directory, into, key, key_id)
    except (BundleError, FilesError, SignatureError, SecretError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return UNFIT
    how = f"signed with {key} as {key_id}" if key is not None else "not signed"
    sys.stderr.write(f"wrote {into}: revision {revision}, {how}\n")
    return PASSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gurum policy test", description="Run the tests of a policy bundle.")
    parser.add_argument("bundle", type=Path, nargs="?", default=Path("policy"), help="its directory (policy)")
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table")
    parser.add_argument("--only", default="", metavar="TEXT", help="only tests whose names contain it")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return parser


def _tell(outcome: Outcome) -> None:
    state = "FAIL" if outcome.failures else "ok"
    sys.stderr.write(f"{state:4} {outcome.test} ({outcome.cases} cases)\n")
    sys.stderr.flush()


def _table(report: Report) -> str:
    lines = [_line(failure) for failure in report.failures[:SHOWN]]
    if len(report.failures) > SHOWN:
        lines.append(f"... and {len(report.failures) - SHOWN} more")
    if not report.outcomes:
        lines.append("there are no tests")
    lines.append(
        f"bundle {report.revision}: {len(report.outcomes)} tests, {report.cases} cases, "
        f"{len(report.failures)} failed, {report.seconds:.1f} s"
    )
    return "\n".join(lines) + "\n"


def _line(failure: Failure) -> str:
    want, got = (msgspec.json.encode(value).decode() for value in (failure.want, failure.got))
    return f"FAIL {failure.case}: wanted {want}, got {got}"


def _json(report: Report) -> str:
    document = {
        "revision": report.revision,
        "ok": report.ok,
        "cases": report.cases,
        "failed": len(report.failures),
        "seconds": round(report.seconds, 3),
        "tests": report.outcomes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
