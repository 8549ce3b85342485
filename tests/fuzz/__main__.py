"""The command `python -m tests.fuzz`: exit status 0 if every answer was as it must be and the run was large enough."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from tests.fuzz import report
from tests.fuzz.chance import repeatable
from tests.fuzz.minimise import Minimiser, Reproducer
from tests.fuzz.play import Player, Tally
from tests.fuzz.world import World


def _progress(done: int, of: int, failures: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{of} requests, {failures} kinds of failure", end="", file=sys.stderr, flush=True)


def _lines(made: Reproducer) -> list[str]:
    lines = [f"#{call.number} {call.curl()}" for call in made.before]
    if len(made.wave) > 1:
        lines.append(f"and at once (interleaved as by seed {made.seed}):")
    return lines + [f"#{call.number} {call.curl()}" for call in made.wave]


async def _run(requests: int, seed: int, minimise: int) -> tuple[Tally, dict[str, list[str] | None]]:
    tally = await Player(requests, seed, _progress).run()
    found: dict[str, list[str] | None] = {}
    for failure in list(tally.failures.values())[:minimise]:
        made = await Minimiser(failure, seed).run()
        found[failure.problem.detail] = None if made is None else _lines(made)
    return tally, found


def main(arguments: list[str] | None = None) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minimise", type=int, default=12, help="failures to look for a reproducer of")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    with repeatable():
        tally, reproducers = asyncio.run(_run(options.requests, options.seed, options.minimise))
        routes = list(World().routes)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    lacking = report.shortfalls(tally, routes, options.requests)
    if options.format == "json":
        print(json.dumps(report.document(tally, routes, options.requests) | {"reproducers": reproducers}, indent=1))
    else:
        print(report.text(tally, routes, options.requests))
        _failures(tally, reproducers)
        for line in lacking:
            print(f"LACKING {line}")
        print("held" if not tally.failures and not lacking else "NOT held")
    return 1 if tally.failures or lacking else 0


def _failures(tally: Tally, reproducers: dict[str, list[str] | None]) -> None:
    for failure in tally.failures.values():
        problem = failure.problem
        print(f"\nFAILED {problem.kind}: {problem.detail} ({failure.count} times; region: {failure.profile.name})")
        print(f"  {failure.call.curl()}\n  mutations {failure.call.mutations}, status {failure.answer.status}")
        print("  " + "\n  ".join(problem.text.strip().splitlines()[-14:]))
        if problem.detail not in reproducers:
            continue
        calls = reproducers[problem.detail]
        if calls is None:
            print(f"  not again; the whole run: --seed {tally.seed}, request {failure.call.number}")
        else:
            print("  reproducer, on a fresh region:\n    " + "\n    ".join(calls))


if __name__ == "__main__":
    sys.exit(main())
