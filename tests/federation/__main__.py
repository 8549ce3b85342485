"""The command `python -m tests.federation`: exit status 0 if every flow gives every person what is theirs."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from keystoneauth1.exceptions import ClientException
from tests.federation.flows import FLOWS, PEOPLE, login, wanted
from tests.support.federation import running

FIRST = 3.0  # seconds from readiness to the first federated token


def main() -> int:
    """Play and print; the first token's time counts, too."""
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as site:
        login(FLOWS["v3oidcpassword"](site, PEOPLE["private"]))
        first = time.monotonic() - site.ready_at
        print(f"first token {first:.1f} s after the catalogue was ready ({FIRST:.0f} s wanted)\n")
        print(f"{'flow':<26}{'provider':<10}{'user':<12}{'domain':<10}{'project':<18}{'roles':<28}seconds")
        for flow, plugin in FLOWS.items():
            for provider in PEOPLE:
                who = wanted(flow, provider)
                try:
                    found = login(plugin(site, PEOPLE[provider]))
                except (ClientException, AssertionError, OSError) as error:
                    problems.append(f"{flow} by {provider}: {type(error).__name__} {error}")
                    continue
                problems += [f"{flow} by {provider}: {problem}" for problem in found.problems(who)]
                roles = ", ".join(sorted(found.roles))
                print(
                    f"{flow:<26}{provider:<10}{found.username:<12}{found.user_domain:<10}{found.project:<18}"
                    f"{roles:<28}{found.seconds:.2f}"
                )
    if first > FIRST:
        problems.append(f"the first token took {first:.1f} s")
    for problem in problems:
        print(f"FAILED {problem}")
    print("NOT held" if problems else "held")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
