"""What pytest is told about tests whose real part cannot be had: left out, counted, and said at the end.

In CI (`CI` is set) they stay, and fail by what their fixtures raise: there, nothing may be missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest


class Missing:
    """what: "a real OPA". why: returns why a test cannot be run, or nothing."""

    def __init__(self, what: str, why: Callable[[pytest.Item], str]) -> None:
        self._what, self._why = what, why
        self.reasons: dict[str, int] = {}

    def leave_out(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Take them from the list; in CI they stay."""
        if os.environ.get("CI"):
            return
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            reason = self._why(item)
            if reason:
                self.reasons[reason] = self.reasons.get(reason, 0) + 1
            (left if reason else kept).append(item)
        if left:
            items[:] = kept
            config.hook.pytest_deselected(items=left)

    def tell(self, terminal: pytest.TerminalReporter) -> None:
        """Say how many were not run, and why."""
        for reason, number in self.reasons.items():
            terminal.write_line(f"NOT RUN: {number} tests on {self._what}. {reason}", red=True, bold=True)
