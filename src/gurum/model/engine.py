"""Lease: who may act for a shard of the clouds."""

from __future__ import annotations

import msgspec

from gurum.model.base import Resource, Status


class LeaseSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`epoch` is the fencing token: it rises whenever the holder changes. renewed_at and duration in seconds."""

    holder: str = ""
    epoch: int = 0
    renewed_at: float = 0.0
    duration: float = 15.0


class Lease(Resource, kw_only=True):
    """A shard is one (account, region) with all its kinds. Its key is `<region>/<account>`."""

    kind = "Lease"
    spec: LeaseSpec
    status: Status = msgspec.field(default_factory=Status)
