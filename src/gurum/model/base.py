"""The shape shared by every kind: metadata, spec, status, conditions.

Kubernetes' shape, because Kubernetes is one of the stores: users write `spec`, controllers write `status`, and
four numbers that are easily mistaken for each other have a field each (see `Metadata`).
Times are seconds since the epoch, UTC, as floats: they sort, subtract and encode without parsing.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

import msgspec


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who and what brought a generation about: the first link of the audit chain."""

    user_id: str = ""
    request_id: str = ""
    decision_id: str = ""


class Metadata(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Identity and bookkeeping of an object.

    Four numbers that are not each other: `generation` counts changes of spec; `revision` is Neutron's
    revision_number; `resource_version` belongs to the store, is opaque and comparable within one kind only;
    the object's `schema` is the version of its stored form.
    """

    id: str
    key: str  # unique within the kind: the id, or the claimed thing itself (an address, a natural key)
    region: str = ""
    project: str = ""  # empty: belongs to the region, not to a project
    account: str = ""  # the cloud account, fixed with the first intent and never looked up again
    generation: int = 1
    revision: int = 0
    resource_version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    deletion_requested_at: float | None = None
    finalizers: list[str] = msgspec.field(default_factory=list)
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    cause: Cause = Cause()
    deletion_cause: Cause | None = None


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in the way, as a class of what to do (`reason`) and a sentence (`message`).

    Types are `Available` and `Progressing`; the reasons are in `conditions.Reason`. `until` is when the next
    attempt is due (seconds since the epoch), where that is known.
    """

    type: str
    status: bool
    reason: str = ""
    message: str = ""
    since: float = 0.0
    until: float | None = None
    observed_generation: int = 0


class External(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an object lives in a cloud. Cloud ids stand here and in the cloud's own tag, nowhere else."""

    provider: str
    account: str
    region: str
    id: str
    partition: str = ""
    zone: str = ""


class Intent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One externally visible creation: written before the call, so that a crash can only repeat it, not forget it.

    state: `intended` (the call may or may not have happened), `done` (external is set), `failed` (proven not to
    exist), `deleting`, `gone`. `attempt` rises only after the previous attempt is proven failed or gone; the
    idempotency token is derived from (uid, step, attempt), never from the generation. `request` is the whole
    request as JSON text and is sent again byte for byte.
    """

    step: str
    attempt: int = 1
    state: str = "intended"
    recipe: str = "token"
    token: str = ""
    zone: str = ""
    request: str = ""
    written_at: float = 0.0
    made_at: float = 0.0  # when it was known to be done
    removed_at: float | None = None  # when the cloud accepted the removal
    external: External | None = None
    error: str = ""


class Import(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a cloud an object stands for that it did not make: by the cloud's own id, or by the only one with tags.

    This and `status.external` are the only places where a cloud's id may stand.
    """

    id: str = ""
    filter: dict[str, str] = msgspec.field(default_factory=dict)


MANAGED, UNMANAGED = "managed", "unmanaged"
DELETE, DETACH = "delete", "detach"


class Spec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the specs of kinds that live in a cloud have in common; the words are openstack-resource-controller's.

    management_policy: an `unmanaged` object is only looked at; nothing that changes anything is called for it.
    import_: what it was adopted from. on_delete: whether what was adopted is deleted with the object, or let go of as
    it is (`detach`).
    """

    management_policy: str = MANAGED
    import_: Import | None = msgspec.field(default=None, name="import")
    on_delete: str = DELETE


IMPORTED = "import"  # the recipe of an intent that tells of what was there already
OBSERVED, OWNED = "observed", "owned"


class Status(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What controllers observed. Users never write it; a create never carries one.

    `intents` are creations by step name; `applied` are digests of natural-key facts (rules, memberships) as they were
    last made so in the cloud. `adopted`: of what was not made here, whether it was seen (`observed`) and taken over
    (`owned`: it carries our tags).
    """

    adopted: str = ""

    observed_generation: int = 0
    intents: dict[str, Intent] = msgspec.field(default_factory=dict)
    applied: dict[str, str] = msgspec.field(default_factory=dict)
    conditions: list[Condition] = msgspec.field(default_factory=list)


class Resource(msgspec.Struct, kw_only=True):
    """Base of every kind. `kind` and `version` are the store's words; `schema` is what this object was written in."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1

    metadata: Metadata
    schema: int = 1
    status: Status = msgspec.field(default_factory=Status)  # each kind narrows it to its own

    @property
    def id(self) -> str:
        """The object's UUID: ours, and the one OpenStack's users see."""
        return self.metadata.id

    @property
    def deleting(self) -> bool:
        """Whether somebody asked for this object's deletion."""
        return self.metadata.deletion_requested_at is not None


def adoption(obj: Resource) -> Spec | None:
    """Return how the object stands to the cloud; None for a kind that has nothing in any."""
    spec = getattr(obj, "spec", None)
    return spec if isinstance(spec, Spec) else None


def read_only(obj: Resource) -> bool:
    """Whether the object is only to be looked at."""
    spec = adoption(obj)
    return spec is not None and spec.management_policy == UNMANAGED


def detaches(obj: Resource) -> bool:
    """Whether deleting the object leaves what was adopted as it is."""
    spec = adoption(obj)
    return spec is not None and (spec.on_delete == DETACH or spec.management_policy == UNMANAGED)


def adopted_id(region: str, account: str, cloud_id: str) -> str:
    """Return the id of the object that stands for a thing in a cloud: the same for everybody who adopts it.

    So the store refuses the second of two who adopt one thing, and what was let go of comes back under its id.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"gurum:adopted/{region}/{account}/{cloud_id}"))


def new_id() -> str:
    """Return a fresh lower-case UUID."""
    return str(uuid.uuid4())


def may_have(obj: Resource, cloud_id: str) -> bool:
    """Whether a thing in the cloud is the object's, or a call of which it is not known what became may have made it.

    What an adopted object has in the cloud is never garbage, whatever is known of it.
    """
    return bool(obj.status.adopted) or any(
        intent.state == "intended" or (intent.external is not None and intent.external.id == cloud_id)
        for intent in obj.status.intents.values()
    )
