"""An object as a custom resource, and back.

The two say the same in different places: what Kubernetes has a field for stands there (name, generation, finalizers,
deletionTimestamp), what belongs to nobody's schema stands in annotations, and what a person may name stands in spec.
OpenStack's id stands in `spec.id`, because `metadata.uid` does not survive a backup and `metadata.name` may be a
person's choice.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from gurum.model import codec
from gurum.model.base import Cause, Metadata, Resource
from gurum.store import objects
from gurum.store.contract import NewerStoreError
from gurum.store.kubernetes import references
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, SYSTEM, Place, name_of, namespace_of
from gurum.store.kubernetes.words import inward, moment, outward, seconds

R = TypeVar("R", bound=Resource)
Document = dict[str, Any]

IDENTITY = ("id", "region", "projectID", "naturalKey")  # of spec, beside the model's own fields
SEALED = "userDataSecret"  # of a server's spec: what it names is read for whoever has it there
OBSERVED = ("account", "revision", "fence")  # of status, likewise; the last is no part of the object (see `fence`)
_STATES = {"vmState": "vm_state", "status": "status"}  # said also where they are defaults: people read them in columns

_CREATED, _UPDATED = f"{DOMAIN}/created-at", f"{DOMAIN}/updated-at"
CAUSE = f"{DOMAIN}/cause"  # who wished what the spec says
_DELETION_CAUSE, _DELETION = f"{DOMAIN}/deletion-cause", f"{DOMAIN}/deletion-requested-at"
_LABELS, _SCHEMA = f"{DOMAIN}/labels", f"{DOMAIN}/schema"
# The account that an object was created for. It stands in the status, and of what is created the API server keeps none.
_ACCOUNT = f"{DOMAIN}/account"
# How many generations an object had before it was moved here; the API server counts its own from one.
_BEFORE = f"{DOMAIN}/generations-before"
OURS = (_CREATED, _UPDATED, CAUSE, _DELETION_CAUSE, _DELETION, _LABELS, _SCHEMA)


class Address(msgspec.Struct, frozen=True):
    """Where an object is: namespace (empty: the kind has none) and name."""

    namespace: str
    name: str

    def path(self, place: Place) -> str:
        """Return the URL path of the object."""
        return f"{collection(place, self.namespace)}/{self.name}"


def collection(place: Place, namespace: str = "") -> str:
    """Return the URL path of a kind's objects, in one namespace or in all."""
    within = f"/namespaces/{namespace}" if namespace and not place.cluster else ""
    return f"/apis/{place.api_version}{within}/{place.plural}"


def address_of(obj: Resource) -> Address:
    """Return where an object that we create stands.

    A claim is named by what it claims, and all claims of a kind share a namespace: so there cannot be two.
    """
    meta, place = obj.metadata, PLACES[obj.kind]
    if by_key(obj):
        return Address("" if place.cluster else SYSTEM, name_of(meta.key))
    return Address("" if place.cluster else namespace_of(meta.project), name_of(meta.id))


def by_key(obj: Resource) -> bool:
    """Whether the object's name stands for its key; else it stands for its id."""
    place = PLACES[obj.kind]
    return place.claim or place.cluster or not obj.metadata.project


def apart(obj: Resource) -> bool:
    """Whether the object's key is claimed apart, because its name does not stand for the key, or for not all of a kind.

    A person's key pair has a name of its own, that of the API is named by its key; no two may have one key.
    """
    return obj.metadata.key != obj.id and (obj.kind == "KeyPair" or not by_key(obj))


def address_in(document: Mapping[str, Any]) -> Address:
    """Return where a stored object stands."""
    meta = document["metadata"]
    return Address(meta.get("namespace", ""), meta["name"])


def spec_fields(kind: type[Resource]) -> frozenset[str]:
    """Return the names of spec's fields that are the model's; others are Kubernetes' alone."""
    return frozenset(inward(_parts(kind)[0]).fields)


def new(obj: Resource) -> Document:
    """Return the document that creates an object (as `objects.created` left it)."""
    place, address = PLACES[obj.kind], address_of(obj)
    meta: Document = {"name": address.name, "annotations": notes(obj, {})}
    if address.namespace:
        meta["namespace"] = address.namespace
    if obj.metadata.account:
        meta["annotations"][_ACCOUNT] = obj.metadata.account
    if obj.metadata.finalizers:
        meta["finalizers"] = [_finalizer(name) for name in obj.metadata.finalizers]
    return {"apiVersion": place.api_version, "kind": obj.kind, "metadata": meta, "spec": spec(obj, {})}


def adopted(obj: Resource, wish: Mapping[str, Any]) -> Document:
    """Return what becomes of a person's object when it is this object: the same document, with all that was missing."""
    kind, meta, given = type(obj), dict(wish["metadata"]), wish["spec"]
    meta["annotations"] = notes(obj, meta.get("annotations", {}))
    held = meta.get("finalizers", [])
    if kept := [*held, *(name for name in finalizers(obj) if name not in held)]:
        meta["finalizers"] = kept
    own = spec_fields(kind)
    beside = {name: value for name, value in given.items() if name not in own and name not in IDENTITY}
    document = references.carried(obj.kind, given, spec(obj, beside))
    return {
        "apiVersion": PLACES[obj.kind].api_version,
        **wish,
        "metadata": meta,
        "spec": explicit(obj, given, document),
    }


def explicit(obj: Resource, given: Mapping[str, Any], document: Document) -> Document:
    """Return the spec of an object with what a person said although it goes without saying: else they say it again."""
    struct = _parts(type(obj))[0]
    known = inward(struct)
    whole = {name: value for name, value in document.items() if name in known.fields}
    body = objects.whole(obj).spec
    for name in known.fields:
        if name not in given or name in document:
            continue
        try:
            same = msgspec.convert(known({**whole, name: given[name]}), struct) == body
        except (msgspec.ValidationError, ValueError, TypeError):
            continue  # no value that the model has: what was made of it stands elsewhere
        if same:
            document[name] = given[name]
    return document


def spec(obj: Resource, stored: Mapping[str, Any]) -> Document:
    """Return the spec to be stored: the object's, and what `stored` has of fields that are Kubernetes' alone."""
    meta = obj.metadata
    own = spec_fields(type(obj))
    document = {name: value for name, value in stored.items() if name not in own}
    document |= {"id": meta.id, "region": meta.region, "projectID": meta.project}
    if meta.key != meta.id:
        document["naturalKey"] = meta.key
    document = {name: value for name, value in document.items() if value != "" or name in stored}
    body = objects.whole(obj).spec
    document |= outward(type(body))(msgspec.to_builtins(body))
    references.keep(obj.kind, stored, document)
    return document


def before(stored: Mapping[str, Any]) -> int:
    """Return how many generations of a stored object the API server has not counted: those from before it was moved."""
    return int(stored["metadata"].get("annotations", {}).get(_BEFORE, "0"))


def counted(annotations: Mapping[str, str], generations: int) -> dict[str, str]:
    """Return annotations that say how many generations there were before the API server's own count."""
    rest = {name: value for name, value in annotations.items() if name != _BEFORE}
    return rest | {_BEFORE: str(generations)} if generations else rest


def status(obj: Resource, generations: int = 0) -> Document:
    """Return the status to be stored in an object that had so many generations before it was moved here.

    Whoever reads it compares the generation that was observed with the API server's, so it is told in that count.
    """
    meta, body = obj.metadata, objects.whole(obj).status
    document = _recounted(outward(type(body))(msgspec.to_builtins(body)), -generations)
    document |= {name: getattr(body, field) for name, field in _STATES.items() if hasattr(body, field)}
    if conditions := document.get("conditions"):
        document["conditions"] = [_condition(_recounted(condition, -generations)) for condition in conditions]
    if meta.account:
        document["account"] = meta.account
    if meta.revision:
        document["revision"] = meta.revision
    return document


def notes(obj: Resource, stored: Mapping[str, str]) -> dict[str, str]:
    """Return the annotations to be stored: ours of the object, everybody else's as they are."""
    meta = obj.metadata
    document = {name: value for name, value in stored.items() if name not in OURS}
    document[_CREATED], document[_UPDATED] = moment(meta.created_at), moment(meta.updated_at)
    if meta.cause != Cause():
        document[CAUSE] = _json(meta.cause)
    if meta.deletion_cause is not None:
        document[_DELETION_CAUSE] = _json(meta.deletion_cause)
    if meta.deletion_requested_at is not None:
        document[_DELETION] = moment(meta.deletion_requested_at)
    if meta.labels:
        document[_LABELS] = _json(meta.labels)
    if type(obj).version != 1:
        document[_SCHEMA] = str(type(obj).version)
    return document


def finalizers(obj: Resource) -> list[str]:
    """Return the finalizers to be stored."""
    return [_finalizer(name) for name in obj.metadata.finalizers]


def admitted(document: Mapping[str, Any]) -> bool:
    """Whether the object is one of ours: it has its id, and stands where an object of its project stands.

    One that a person just made has none yet; and nobody gets an object into another project by writing so.
    """
    spec, place = document.get("spec", {}), PLACES[document["kind"]]
    if not spec.get("id") or place.cluster:
        return bool(spec.get("id"))
    namespace = document["metadata"].get("namespace", "")
    return bool(namespace == (SYSTEM if place.claim else namespace_of(spec.get("projectID", ""))))


def unmarked(document: Mapping[str, Any]) -> bool:
    """Whether a person deleted a user's object and the API has not looked at that yet: until then the model has it.

    What else goes with a deletion is the API's to do, and what stands in the way its to say.
    """
    meta, place = document["metadata"], PLACES[document["kind"]]
    if place.claim or place.cluster or "deletionTimestamp" not in meta:
        return False
    return _DELETION not in meta.get("annotations", {})


def read(kind: type[R], document: Mapping[str, Any]) -> R:
    """Return the object. Raises NewerStoreError; msgspec.ValidationError for what is no object of the kind."""
    meta, given = document["metadata"], dict(document.get("spec", {}))
    noted: Mapping[str, str] = meta.get("annotations", {})
    observed = dict(document.get("status", {}))
    uid, earlier = given["id"], before(document)
    created = noted.get(_CREATED) or meta["creationTimestamp"]
    asked = "deletionTimestamp" in meta and not unmarked({"kind": kind.kind, "metadata": meta})
    deletion = noted.get(_DELETION) or meta["deletionTimestamp"] if asked else None
    metadata = Metadata(
        id=uid,
        key=given.get("naturalKey") or uid,
        region=given.get("region", ""),
        project=given.get("projectID", ""),
        account=observed.get("account") or noted.get(_ACCOUNT, ""),
        generation=meta.get("generation", 1) + earlier,
        revision=observed.get("revision", 0),
        resource_version=int(meta["resourceVersion"]),
        created_at=seconds(created),
        updated_at=seconds(noted.get(_UPDATED) or created),
        deletion_requested_at=None if deletion is None else seconds(deletion),
        finalizers=[_short(name) for name in meta.get("finalizers", ())],
        labels=_parsed(noted.get(_LABELS), dict[str, str]) or {},
        cause=_parsed(noted.get(CAUSE), Cause) or Cause(),
        deletion_cause=_parsed(noted.get(_DELETION_CAUSE), Cause) if deletion is not None else None,
    )
    conditions = observed.get("conditions")
    if conditions:
        observed["conditions"] = [_recounted(_uncondition(condition), earlier) for condition in conditions]
    observed = _recounted(observed, earlier)
    of_spec, of_status = _parts(kind)
    own_spec, own_status = inward(of_spec), inward(of_status)
    whole = {
        "metadata": metadata,
        "spec": own_spec({name: value for name, value in given.items() if name in own_spec.fields}),
        "status": own_status({name: value for name, value in observed.items() if name in own_status.fields}),
    }
    try:
        return cast("R", codec.of_document(kind.kind, whole, int(noted.get(_SCHEMA, "1"))))
    except codec.NewerSchemaError as error:
        raise NewerStoreError(f"The store holds an object of a newer release: {error}.") from error


@cache
def _parts(kind: type[Resource]) -> tuple[type[msgspec.Struct], type[msgspec.Struct]]:
    hints = typing.get_type_hints(kind)
    return hints["spec"], hints["status"]


def _recounted(document: Document, by: int) -> Document:
    """Return the document with the generation that was observed in another count; none observed is none in any."""
    if by == 0 or "observedGeneration" not in document:
        return document
    return document | {"observedGeneration": document["observedGeneration"] + by}


def _condition(document: Document) -> Document:
    rest = {name: value for name, value in document.items() if name not in ("status", "since")}
    since = {"lastTransitionTime": document["since"]} if "since" in document else {}
    return rest | {"status": "True" if document["status"] else "False"} | since


def _uncondition(document: Document) -> Document:
    rest = {name: value for name, value in document.items() if name not in ("status", "lastTransitionTime")}
    since = {"since": document["lastTransitionTime"]} if "lastTransitionTime" in document else {}
    return rest | {"status": document["status"] == "True"} | since


def _finalizer(name: str) -> str:
    return name if "/" in name else f"{DOMAIN}/{name}"


def _short(name: str) -> str:
    return name.removeprefix(f"{DOMAIN}/")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


T = TypeVar("T")


def _parsed(text: str | None, kind: type[T]) -> T | None:
    return None if text is None else msgspec.json.decode(text, type=kind)
