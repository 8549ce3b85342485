"""The run in figures, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Any

from tests.fuzz.plan import FLOOR
from tests.fuzz.play import Tally
from tests.fuzz.world import RouteKey

PAST = 0.30  # the share of requests that must reach a handler
BAR = 36


def shortfalls(tally: Tally, routes: list[RouteKey], asked: int) -> list[str]:
    """Return what the run itself lacks: too few requests of a route, too few past validation."""
    floor = min(FLOOR, asked // max(len(routes), 1))
    found = [f"{key}: {tally.routes[key]} requests, fewer than {floor}" for key in routes if tally.routes[key] < floor]
    if tally.past < PAST * tally.requests:
        found.append(f"{tally.past} of {tally.requests} requests reached a handler, fewer than {PAST:.0%}")
    if asked >= FLOOR * len(routes):
        found += [f"{key}: no request reached its handler" for key in routes if not tally.reached[key]]
    if tally.policy_errors:
        found.append(f"the policy engine failed {tally.policy_errors} times")
    found += [f"in the log: {leak}" for leak in tally.leaks]
    found += [f"left in the store: {sentence}" for sentence in tally.nonsense]
    return found


def text(tally: Tally, routes: list[RouteKey], asked: int) -> str:
    """Return the histogram and the figures."""
    lines = [f"{tally.requests} requests, seed {tally.seed}, {tally.seconds:.0f} s; status by service:"]
    lines += _histogram(tally.statuses)
    counts = [tally.routes[key] for key in routes]
    lines.append(
        f"{len(routes)} routes, requests each: min {min(counts)}, median {median(counts):.0f}, max {max(counts)}"
    )
    lines.append(f"past validation (a handler was reached): {tally.past} = {tally.past / max(tally.requests, 1):.1%}")
    lines.append(
        f"{tally.concurrent} requests were one of several at once; the engine worked {tally.engine} times between; "
        f"{tally.alone} refusals compared the whole store"
    )
    lines.append("regions:   " + _counts(tally.profiles))
    lines.append("asked by:  " + _counts(tally.people))
    lines.append("mutations: " + _counts(tally.mutations))
    lines.append("slowest (processor time of the request's own):")
    lines += [f"  {seconds * 1000:7.1f} ms  {what[:170]}" for seconds, what in sorted(tally.slowest, reverse=True)[:8]]
    return "\n".join(lines)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def _histogram(statuses: Counter[tuple[str, int]]) -> list[str]:
    most = max(statuses.values(), default=1)
    lines = []
    for service in sorted({service for service, _ in statuses}):
        total = sum(count for (name, _), count in statuses.items() if name == service)
        lines.append(f"  {service} ({total})")
        for (name, status), count in sorted(statuses.items()):
            if name == service:
                lines.append(f"    {status}  {'#' * max(round(BAR * count / most), 1):<{BAR}} {count}")
    return lines


def document(tally: Tally, routes: list[RouteKey], asked: int) -> dict[str, Any]:
    """Return the figures for machines."""
    counts = [tally.routes[key] for key in routes]
    return {
        "requests": tally.requests,
        "seed": tally.seed,
        "seconds": round(tally.seconds, 1),
        "routes": len(routes),
        "per_route": {"min": min(counts), "median": median(counts), "max": max(counts)},
        "past_validation": round(tally.past / max(tally.requests, 1), 4),
        "concurrent": tally.concurrent,
        "statuses": {f"{service} {status}": count for (service, status), count in sorted(tally.statuses.items())},
        "slowest_ms": [round(seconds * 1000, 1) for seconds, _ in sorted(tally.slowest, reverse=True)[:5]],
        "failures": [
            {
                "kind": failure.problem.kind,
                "detail": failure.problem.detail,
                "count": failure.count,
                "request": failure.call.curl(),
                "number": failure.call.number,
            }
            for failure in tally.failures.values()
        ],
        "shortfalls": shortfalls(tally, routes, asked),
    }
