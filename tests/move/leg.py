"""One leg: an operator's command, killed where it is told to be, and run again until it is done."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from tests.support.stack import BIN


class Point(msgspec.Struct, frozen=True):
    """Where to kill: when so much (a part of one) is copied, or verified."""

    share: float
    verifying: bool = False


class Outcome(msgspec.Struct, kw_only=True):
    """What became of a leg. per_second: objects written, in the first run, until it was killed or done."""

    report: dict[str, Any]
    status: int
    kills: int
    per_second: float
    resumed: int  # runs that went on with one before them
    written: int  # objects, in the last run


def leg(
    words: Sequence[str], points: Sequence[Point], environ: Mapping[str, str], between: Callable[[], None]
) -> Outcome:
    """Run `gurum store copy` with these words, killed once at each point; `between` is called after each kill.

    Raises RuntimeError when a kill came late.
    """
    rates: list[float] = []
    for number, point in enumerate(points):
        rate = _killed(words, point, environ)
        if rate is None:
            raise RuntimeError(f"the copy was over before it could be killed at point {number + 1}: {point}")
        rates.append(rate)
        between()
    done = subprocess.run(_command(words), capture_output=True, text=True, env=dict(environ))
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"gurum store copy ended with {done.returncode}: {done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    own = report["written"] / report["copy_seconds"] if report["copy_seconds"] else 0.0
    return Outcome(
        report=report,
        status=done.returncode,
        kills=len(points),
        per_second=rates[0] if rates else own,
        resumed=int(report["resumed"]),
        written=report["written"],
    )


def _killed(words: Sequence[str], point: Point, environ: Mapping[str, str]) -> float | None:
    """Start the command and kill it there; return its rate until then, None if it ended first."""
    process = subprocess.Popen(
        _command(words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(environ)
    )
    assert process.stderr is not None
    before: dict[str, int] = {}
    said = []
    for text in process.stderr:
        said.append(text)
        if not text.startswith("{"):
            continue
        line = json.loads(text)
        if line["verifying"] != point.verifying:
            continue
        before[line["kind"]] = line["done"]
        done = sum(before.values())
        if done >= point.share * (done + line["left_in_all"]):
            process.kill()
            process.wait()
            process.stderr.close()
            return float(line["per_second"])
    process.wait()
    process.stderr.close()
    sys.stderr.writelines(said[-3:])
    return None


def _command(words: Sequence[str]) -> list[str]:
    return [str(BIN / "gurum"), "store", "copy", *words, "-f", "json"]
