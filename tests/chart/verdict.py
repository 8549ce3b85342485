"""What must hold of an installation, as figures. No process, no clock: tested by itself."""

from __future__ import annotations

from collections.abc import Iterable

from tests.chart.rights import ASSIGN, Right
from tests.faults.verdict import Limits

LIMITS: Limits = {
    "values_files_rendered": (">=", 2),
    "warnings": ("==", 0),
    "pods": (">=", 6),
    "tour_passed": ("==", 1),
    "regions_in_which_one_of_everything_was_made": ("==", 2),
    "tokens_an_account": (">=", 2),
    "rights": (">=", 100),
    "rights_outside": ("==", 0),
    "rights_not_used": ("==", 0),
    "rights_refused_while_missing": (">=", 100),
    "rights_never_missed": ("==", 0),
}

# No request has this verb: the API server asks for it by itself, in admission, and no log tells of it where it is had.
# That it is needed is what the last act shows: without it an admission policy refuses (see `rights`).
UNSEEN = frozenset({ASSIGN})


def unused(granted: Iterable[Right], used: Iterable[Right]) -> list[Right]:
    """Return what is allowed and was not done, but for what no log can tell."""
    did = set(used)
    return sorted(one for one in granted if one not in did and (one.verb, one.resource) not in UNSEEN)


def outside(refused: Iterable[Right], granted: Iterable[Right]) -> list[Right]:
    """Return what was asked for and is not allowed.

    An API server that has just started refuses everything until it has read the roles: that says nothing of them.
    """
    return sorted(set(refused) - set(granted))
