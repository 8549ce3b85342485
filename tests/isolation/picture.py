"""The matrix as a picture: a line a noun, a block a role, in it own, shared and other people's, read and written."""

from __future__ import annotations

from collections import Counter

from tests.isolation.expect import NOBODIES, READS, ROLES, ROWS, TOLD_APART, row_of
from tests.isolation.matrix import Cell, Report
from tests.isolation.oracle import COMMONS

SIGNS = {"done": "+", "denied": "x", "hidden": ".", "unknown token": "0"}
LEGEND = (
    "+ answered   x 403   . 404, as for an id that nothing has   0 401   m different by route (the exceptions below)   "
    "! wrong   blank: no such route"
)
SCOPES = ("own", "shared", "other")


def draw(report: Report) -> list[str]:
    """Return the picture's lines."""
    nouns: dict[str, list[Cell]] = {}
    for cell in report.cells:
        noun = cell.key.path.strip("/").split("/")[0].replace(".", "(version)")
        nouns.setdefault(f"{cell.key.service} {noun}", []).append(cell)
    width = max(map(len, nouns), default=0)
    heads = [f"{role:<8}" for role in ROLES]
    lines = [
        " " * (width + 8) + "nobody  " + "  ".join(heads),
        " " * (width + 1) + "routes n e l   " + "  ".join(["ow sh ot"] * len(ROLES)),
    ]
    for noun, cells in sorted(nouns.items()):
        routes = len({cell.key for cell in cells})
        nobody = " ".join(_sign([cell for cell in cells if cell.role == role]) for role in NOBODIES)
        blocks = ["".join(_block(cells, role, scope) + " " for scope in SCOPES) for role in ROLES]
        lines.append(f"{noun:<{width}} {routes:>6} {nobody}   " + " ".join(blocks))
    return [*lines, LEGEND]


def _block(cells: list[Cell], role: str, scope: str) -> str:
    chosen = [cell for cell in cells if (cell.role, cell.scope) == (role, scope)]
    reads = [cell for cell in chosen if cell.key.method in READS]
    writes = [cell for cell in chosen if cell.key.method not in READS]
    return _sign(reads) + _sign(writes)


def _sign(cells: list[Cell]) -> str:
    if not cells:
        return " "
    if any(cell.problems for cell in cells):
        return "!"
    signs = {SIGNS.get(cell.outcome, "!") for cell in cells}
    return signs.pop() if len(signs) == 1 else "m"


def exceptions(report: Report) -> list[str]:
    """Return the exceptions with how many routes each is of, and the known differences."""
    used = Counter(row.pattern for key in {cell.key for cell in report.cells} if (row := row_of(key)) is not None)
    lines = [f"{len(ROWS)} exceptions from the rule, as data:"]
    lines += [f"  {used[row.pattern]:>3} routes: {row.why}" for row in ROWS]
    lines += [f"{len(COMMONS)} ways in which projects feel each other on what they share:"]
    lines += [f"  {why}" for _, why in COMMONS]
    if TOLD_APART:
        lines.append(f"{len(TOLD_APART)} known ways to tell another's id from an unknown one:")
        lines += [f"  {report.told_apart[pattern]:>3} times: {why}" for pattern, why in TOLD_APART]
    return lines
