"""A process that has imported the stock clients once and forks for every call: `python -m tests.same.warm`.

The `openstack` command spends two seconds in importing itself, more than all its requests take; the script would
spend them some hundred times a cloud. The fork runs the command's own entry point with the words, the environment and
the exit of a command, so what is seen is the stock client. A few steps run the real command, which keeps this honest.

One JSON document a line: a `Job` in, a `Result` out, until standard input ends.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any, cast

import msgspec
from tests.same import sdk

GROUPS = ("openstack.", "cliff.formatter.")
SKIPPED = ("openstack.cli.extension",)  # plugins of the installation: the command loads them when it needs them


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A call: `kind` is openstack (words), sdk or find (payload). `environ` is the whole environment."""

    kind: str
    words: list[str] = []
    payload: sdk.Call | None = None
    environ: dict[str, str] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What it printed, and its exit code."""

    exit: int
    stdout: str
    stderr: str


def prepare() -> None:
    """Import what commands import when they are first used."""
    sys.argv = ["openstack"]  # whose name the command shows is decided while it is imported
    for group in importlib.metadata.entry_points().groups:
        if group.startswith(GROUPS) and group not in SKIPPED:
            for point in importlib.metadata.entry_points(group=group):
                point.load()
    for name in ("openstack.compute.v2._proxy", "openstack.network.v2._proxy", "openstack.image.v2._proxy"):
        importlib.import_module(name)
    from openstackclient.network.v2.network import ListNetwork

    # The first parser reads the metadata of every installed distribution, half of a command's time.
    ListNetwork(cast("Any", None), None).get_parser("network list")


def openstack(job: Job) -> int:
    """Do what the console script does."""
    from openstackclient import shell

    sys.argv = ["openstack", *job.words]
    return int(shell.main() or 0)


KINDS: dict[str, Callable[[Job], int]] = {
    "openstack": openstack,
    "sdk": lambda job: sdk.run(job.payload or sdk.Call()),
    "find": lambda job: sdk.find(job.payload or sdk.Call()),
}


def run(job: Job) -> Result:
    """Run a job in a fork; return what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os._exit(_child(job, out.fileno(), err.fileno()))
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        return Result(
            exit=os.waitstatus_to_exitcode(status),
            stdout=out.read().decode("utf-8", "replace"),
            stderr=err.read().decode("utf-8", "replace"),
        )


def _child(job: Job, out: int, err: int) -> int:
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(job.environ)
    try:
        code = KINDS[job.kind](job)
    except SystemExit as leaving:
        code = _exit_code(leaving.code)
    except BaseException:  # as the interpreter ends a script: the traceback is its output, 1 its exit code
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _exit_code(code: Any) -> int:
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return int(code or 0)


def main() -> int:
    """Serve jobs until standard input ends."""
    prepare()
    for line in sys.stdin:
        answer = msgspec.json.encode(run(msgspec.json.decode(line, type=Job)))
        sys.stdout.write(answer.decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
