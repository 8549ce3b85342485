"""The figures of a run: shown as they come, judged and printed at the end."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.faults.verdict import Limits, broken


class Figures:
    """Name to value, in the order in which they were measured. `say` writes a line of progress."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Show at once how it goes; never on standard output, which is the answer's."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)

    def put(self, name: str, value: float) -> None:
        """Take a figure."""
        self.values[name] = round(value, 4)
        self.say(f"{name} = {self.values[name]:g}")

    def end(self, limits: Limits, as_json: bool) -> int:
        """Print everything and the summary; return the exit status."""
        wrong = broken(self.values, limits)
        took = time.monotonic() - self._began
        if as_json:
            rows = {name: {"must": relation, "bound": bound} for name, (relation, bound) in limits.items()}
            print(json.dumps({"figures": self.values, "limits": rows, "broken": wrong, "seconds": round(took, 1)}))
        else:
            for name, value in self.values.items():
                must = (
                    "".join(f"  must be {relation} {bound:g}" for relation, bound in [limits[name]])
                    if name in limits
                    else ""
                )
                print(f"{name:<36} {value:>10g}{must}")
        for line in wrong:
            print(f"FAILED {line}", file=sys.stderr)
        held = f"NOT held: {len(wrong)} of {len(limits)}" if wrong else f"held: all {len(limits)}"
        # The last line; on standard error with -f json, so that the answer stays one document.
        print(f"{held}, {took:.0f} s", file=sys.stderr if as_json else sys.stdout, flush=True)
        return 1 if wrong else 0


def command(
    module: str,
    doc: str | None,
    limits: Limits,
    play: Callable[..., None],
    options: Mapping[str, tuple[float, str]] | None = None,
) -> int:
    """Be a command: parse, play in a directory of its own, judge.

    options: by name the default and a word of help; `play(directory, figures, **options)`.
    """
    more = options or {}
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=doc)
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table")
    for name, (default, told) in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"{told} (default: {default:g})")
    given = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="gurum-") as directory:
        play(Path(directory), figures, **{name: getattr(given, name) for name in more})
    return figures.end(limits, given.format == "json")
