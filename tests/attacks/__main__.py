"""The command `python -m tests.attacks`: exit status 0 if nothing is accepted, and each guard is needed for that."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.attacks.run import guards, needless, play
from tests.support.federation import running

LEAST = 150


def main(arguments: list[str] | None = None) -> int:
    """Play and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="print problems only")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as site:
        played = list(play(site))
    if not options.short:
        for one in played:
            print(f"{one.result.status if one.result else '---'}  {one.kind:<16}{one.row.name}")
    problems = [one.problem for one in played if one.problem]
    found = guards()
    for guard, without in found.items():
        accepted = sum(1 for one in without if one.result and one.result.accepted)
        print(f"without the guard {guard!r}: {accepted} of {len(without)} accepted")
    problems += needless(found)
    if len(played) < LEAST:
        problems.append(f"only {len(played)} attacks; {LEAST} are wanted")
    for problem in problems:
        print(f"FAILED {problem}")
    accepted = sum(1 for one in played if one.result and one.result.accepted)
    print(
        f"{accepted} accepted of {len(played)}; {len(found)} guards taken out in turn; {time.monotonic() - began:.0f} s"
    )
    print("NOT held" if problems else "held")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
