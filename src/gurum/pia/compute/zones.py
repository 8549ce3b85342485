"""Availability zones: their names in requests, and which there are."""

from __future__ import annotations

from collections.abc import Sequence

from gurum.model.region import Region, Zone
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request


def parse(text: str | None) -> tuple[str, str]:
    """Return (zone, host or node) of `zone`, `zone:host`, `zone:host:node` or `zone::node`. Raises Nova's 400."""
    if not text:
        return "", ""
    if ":" not in text:
        return text, ""
    parts = text.split(":")
    if len(parts) > 3:
        raise bad_request("Invalid input received: Unable to parse availability_zone")
    return parts[0], parts[1] or parts[-1]


def of(ctx: Context) -> Sequence[Zone]:
    """Return the region's zones: as the engine published them or, before that, as configured."""
    region = ctx.mirror(Region).by_key(ctx.region.name)
    if region is not None and region.spec.zones:
        return region.spec.zones
    return [Zone(name=zone.name, id=zone.id) for zone in ctx.region.zones]


def check(ctx: Context, zone: str) -> None:
    """Refuse a zone that the region has not."""
    if zone and zone not in {known.name for known in of(ctx)}:
        raise bad_request("The requested availability zone is not available")
