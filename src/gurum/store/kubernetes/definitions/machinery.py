"""What Gurum keeps for itself: quota, leases, restorations, transfers, keys."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.row import KEY, LONG, MANY, Column, Field, Fields, Kind, Kinds, Rule

FIELDS: Fields = {
    "QuotaUsageSpec.limits": Field(
        "The project's own limits, by resource, where they differ from the defaults; -1: none.", most=128
    ),
    "QuotaUsageSpec.in_use": Field("A recount of what exists, by resource.", most=128),
    "QuotaUsageSpec.reservations": Field("Amounts promised to objects that may not exist yet.", most=2 * MANY),
    "Reservation.id": Field("The id of the object that it is promised to."),
    "Reservation.amounts": Field("How much of each resource.", most=128),
    "Reservation.until": Field("When the promise is void."),
    "LeaseSpec.holder": Field("Which engine holds the shard; empty: none."),
    "LeaseSpec.epoch": Field("The fencing token: it rises whenever the holder changes.", least=0),
    "LeaseSpec.renewed_at": Field("When the holder last renewed it."),
    "LeaseSpec.duration": Field("Seconds after which another engine may take over."),
    "RestorationSpec.taken_at": Field("When the backup was taken."),
    "RestorationSpec.restored_at": Field("When it was put back."),
    "RestorationSpec.settled": Field(
        "Whether somebody has looked at what the clouds have and this store does not know. Until then nothing unknown"
        " is removed."
    ),
    "TransferSpec.source": Field("What is copied into this store: another's URL, or a backup.", longest=LONG),
    "TransferSpec.history": Field("Whether the journal is copied too; it is not where both stores have the same."),
    "TransferSpec.begun_at": Field("When it was begun."),
    "TransferSpec.holder": Field("Which process copies."),
    "TransferSpec.renewed_at": Field("When that process last said so."),
    "TransferSpec.duration": Field("Seconds after which another process may go on with it."),
    "KeyClaimSpec.kind": Field("The kind within which the key is unique."),
    "KeyClaimSpec.key": Field("The key that is held.", longest=KEY),
    "KeyClaimSpec.owner_id": Field("The id of the object that holds it."),
    "KeyClaimSpec.owner_name": Field("That object's name in Kubernetes."),
    "KeyClaimSpec.owner_namespace": Field("That object's namespace; absent: it has none."),
}

KINDS: Kinds = {
    "QuotaUsage": Kind(text="What a project uses of a service's quota. Kept by Gurum."),
    "Lease": Kind(
        text="Which engine acts for a shard: one cloud account in one region. Kept by Gurum.",
        rules=(
            Rule(
                "self.?epoch.orValue(0) >= oldSelf.?epoch.orValue(0)",
                "The epoch of a lease never falls: another engine has taken over.",
                "epoch",
            ),
        ),
        columns=(Column("Holder", ".spec.holder"), Column("Epoch", ".spec.epoch", "integer")),
    ),
    "Restoration": Kind(text="That the store comes from a backup. Kept by Gurum."),
    "Transfer": Kind(
        text="That the store is being filled from another and is not whole yet: nobody may work on it. Kept by Gurum.",
        columns=(Column("Source", ".spec.source"), Column("Holder", ".spec.holder")),
    ),
    "KeyClaim": Kind(
        text="A key that is unique in its kind beyond one namespace, and who holds it. Made by Gurum.",
        fixed=("*",),
        columns=(Column("Kind", ".spec.kind"), Column("Key", ".spec.key")),
    ),
}
