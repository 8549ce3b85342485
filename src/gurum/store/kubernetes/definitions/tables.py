"""All rows together."""

from __future__ import annotations

from gurum.store.kubernetes.definitions import (
    catalogue,
    common,
    compute,
    machinery,
    networks,
    ports,
    routing,
    security,
    servers,
)
from gurum.store.kubernetes.definitions.row import Fields, Kinds, Reference

_MODULES = (common, servers, compute, networks, ports, security, routing, catalogue, machinery)

FIELDS: Fields = {name: row for module in _MODULES for name, row in module.FIELDS.items()}
KINDS: Kinds = {name: row for module in _MODULES for name, row in module.KINDS.items()}
REFERENCES: dict[str, tuple[Reference, ...]] = {kind: row.references for kind, row in KINDS.items() if row.references}
