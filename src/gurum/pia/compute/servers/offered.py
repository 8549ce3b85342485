"""What the region's cloud cannot do of what a new server may ask for: refused, never accepted and then forgotten.

The API knows no cloud. The engine publishes what each can do (Region.status.capabilities and limits), and these are the
wishes that depend on it. A region that says nothing of a capability has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gurum.model.compute import Flavor
from gurum.model.region import Region, RegionStatus
from gurum.model.server import NetworkRequest
from gurum.pia.compute import fields
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request

ABSENT = "absent"


def _status(ctx: Context) -> RegionStatus:
    region = ctx.mirror(Region).by_key(ctx.region.name)
    return region.status if region is not None else RegionStatus()


def lacking(ctx: Context, verb: str) -> str | None:
    """Return why the region's cloud does not have a capability; None when it has it."""
    row = _status(ctx).capabilities.get(verb)
    return row.why if row is not None and row.level == ABSENT else None


def limit(ctx: Context, name: str) -> int | None:
    """Return the cloud's own limit of that name, None when it has none."""
    return _status(ctx).limits.get(name)


def check(ctx: Context, body: Mapping[str, Any], flavor: Flavor, networks: Sequence[NetworkRequest]) -> None:
    """Refuse (400, with the reason) what the cloud cannot do, once everything that Nova itself refuses was looked at.

    networks: the interfaces that the server would get.
    """
    absent = {verb: row for verb, row in _status(ctx).capabilities.items() if row.level == ABSENT}
    if not absent:
        return
    wishes = (
        ("server.config_drive", body.get("config_drive") in fields.TRUTHS, "A config drive cannot be had"),
        ("server.without_network", not networks, "A server without a network cannot be had"),
        (
            "flavor.ephemeral",
            flavor.spec.ephemeral > 0,
            f"Flavor {flavor.spec.flavorid} has an ephemeral disk, which cannot be had",
        ),
        ("flavor.swap", flavor.spec.swap > 0, f"Flavor {flavor.spec.flavorid} has a swap disk, which cannot be had"),
    )
    for verb, wished, words in wishes:
        if wished and verb in absent:
            raise bad_request(f"{words} in this region: {absent[verb].why}")
