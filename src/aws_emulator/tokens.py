"""Client tokens: the same request twice makes one resource.

EC2 developer guide, "Ensuring idempotency": a token that is used again with the same parameters
answers what the first call made (in its present state), with other parameters
IdempotentParameterMismatch; region and zone are excepted from the comparison. RunInstances is
idempotent per zone when a subnet or zone is given and per region otherwise, so the same token in
another zone launches a second instance without any error. Emulators that skip this hide the most
expensive bug a controller can have.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from aws_emulator.rules import refuse

_LONGEST = 64
Alive = Callable[[str], bool]


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a token made: `scope` is a zone id, or "" for the region."""

    action: str
    scope: str
    token: str
    digest: str
    ids: list[str]
    expires_at: float

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes the row unique within its account and region."""
        return (self.action, self.scope, self.token)


def check(token: str) -> None:
    """Raise Refusal unless the token has at most 64 ASCII characters."""
    if len(token) > _LONGEST or not token.isascii():
        raise refuse("token.length")


def digest(params: Mapping[str, Any]) -> str:
    """Return what two requests of one token must have in common: all but the zone."""
    return hashlib.sha256(msgspec.json.encode(_compared(params), order="sorted")).hexdigest()


_ZONE = frozenset({"AvailabilityZone", "AvailabilityZoneId"})


def _compared(params: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        name: value for name, value in params.items() if name not in _ZONE and name not in ("ClientToken", "DryRun")
    }
    placement = kept.get("Placement")
    if placement is not None:
        rest = {name: value for name, value in placement.items() if name not in _ZONE}
        kept["Placement"] = rest
        if not rest:
            del kept["Placement"]
    return kept


class Tokens:
    """The token table of one account and region; `dirty` are rows since the last commit."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], TokenRow] = {}
        self.dirty: dict[tuple[str, str, str], None] = {}

    def __iter__(self) -> Any:
        return iter(self._rows.values())

    def load(self, row: TokenRow) -> None:
        """Put back a row from the disk."""
        self._rows[row.key] = row

    def get(self, key: tuple[str, str, str]) -> TokenRow | None:
        """Return a row by its key."""
        return self._rows.get(key)

    def find(
        self, action: str, scope: str | None, params: Mapping[str, Any], now: float, alive: Alive
    ) -> TokenRow | None:
        """Return what the call's token made before, or None when it is new.

        A token lives at least its lifetime, and as long as anything it made is `alive`. `scope`
        None means that the zone cannot be known any more because a subnet or interface of the
        request is gone: then only an identical request is recognised, in any zone. Raises the
        mismatch refusal.
        """
        token, wanted = params["ClientToken"], digest(params)
        if scope is None:
            same = (row for row in self._rows.values() if row.token == token and row.action == action)
            return next((r for r in same if r.digest == wanted and any(map(alive, r.ids))), None)
        row = self._rows.get((action, scope, token))
        if row is None:
            return None
        if row.expires_at <= now and not any(map(alive, row.ids)):
            del self._rows[row.key]
            self.dirty[row.key] = None
            return None
        if row.digest != wanted:
            raise refuse("token.mismatch")
        return row

    def remember(self, row: TokenRow) -> None:
        """Store what a token made."""
        self._rows[row.key] = row
        self.dirty[row.key] = None
