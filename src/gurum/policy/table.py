"""Read the bundle's table of actions without deciding anything.

It exists for who must agree with the table: the API's route table (every route's action must be a row), the API
reference, and the tests. Without it each would parse the data documents in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gurum.policy.bundle import BundleError, BundleSource

Grants = Mapping[str, tuple[str, ...]]
"""Who may: role -> how far it reaches."""


class AttributeRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one attribute of an action needs beyond the action: the service's own rule, and role -> scopes."""

    rule: str
    allow: dict[str, tuple[str, ...]]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one action needs; see docs/policy.md for the fields. `see` and `lists` name a view or a resource."""

    rule: str
    allow: dict[str, tuple[str, ...]]
    see: str | None = None
    lists: str | None = None
    narrow: str | None = None
    plain: str | None = None
    reveals: tuple[str, ...] = ()
    attributes: dict[str, AttributeRow] = {}


def actions(source: BundleSource) -> Mapping[str, Row]:
    """Return action ("compute:servers:show") -> row, of all services. Raises BundleError for a misshapen table."""
    found: dict[str, Row] = {}
    for service, resources in _part(source, "actions").items():
        for resource, verbs in resources.items():
            for verb, row in verbs.items():
                name = f"{service}:{resource}:{verb}"
                try:
                    found[name] = msgspec.convert(row, Row)
                except msgspec.ValidationError as error:
                    raise BundleError(f"{name}: {error}") from error
    return found


def views(source: BundleSource) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the named views: who sees, role -> scopes."""
    return msgspec.convert(_part(source, "views"), dict[str, dict[str, tuple[str, ...]]])


def plain_attributes(source: BundleSource) -> Mapping[str, frozenset[str]]:
    """Return the names of attributes that need nothing beyond the action, by the `plain` of the rows."""
    return msgspec.convert(_part(source, "plain"), dict[str, frozenset[str]])


def _part(source: BundleSource, name: str) -> dict[str, Any]:
    part = source.data.get("gurum", {}).get(name)
    if not isinstance(part, dict):
        raise BundleError(f"the data has no gurum.{name}")
    return part
