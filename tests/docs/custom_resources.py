"""`docs/reference/custom-resources.md`: every kind and field, from the schemas that the API server has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from tests.docs.markers import code, table

from gurum.model.codec import KINDS as MODEL
from gurum.store.kubernetes import crds, rights, schema
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.definitions.row import Kind
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.kinds import PLACES, VERSION
from gurum.store.kubernetes.words import camel

HEAD = f"""# Custom resources

The kinds that Gurum has in a Kubernetes cluster, as `gurum kubernetes crds` prints them (version `{VERSION}` of each
group). `kubectl explain server.spec` says the same. This page is generated of the model.

A project's objects are in its namespace, `project-<id>`; claims, and what belongs to no project, are in `gurum-system`.
An object that an OpenStack client makes has its id as its name; one that is made with kubectl has the name that its
maker chose, and gets its id in `spec.id`.

**Names.** OpenStack's name is `spec.name` and need not be unique; Kubernetes' name is `metadata.name` and is, within a
namespace. A field that ends in `Ref` (and `keyName`) takes a name: that of an object in the same namespace, else an
OpenStack id, else an OpenStack name if only one object that the project may use has it. It is resolved to an id, or to
a copy, in the field beside it.

**What never changes** is marked †: the API server refuses a change once the object has its id, in the words of
OpenStack's own refusal. While a reference is not resolved yet, it can still be corrected.

**Merging.** A list that is a *set*, or that has *keys*, is merged element by element by server-side apply; any other
list is one value.
"""

_PEOPLES = tuple(kind for kind, row in BESIDE.items() if not row.place.claim)
_OURS = tuple(kind for kind, row in BESIDE.items() if row.place.claim)


def render() -> str:
    """Return the page."""
    parts = [HEAD, _overview(), _common()]
    parts += [_kind(kind) for kind in (*rights.OWN, *_PEOPLES, *rights.CATALOGUE)]
    parts.append("## What Gurum keeps for itself\n\nNobody else writes these; operators may read them.")
    parts += [_kind(kind) for kind in (*rights.CLAIMS, *_OURS)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _overview() -> str:
    rows = []
    for kind in (*rights.OWN, *_PEOPLES, *rights.CATALOGUE, *rights.CLAIMS, *_OURS):
        place = BESIDE[kind].place if kind in BESIDE else PLACES[kind]
        whose = "Gurum's" if place.claim else "users'" if kind in (*rights.OWN, *_PEOPLES) else "operators'"
        scope = "cluster" if place.cluster else "namespace"
        rows.append((f"[{kind}](#{kind.lower()})", f"`{place.plural}.{place.group}`", code(place.short), scope, whose))
    return "## Kinds\n\n" + table(("kind", "resource", "short", "scope", "whose"), rows)


def _common() -> str:
    spec, status = _parts("CloudKey")
    identity = {name: spec["properties"][name] for name in ("id", "region", "projectID", "naturalKey")}
    own = _rows({"properties": identity}, set(identity))
    return "\n\n".join(
        (
            "## What every kind has\n\nIn spec:",
            table(("field", "type", "meaning"), own),
            "In status, which only Gurum writes:",
            table(("field", "type", "meaning"), _rows(status)),
        )
    )


def _parts(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = crds.definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    return whole["spec"], whole.get("status", {"properties": {}})


def _kind(kind: str) -> str:
    spec, status = _parts(kind)
    row = KINDS[kind]
    common = set() if kind in BESIDE else {"id", "region", "projectID", "naturalKey"}
    shared = set(_parts("CloudKey")[1]["properties"])
    own = {"properties": {name: one for name, one in spec["properties"].items() if name not in common}}
    seen = {"properties": {name: one for name, one in status["properties"].items() if name not in shared}}
    level = "###" if kind in (*rights.CLAIMS, *_OURS) else "##"
    parts = [f"{level} {kind}", row.text]
    if own["properties"]:
        parts.append(table(("spec", "type", "meaning"), _rows(own, _fixed(kind, row), set(spec.get("required", ())))))
    if seen["properties"]:
        parts.append(table(("status", "type", "meaning"), _rows(seen)))
    return "\n\n".join(parts)


def _fixed(kind: str, row: Kind) -> set[str]:
    struct = BESIDE[kind].spec if kind in BESIDE else schema.spec_of(MODEL[kind])
    names = (
        {camel(f.name) for f in msgspec.structs.fields(struct)} if row.fixed == ("*",) else set(map(camel, row.fixed))
    )
    return names | {one.written for one in row.references if one.filled in names}


def _rows(
    whole: dict[str, Any], fixed: Iterable[str] = (), required: Iterable[str] = ()
) -> Iterator[tuple[str, str, str]]:
    for path, one in schema.described(whole):
        mark = " †" if path in fixed else ""
        needed = " Required." if path in required else ""
        yield f"`{path}`{mark}", _type(one), f"{one['description']}{needed}"


def _type(one: dict[str, Any]) -> str:
    if "enum" in one:
        return code(str(word) or '""' for word in one["enum"])
    if one.get("x-kubernetes-int-or-string"):
        return "integer or string"
    kind = one["type"]
    if kind == "array":
        merge = {
            "set": "set of ",
            "map": f"by {code(one.get('x-kubernetes-list-map-keys', ()))}: ",
            "atomic": "list of ",
        }
        inner = "objects" if one["items"].get("type") == "object" else f"{_type(one['items'])}s"
        return f"{merge[one['x-kubernetes-list-type']]}{inner}, ≤ {one['maxItems']}"
    if "additionalProperties" in one:
        inner = one["additionalProperties"]
        return f"map of {'objects' if inner.get('type') == 'object' else _type(inner) + 's'}, ≤ {one['maxProperties']}"
    if kind == "string" and one.get("format") == "date-time":
        return "time"
    return "object" if kind == "object" else str(kind)
