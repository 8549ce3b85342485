"""The verdicts of `make policy` can fail."""

from __future__ import annotations

import pytest
from tests.faults.figures import Figures
from tests.faults.verdict import broken, only
from tests.policies.swapping import Change, Made, judge, outdated
from tests.policies.verdict import LIMITS

from gurum.policy.model import Decision

CHANGES = [Change(0.0, 0.0, "a"), Change(10.0, 11.0, "b"), Change(20.0, 21.0, "a")]


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_breaks_alone(name: str) -> None:
    assert [line.partition(":")[0] for line in broken(only(name, LIMITS), LIMITS)] == [name]


def _made(began: float, revision: str, *, allow: bool = True, error: bool = False) -> Made:
    decision = Decision(allow=allow, visible=True, reason="", decision_id="", revision=revision, error=error)
    return Made(began, began + 0.1, 0, decision)


@pytest.mark.parametrize(
    ("began", "revision", "late"),
    [
        (5.0, "a", False),
        (5.0, "b", True),  # before it was there
        (9.95, "b", False),  # it came while the question was under way
        (10.5, "a", False),
        (10.5, "b", False),
        (11.2, "a", False),  # remembered for a while
        (11.6, "a", True),
        (11.6, "b", False),
        (21.4, "b", False),
        (21.6, "b", True),
    ],
)
def test_a_decision_by_what_was_replaced(began: float, revision: str, late: bool) -> None:
    assert outdated(_made(began, revision), CHANGES, remembered=0.5) is late


def test_what_is_counted() -> None:
    expected: dict[str, list[dict[str, object]]] = {"a": [{"allow": True}], "b": [{"allow": False}]}
    made = [
        _made(5.0, "a"),
        _made(12.0, "b"),  # wrongly allowed
        _made(12.0, "b", allow=False),
        _made(5.0, "a", allow=False),  # wrongly denied
        _made(5.0, "c"),  # by a bundle that there never was
        _made(5.0, "a", error=True),
    ]
    figures = Figures()
    judge("x", made, CHANGES, expected, figures, 0.5)
    assert figures.values == {
        "x_swaps": 2, "x_swap_decisions": 6, "x_swap_undecided": 1, "x_swap_wrongly_allowed": 2, "x_swap_wrong": 3,
        "x_swap_outdated": 1, "x_swap_both_seen": 2,
    }  # fmt: skip
