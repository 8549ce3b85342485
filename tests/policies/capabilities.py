"""`policy/capabilities.json`: what OPA may know of its own language, so that it refuses what `gurum.policy.lint` does.

    python -m tests.policies.capabilities        # write it anew, from the OPA of `make opa` and the lint's list

It exists because the embedded engine lacks, or does otherwise, a fifth of OPA's built-ins, and the newest syntax; and
because an author who works with OPA's own tools should learn of it from them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support import opa

from gurum.policy.lint import ALLOWED

PATH = Path(__file__).parents[2] / "policy" / "capabilities.json"

OPERATORS = frozenset(
    (
        *("and", "assign", "div", "eq", "equal", "gt", "gte", "lt", "lte", "minus", "mul", "neq", "or", "plus", "rem"),
        *("internal.member_2", "internal.member_3"),
    )
)
"""Built-ins that are written as signs, or as `in`, by OPA's names."""


def fenced(current: dict[str, Any]) -> dict[str, Any]:
    """Return what is left of OPA's capabilities: the lint's built-ins and the signs, Rego v1, no network."""
    left = [row for row in current["builtins"] if row["name"] in ALLOWED | OPERATORS]
    return {"builtins": left, "features": ["rego_v1"], "future_keywords": [], "allow_net": []}


def written() -> str:
    """Return the file's content: a built-in a line."""
    document = fenced(json.loads(opa.run("capabilities", "--current").stdout))
    rows = ",\n".join(f"    {json.dumps(row)}" for row in document.pop("builtins"))
    rest = "".join(f",\n  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items())
    return f'{{\n  "builtins": [\n{rows}\n  ]{rest}\n}}\n'


if __name__ == "__main__":
    PATH.write_text(written())
