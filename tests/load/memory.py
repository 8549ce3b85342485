"""The memory of each process over time: a line through it, and a picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.reads import memory
from tests.support.stack import Stack

BARS = "▁▂▃▄▅▆▇█"
WARM = 1 / 3  # of the samples, from the first: caches fill


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line through (x, y) points; 0 for fewer than two different x."""
    if not points:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def picture(values: Sequence[float], width: int = 60) -> str:
    """Return values as bars from the least to the greatest, at most `width` of them (each the greatest of its part)."""
    if not values:
        return ""
    share = max(1.0, len(values) / width)
    parts = [
        values[int(n * share) : max(int(n * share) + 1, int((n + 1) * share))] for n in range(min(width, len(values)))
    ]
    tops = [max(part) for part in parts if part]
    low, high = min(tops), max(tops)
    return "".join(BARS[int((top - low) / (high - low or 1) * (len(BARS) - 1))] for top in tops)


@dataclass
class Watch:
    """Samples of every process of a run, by name."""

    stack: Stack
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # (hours, MiB)

    def look(self) -> None:
        """Take a sample of each. A process that was started anew is another one."""
        for pid, words in self.stack.children().items():
            name = _name(words)
            if name:
                self.samples.setdefault(f"{name} {pid}", []).append((time.monotonic() / 3600, memory(pid)))

    @property
    def restarts(self) -> int:
        """Return how many processes came after the first look."""
        first = min((points[0][0] for points in self.samples.values()), default=0.0)
        return sum(points[0][0] - first > 1 / 3600 for points in self.samples.values())

    def slopes(self) -> dict[str, float]:
        """Return MiB an hour by process, from the samples after the warm-up."""
        return {name: slope(points[int(len(points) * WARM) :]) for name, points in self.samples.items()}

    def told(self) -> list[str]:
        """Return a line for each process: name, first and last MiB, slope, picture."""
        slopes = self.slopes()
        return [
            f"{name:34} {points[0][1]:7.1f} → {points[-1][1]:7.1f} MiB {slopes[name]:+8.2f} MiB/h  "
            f"{picture([value for _, value in points])}"
            for name, points in self.samples.items()
        ]


def _name(words: Sequence[str]) -> str:
    """Return what a child is called: its module; empty if it is no Python module."""
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""
