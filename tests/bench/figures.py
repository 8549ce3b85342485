"""The figures of a run, their budgets, and how they are shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

BUDGETS: dict[str, float] = json.loads((Path(__file__).parent / "budgets.json").read_text())


@dataclass
class Figures:
    """Name to value, in the order in which they were measured."""

    budgets: dict[str, float] = field(default_factory=lambda: BUDGETS)
    values: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, name: str, value: float) -> None:
        """Take a figure and show it at once: a long run shows how it goes."""
        self.values[name] = round(value, 4)
        budget = self.budgets.get(name)
        told = "" if budget is None else f"of {budget:g}  {_bar(value, budget)}"
        print(f"  {name:<40} {value:>12.3f}  {told}", flush=True)

    def note(self, text: str) -> None:
        """Say something about how it was measured."""
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def over(self, whole: bool) -> list[str]:
        """Return what is over its budget, and in a whole run what was not measured."""
        out = [
            f"{name}: {value:g} is over {self.budgets[name]:g}"
            for name, value in self.values.items()
            if name in self.budgets and value > self.budgets[name]
        ]
        if whole:
            out += [f"{name}: not measured" for name in self.budgets if name not in self.values]
        return out

    def finish(self, whole: bool, out: TextIO, *, as_json: bool) -> int:
        """Say how the run went; return its exit status: 1 when something is over its budget."""
        over = self.over(whole)
        if as_json:
            print(json.dumps(self.document(whole), indent=1), file=out)
        for line in over:
            print(f"over budget: {line}", file=out)
        print(f"{len(self.values)} figures, {len(over)} over budget", file=out)
        return 1 if over else 0

    def document(self, whole: bool) -> dict[str, Any]:
        """Return everything for `-f json`."""
        return {"figures": self.values, "budgets": self.budgets, "over": self.over(whole), "notes": self.notes}


def _bar(value: float, budget: float) -> str:
    width = 20
    filled = min(width, round(width * value / budget)) if budget else width
    return "[" + "#" * filled + "." * (width - filled) + "]" + (" OVER" if value > budget else "")
