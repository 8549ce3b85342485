"""Where the two faces differ, and why. A row that no cell needs fails the proof, as does a cell without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.cells.hands import LATER, NO, YES
from tests.cells.matrix import FIXED, FOREIGN, READS, Cell


@dataclass(frozen=True)
class Limit:
    """A row. api, cluster: the verdicts it is about."""

    name: str
    why: str
    holds: Callable[[Cell], bool]
    api: frozenset[str]
    cluster: frozenset[str]


_MAY, _NOT = frozenset({YES, LATER}), frozenset({NO})

LIMITS = (
    Limit(
        "one project",
        "who signs in does so for one project: of another namespace nothing is seen or written, whoever it is. An"
        " administrator of OpenStack reaches every project by the API, and by kubectl the one that they signed in for",
        lambda cell: cell.project == FOREIGN and cell.role == "admin",
        _MAY, _NOT,
    ),
    Limit(
        "key pairs",
        "of OpenStack a user's, whatever their role; as an object they stand in the project's namespace, where its"
        " readers see them and its members make them. That somebody else's is changed or deleted, policy refuses",
        lambda cell: cell.kind == "KeyPair" and cell.verb in READS,
        _NOT, _MAY,
    ),
    Limit(
        "key pairs need a member",
        "the same, the other way: making one's own needs no role by the API, and that of a member in the namespace",
        lambda cell: cell.kind == "KeyPair" and cell.verb in ("create", "delete"),
        _MAY, _NOT,
    ),
    Limit(
        "what never changes",
        "has no request that changes it; the API server says 422, which field it is, to those who may write",
        lambda cell: cell.kind in FIXED and cell.verb in ("update", "apply"),
        _NOT, _MAY,
    ),
    Limit(
        "the catalogue",
        "is the configuration's: by the API administrators change flavors, by kubectl nobody who signs in does",
        lambda cell: cell.kind in ("Flavor", "Image"),
        _MAY, _NOT,
    ),
)  # fmt: skip


def limit_of(cell: Cell, api: str, cluster: str) -> Limit | None:
    """Return the row that says why these verdicts differ; None if there is none."""
    return next((row for row in LIMITS if row.holds(cell) and api in row.api and cluster in row.cluster), None)
