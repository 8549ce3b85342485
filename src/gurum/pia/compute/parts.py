"""The nouns of the compute API, found where they are: a module of the package that has ROUTES is one.

Besides ROUTES a module may have `watch` (called with the board), EXTENSIONS (alias to name) and COUNTED (what quota
sets show as used: resource to its kind and a function of context and project). No list names the module of a new noun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from gurum.model.base import Resource
from gurum.model.discovery import modules
from gurum.pia.kernel.context import Context

Used = Callable[[Context, str], int]


def found(name: str) -> Iterator[Any]:
    """Yield what the modules of the package define under a name."""
    for module in modules(__package__ or ""):
        if name in vars(module):
            yield vars(module)[name]


@cache
def counted() -> Mapping[str, tuple[type[Resource], Used]]:
    """Return how to count what is in use, by resource, as far as nouns say it themselves."""
    return {resource: row for rows in found("COUNTED") for resource, row in rows.items()}
