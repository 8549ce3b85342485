"""What the figures of `make policy` must be. No process, no clock: tested by itself."""

from __future__ import annotations

from tests.faults.verdict import Limits
from tests.policies.unfit import BOTH, EMBEDDED
from tests.support.badopa import WAYS

DEADLINE = 0.5
SLACK = 0.35  # seconds that a denial may come after the deadline, on a machine that does other things
REMEMBERED = 0.2

LANGUAGE: Limits = {
    "opa_check_findings": ("==", 0),
    "opa_fmt_differences": ("==", 0),
    "cases": (">=", 300),
    "cases_failed": ("==", 0),
    "opa_cases": (">=", 300),
    "opa_cases_failed": ("==", 0),
    "rules_covered_percent": (">=", 100),
}
SAME: Limits = {
    "questions": (">=", 5000),
    "questions_allowed": (">=", 600),
    "questions_hidden": (">=", 500),
    "questions_with_scopes": (">=", 50),
    "differences": ("==", 0),
    "differences_from_oracle": ("==", 0),
    "embedded_p50_ms": ("<=", 0.4),
    "list_objects": (">=", 10000),
    "list_decisions": ("==", 1),
    "list_wrong": ("==", 0),
}
SWAPPED: Limits = {
    f"{engine}_{name}": limit
    for engine in ("embedded", "opa")
    for name, limit in {
        "swaps": (">=", 100),
        "swap_decisions": (">=", 5000),
        "swap_undecided": ("==", 0),
        "swap_wrongly_allowed": ("==", 0),
        "swap_wrong": ("==", 0),
        "swap_outdated": ("==", 0),
        "swap_both_seen": ("==", 2),
    }.items()
}
REFUSED: Limits = {
    **{f"embedded_refuses_{way}": ("==", 1) for way in (*BOTH, *EMBEDDED)},
    **{f"opa_refuses_{way}": ("==", 1) for way in BOTH},
}
FAILING: Limits = {
    **{f"denied_{way}": ("==", 1) for way in (*WAYS, "dead", "stopped", "killed")},
    "denied_at_the_latest_s": ("<=", DEADLINE + SLACK),
    "decides_again": ("==", 1),
}
LIMITS: Limits = {**LANGUAGE, **SAME, **SWAPPED, **REFUSED, **FAILING}
