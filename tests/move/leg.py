"""One leg: an operator's command, killed where it is told to be, and run again until it is done."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import msgspec
from tests.support.stack import BIN


class Point(msgspec.Struct, frozen=True):
    """Where to kill: when so much (a part of one) is copied, or verified."""

    share: float
    verifying: bool = False


class Outcome(msgspec.Struct, kw_only=True):
    """What became of a leg. per_second: objects written, in the first run, until it was killed or done.

    kills: those that came in time; what is quick may be done before the last of them.
    """

    report: dict[str, Any]
    status: int
    kills: int
    per_second: float


class _Run(msgspec.Struct, kw_only=True):
    """A run of the command. status: -9 if it was killed in time. per_second: as it said last while it copied."""

    status: int
    out: str
    err: str
    per_second: float


def leg(
    words: Sequence[str], points: Sequence[Point], environ: Mapping[str, str], between: Callable[[], None]
) -> Outcome:
    """Run `gurum store copy` with these words, killed once at each point; `between` is called after each kill."""
    rates: list[float] = []
    for point in (*points, None):
        run = _run(words, point, environ)
        rates.append(run.per_second)
        if run.status != -9:
            break
        between()
    if not run.out:
        raise RuntimeError(f"gurum store copy ended with {run.status}: {run.err[-2000:]}")
    return Outcome(report=json.loads(run.out), status=run.status, kills=len(rates) - 1, per_second=rates[0])


def _run(words: Sequence[str], point: Point | None, environ: Mapping[str, str]) -> _Run:
    command = [str(BIN / "gurum"), "store", "copy", *words, "-f", "json"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True, env=dict(environ))
        assert process.stderr is not None
        rate, err = _followed(process.stderr, point, process.kill)
        process.wait()
        process.stderr.close()
        out.seek(0)
        return _Run(status=process.returncode, out=out.read(), err=err, per_second=rate)


def _followed(lines: IO[str], point: Point | None, kill: Callable[[], None]) -> tuple[float, str]:
    """Read to the end, and kill at the point; return the last rate of the copy, and all that was said beside."""
    done: dict[tuple[bool, str], int] = {}
    rate, err = 0.0, ""
    for text in lines:
        if not text.startswith("{"):
            err += text
            continue
        line = json.loads(text)
        done[line["verifying"], line["kind"]] = line["done"]
        if not line["verifying"] and line["kind"] != "journal":
            rate = float(line["per_second"])
        so_far = sum(number for (verifying, _), number in done.items() if verifying == line["verifying"])
        if (
            point is not None
            and point.verifying == line["verifying"]
            and so_far >= point.share * (so_far + line["left_in_all"])
        ):
            kill()
    return rate, err
