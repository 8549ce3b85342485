"""Who has a field: what somebody applies is not ours to change.

Whoever applies an object on the server's side (kubectl apply --server-side, Argo CD) says that they want these fields
to be so, and will say it again. A plain write would take the field without a word and lose it to the next apply, and
the person behind the request would see their change come and go. So a change of such a field is refused, and the
refusal names the owner. We do not apply ourselves: a request changes one field of an object, and an apply that names
fewer fields than the one before it removes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gurum.store.contract import OwnedError

Document = dict[str, Any]

Path = tuple[str, ...]


def check_owners(kind: str, stored: Mapping[str, Any], wanted: Mapping[str, Any], manager: str) -> None:
    """Raise OwnedError if a field of spec that differs is applied by somebody else than `manager`."""
    changed = list(_changes(stored.get("spec", {}), wanted.get("spec", {}), ("spec",)))
    for entry in stored["metadata"].get("managedFields", ()):
        if entry.get("operation") != "Apply" or entry.get("manager") == manager or entry.get("subresource"):
            continue
        fields = entry.get("fieldsV1", {})
        taken = [path for path in changed if _owns(fields, path)]
        if taken:
            raise OwnedError(kind, stored["spec"].get("id", ""), entry["manager"], [".".join(path) for path in taken])


def _changes(old: Any, new: Any, path: Path) -> Iterator[Path]:
    """Yield the paths at which two documents differ, as deep as both are maps."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(old.keys() | new.keys()):
            if name not in old or name not in new:
                yield (*path, name)
            else:
                yield from _changes(old[name], new[name], (*path, name))
    elif old != new:
        yield path


def _owns(fields: Mapping[str, Any], path: Path) -> bool:
    """Whether a set of fields (`f:name` for a field, `k:` and `v:` for elements of lists) has something on the path."""
    here: Mapping[str, Any] = fields
    for name in path:
        inner = here.get(f"f:{name}")
        if inner is None:
            return False
        if not inner:
            return True  # all that is below is theirs
        here = inner
    return True


def returned(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], manager: str) -> list[Document]:
    """Return the managed fields of an object that `manager` completed, with what others apply still theirs.

    An id that was filled in beside a name in a list that is one value makes the whole list ours, and whoever applies
    the same again would be told that it conflicts with us.
    """
    applied = [entry for entry in before if entry.get("operation") == "Apply" and not entry.get("subresource")]
    fields = [entry.get("fieldsV1", {}) for entry in applied]
    kept = []
    for entry in after:
        if entry.get("operation") == "Apply" and not entry.get("subresource"):
            continue
        if entry.get("manager") == manager and not entry.get("subresource"):
            entry = {**entry, "fieldsV1": _without(entry.get("fieldsV1", {}), fields)}
        kept.append(dict(entry))
    return [*map(dict, applied), *kept]


def _without(ours: Mapping[str, Any], theirs: Sequence[Mapping[str, Any]]) -> Document:
    """Return a set of fields less those that are in one of the others."""
    left: Document = {}
    for name, inner in ours.items():
        found = [fields[name] for fields in theirs if name in fields]
        if not found:
            left[name] = inner
        elif inner and all(found) and (rest := _without(inner, found)):
            left[name] = rest
    return left
