"""Rows that describe a resource's attributes: what may be written when, defaults, conversion, judgement, filter.

One table a resource feeds body validation, list filters, sort keys, `fields` and the reference; that is why the API
never accepts what its list cannot filter, nor shows what its table does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from gurum.pia.network import convert
from gurum.pia.network.convert import Converter
from gurum.pia.network.validators import Validator


class _Absent:
    """A value that was not given and has no default; it is not null, which Neutron distinguishes."""

    def __bool__(self) -> bool:
        return False


UNSET: Final = _Absent()
REQUIRED: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Attribute:
    """A row. Not in `post` or `put`: refused there. `default` REQUIRED: must be given in POST; UNSET: stays unset.

    `filter` reads the value of a query before it is compared (None: as text). `visible` False: taken, never shown.
    """

    name: str
    post: bool = False
    put: bool = False
    default: Any = UNSET
    convert: Converter | None = None
    validate: Validator | None = None
    filter: Converter | None = None
    visible: bool = True


@dataclass(frozen=True)
class Noun:
    """A resource and its rows, in the order in which Neutron looks at them: the first offence is the one told.

    name, collection: as bodies spell them. not_found: the fault of an unknown id. queries: filters that are no
    attributes.
    """

    name: str
    collection: str
    not_found: str
    rows: tuple[Attribute, ...]
    queries: frozenset[str] = frozenset()

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """The rows by name."""
        return {row.name: row for row in self.rows}


TAG_QUERIES = frozenset({"tags", "tags-any", "not-tags", "not-tags-any"})

OWNER = (
    Attribute("tenant_id", post=True, default=REQUIRED),
    Attribute("project_id", post=True, default=REQUIRED),
)
STANDARD = (
    Attribute("created_at"),
    Attribute("updated_at"),
    Attribute("revision_number", filter=convert.integer),
)
