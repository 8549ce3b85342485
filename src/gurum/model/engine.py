"""What the machinery keeps for itself: who acts for a shard, whether a store comes from a backup or is being filled."""

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


class RestorationSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """When the copy was taken and when it was put back (seconds since the epoch).

    settled: somebody has looked at what the clouds have and this store does not know; until then nothing unknown is
    removed.
    """

    taken_at: float = 0.0
    restored_at: float = 0.0
    settled: bool = False


class Restoration(Resource, kw_only=True):
    """The store comes from a backup: what happened between is in the clouds and not in here. Its key is `last`."""

    kind = "Restoration"
    spec: RestorationSpec
    status: Status = msgspec.field(default_factory=Status)


class TransferSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is copied into the store (a URL without a password, or a backup), and who does it.

    history: whether the journal is copied too, and not one and the same. begun_at, renewed_at, duration in seconds: a
    holder that has not renewed for `duration` is gone, and another may go on with the same source.
    """

    source: str = ""
    history: bool = True
    begun_at: float = 0.0
    holder: str = ""
    renewed_at: float = 0.0
    duration: float = 15.0


class Transfer(Resource, kw_only=True):
    """The store is being filled from another and is not whole yet: no process may open it. Its key is `unfinished`."""

    kind = "Transfer"
    spec: TransferSpec
    status: Status = msgspec.field(default_factory=Status)
