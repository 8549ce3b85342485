"""How an object leaves its table: told once, for the store and for what puts one back as it was."""

from __future__ import annotations

TOMBSTONE = (
    "INSERT OR REPLACE INTO tombstones VALUES"
    " (:kind, :id, :region, :account, :project, :version, :removed_at, :schema, :data)"
)
REMOVE = "DELETE FROM objects WHERE kind = ? AND id = ?"
