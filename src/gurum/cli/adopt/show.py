"""How a plan is shown: a line a thing for people, the same values for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gurum.cli.command import Surroundings
from gurum.cli.output import rows, write_json

if TYPE_CHECKING:
    from gurum.engine.adoption.plan import Line

HEAD = ("type", "aws id", "name", "becomes", "id", "deed")


def show(lines: Sequence[Line], form: str, around: Surroundings) -> None:
    """Write the plan; notes stand below what they are about."""
    if form == "json":
        values = [
            {
                "type": line.found.type,
                "aws_id": line.found.id,
                "name": line.name,
                "kind": line.kind,
                "id": line.id,
                "deed": line.deed,
                "notes": list(line.notes),
            }
            for line in lines
        ]
        write_json(values, around.out)
        return
    if not lines:
        around.out.write("The account has nothing that is not this deployment's own.\n")
        return
    table = [(line.found.type, line.found.id, line.name, line.kind or "-", line.id or "-", line.deed) for line in lines]
    rows(HEAD, table, around.out)
    noted = [line for line in lines if line.notes]
    if noted:
        around.out.write("\nConflicts and what has no word in OpenStack:\n")
    for line in noted:
        called = f" ({line.name})" if line.name else ""
        around.out.write(f"  {line.found.type} {line.found.id}{called}: {'; '.join(line.notes)}\n")
    deeds = [line.deed for line in lines]
    counted = ", ".join(f"{deeds.count(deed)} {word}" for deed, word in WORDS.items() if deed in deeds)
    around.out.write(f"\n{counted}.\n")


WORDS = {"adopt": "to adopt", "adopted": "adopted already", "left": "left as they are"}
