"""What every kind has: identity, conditions, intents, and where a thing is in a cloud."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.row import DOCUMENT, KEY, LONG, Field, Fields, Kinds

# Beside the model's fields in every spec. They are set once, by admission or with the first write.
IDENTITY: dict[str, Field] = {
    "id": Field(
        "Gurum's id of the object, a random UUID: the id that OpenStack's clients see. Leave it out; it is given at"
        " creation and never changes, also not when the object is restored from a backup."
    ),
    "region": Field("The OpenStack region that the object belongs to. It never changes."),
    "projectID": Field(
        "The id of the OpenStack project that owns the object: the namespace's, by its label. It never changes.",
        said="project_id",
    ),
    "naturalKey": Field(
        "What makes the object unique within its kind, where that is not its id: an address, a name, a rule's content."
        " Given at creation; it never changes.",
        longest=KEY,
    ),
}

# Beside the model's fields in every status.
OBSERVED: dict[str, Field] = {
    "account": Field("The cloud account in which the object is made, fixed with the first intent."),
    "revision": Field("Changes that OpenStack's revision_number counts beside those of the spec.", least=0),
    "fence": Field("Which lease's epoch, of which engine's, this was written in: one that is over writes no more."),
}

# A condition is written in Kubernetes' form, not the model's.
CONDITION: dict[str, Field] = {
    "type": Field(
        "What the condition is about: Available, Progressing, or a part of the object that can be held up by itself."
    ),
    "status": Field("Whether it is so: True or False.", words=("True", "False")),
    "reason": Field(
        "The class of what to do about it, as one word: Success, Progressing, InvalidConfiguration, Throttled,"
        " QuotaExceeded, PolicyDenied, TransientError, UnrecoverableError."
    ),
    "message": Field("A sentence for people: what went wrong, what it waits for, until when.", longest=LONG),
    "lastTransitionTime": Field("Since when status and reason have been as they are."),
    "observedGeneration": Field("The generation of the spec that the condition speaks of."),
    "until": Field("When the next attempt is due, where that is known."),
}

FIELDS: Fields = {
    "Spec.management_policy": Field(
        "unmanaged: the object is only looked at, and nothing that changes anything is called for it. managed (or left"
        " out): it is made so; what was imported is taken over first, if nothing has to be done for that.",
        words=("managed", "unmanaged"),
    ),
    "Spec.import_": Field("What the object stands for that Gurum did not make: by the cloud's id, or by tags."),
    "Spec.on_delete": Field(
        "What deleting the object does to what was imported. delete: it is deleted. detach: it is left as it is, and"
        " only our tags are taken off.",
        words=("delete", "detach"),
    ),
    "Import.id": Field("The cloud's id of the thing: i-0abc… of an EC2 instance."),
    "Import.filter": Field(
        "Tags of the thing, all of which it must have; exactly one thing of the account may have them. Its id is filled"
        " in then."
    ),
    "Status.adopted": Field(
        "Of what was imported. observed: it was seen, and is only looked at. owned: it was taken over, and carries our"
        " tags.",
        words=("observed", "owned"),
    ),
    # Less than nothing in an object that was moved here with generations that this cluster has not counted.
    "Status.observed_generation": Field("The generation of the spec that was last worked on."),
    "Status.intents": Field(
        "Everything that was or is to be made in a cloud for the object, by step. Each is written before the call, so"
        " that a crash can repeat a creation but not forget it.",
        most=1024,
    ),
    "Status.applied": Field(
        "Digests of the facts that were last made so in the cloud, by name: rules, memberships, routes.",
        longest=DOCUMENT,
        most=1024,
    ),
    "Status.conditions": Field(
        "What stands in the way, each as a class of what to do (reason) and a sentence (message).",
        most=16,
        merge=("type",),
    ),
    "Intent.step": Field("Which of the object's creations it is: instance, interface, subnet and so on."),
    "Intent.attempt": Field(
        "The number of the attempt. It rises only after the previous attempt is proven failed or gone.", least=0
    ),
    "Intent.state": Field(
        "intended: the call may or may not have happened. done: the thing exists. failed: it is proven not to."
        " deleting, gone: it is being or was removed.",
        words=("intended", "done", "failed", "deleting", "gone"),
    ),
    "Intent.recipe": Field(
        "How a lost answer is settled: by the cloud's idempotency token, by a unique name, or by looking for our tag"
        " (adopt).",
    ),
    "Intent.token": Field("The idempotency token that was sent, where the cloud takes one."),
    "Intent.zone": Field("The id of the availability zone that it is made in, where it lies in one."),
    "Intent.request": Field(
        "The whole request as it was or will be sent, as JSON text; a repetition sends the same bytes.",
        longest=DOCUMENT,
    ),
    "Intent.written_at": Field("When the intent was written down: before the call."),
    "Intent.made_at": Field("When it was known to exist."),
    "Intent.removed_at": Field("When the cloud accepted its removal."),
    "Intent.external": Field("Where it is in the cloud, once it is known."),
    "Intent.error": Field("What the cloud answered when it refused.", longest=LONG),
    "External.provider": Field("The kind of cloud: aws, simulated, openstack."),
    "External.account": Field("The cloud account, as the cloud numbers it."),
    "External.region": Field("The cloud's own name of the region."),
    "External.id": Field("The cloud's id of the thing: i-0abc… of an EC2 instance."),
    "External.partition": Field("The cloud's partition: aws, aws-cn."),
    "External.zone": Field("The cloud's id of the availability zone, where the thing lies in one."),
}

KINDS: Kinds = {}
