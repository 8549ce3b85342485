"""The result for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec
from tests.interop.reasons import Reason
from tests.interop.results import Result, Status
from tests.interop.switches import Switch
from tests.interop.verdict import Tally


def table(
    tallies: Mapping[str, Tally], results: Sequence[Result], reasons: Mapping[str, Reason], switches: Sequence[Switch]
) -> str:
    """Return the figures, then what did not pass with its reason, then what Tempest was told to leave out."""
    lines = [f"{'service':<10}{'tests':>7}{'passed':>8}{'floor':>7}{'failed':>8}{'skipped':>9}  not passed, by reason"]
    for service, row in tallies.items():
        classes = ", ".join(f"{count} {name}" for name, count in row.classes.items())
        lines.append(
            f"{service:<10}{row.tests:>7}{row.passed:>8}{row.floor:>7}{row.failed:>8}{row.skipped:>9}  {classes}"
        )
    rest = [result for result in results if result.status is not Status.PASSED]
    if rest:
        lines += ["", "Not passed:"]
    for result in rest:
        reason = reasons.get(result.test)
        lines.append(f"  {result.status:<8}{reason.reason if reason else 'unexplained':<15}{result.test}")
        lines.append(f"  {'':<23}{reason.why if reason else 'No row says why.'}")
        lines.append(f"  {'':<23}Tempest: {result.text}")
    lines += ["", "Told to Tempest (each checked against what the region advertises):"]
    lines += [f"  {switch.option} = {str(switch.value).lower():<8} {switch.why}" for switch in switches]
    return "\n".join(lines)


def document(
    region: str,
    tallies: Mapping[str, Tally],
    results: Sequence[Result],
    reasons: Mapping[str, Reason],
    switches: Sequence[Switch],
    broken: Sequence[str],
) -> str:
    """Return the same as one JSON document."""
    rows = []
    for result in results:
        row = msgspec.to_builtins(result)
        reason = reasons.get(result.test)
        if reason is not None and result.status is not Status.PASSED:
            row |= {"class": reason.reason.value, "why": reason.why}
        rows.append(row)
    return json.dumps(
        {
            "region": region,
            "services": msgspec.to_builtins(tallies),
            "tests": rows,
            "switches": msgspec.to_builtins(switches),
            "broken": list(broken),
        },
        indent=2,
    )
