"""Quota usage: one object a project, region and service, changed by compare-and-swap."""

from __future__ import annotations

import msgspec

from gurum.model.base import Resource, Status


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts promised to an object that may not exist yet. `id` is that object's id; void after `until`."""

    id: str
    amounts: dict[str, int]
    until: float


class QuotaUsageSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`in_use` is the recount of what exists; `limits` are this project's own, where they differ from the default.

    What counts against a limit is in_use plus the reservations: an object is in one of them, never in both.
    """

    limits: dict[str, int] = msgspec.field(default_factory=dict)
    in_use: dict[str, int] = msgspec.field(default_factory=dict)
    reservations: list[Reservation] = msgspec.field(default_factory=list)


class QuotaUsage(Resource, kw_only=True):
    """Its key is `<region>/<project>/<service>`."""

    kind = "QuotaUsage"
    spec: QuotaUsageSpec
    status: Status = msgspec.field(default_factory=Status)
