"""Kinds that are Kubernetes' alone: the model has no word for them, as OpenStack has something else in their place.

A key claim stands for a unique column, a server action for a POST. They have definitions, rights and rows like all
others, and neither the cache nor the engine ever sees them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gurum.store.kubernetes.kinds import KEY_CLAIM, SERVER_ACTION, Place


class KeyClaimSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Which key is held, and by which object."""

    kind: str
    key: str
    owner_id: str
    owner_name: str
    owner_namespace: str = ""


class ServerActionSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is to be done once, with which server."""

    server_ref: str
    action: str
    arguments: dict[str, str] = msgspec.field(default_factory=dict)
    ttl_seconds_after_finished: int = 3600


class ServerActionStatus(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of it."""

    outcome: str = ""
    message: str = ""
    request_id: str = ""
    server_id: str = ""
    accepted_at: float | None = None
    finished_at: float | None = None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A row: where the kind stands, and its types."""

    place: Place
    spec: type[msgspec.Struct]
    status: type[msgspec.Struct] | None = None


BESIDE: Mapping[str, Beside] = {
    "ServerAction": Beside(place=SERVER_ACTION, spec=ServerActionSpec, status=ServerActionStatus),
    "KeyClaim": Beside(place=KEY_CLAIM, spec=KeyClaimSpec),
}
