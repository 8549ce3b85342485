"""The last look of an off-boarding, at a Keystone that remembers what it should not."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gurum.identity.catalogue import KeystoneRefused
from gurum.identity.catalogue.api import Api
from gurum.identity.offboard import keystone


class Remembering:
    """Keystone's API: `stale` times it says that a disabled user is enabled, each time until it is told again."""

    def __init__(self, stale: int) -> None:
        self.stale, self.disabled = stale, 0

    async def document(self, path: str, key: str) -> dict[str, Any]:
        return {"enabled": self.disabled < self.stale}

    async def update(self, kind: str, name: str, identity: str, values: dict[str, Any]) -> None:
        assert (kind, name, identity, values) == ("user", "alice", "u1", {"enabled": False})
        self.disabled += 1

    async def list(self, collection: str, **query: str) -> list[dict[str, Any]]:
        return []


@pytest.mark.parametrize("stale", [0, 1, keystone.LOOKS - 1])
async def test_who_is_remembered_as_enabled_is_disabled_anew(stale: int) -> None:
    api = Remembering(stale)
    await keystone._looked_at(cast("Api", api), "u1", "alice")
    assert api.disabled == stale


async def test_who_is_enabled_for_good_is_left() -> None:
    with pytest.raises(KeystoneRefused, match="enabled again and again"):
        await keystone._looked_at(cast("Api", Remembering(100)), "u1", "alice")
