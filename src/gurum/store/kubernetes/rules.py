"""What never changes, said in CEL: the API server refuses it before anybody of ours sees it.

Whoever writes is bound by it, also our own processes; so only what no process of ours changes is said here. A field
counts as unchanged when it was left out and is its default now: processes leave out defaults, people may write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gurum.model.base import UNMANAGED, Spec
from gurum.store.kubernetes.definitions import common
from gurum.store.kubernetes.definitions.row import Field, Reference
from gurum.store.kubernetes.definitions.tables import FIELDS, KINDS
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES
from gurum.store.kubernetes.words import camel

Rule = dict[str, str]

# By the kind's group: what is said of a field that may not change, and of one that must be given.
_READ_ONLY = {"image": "Attribute '{}' is read-only."}
# Of what is only looked at, a process of ours writes down what the cloud shows. Before and after: what is taken over
# does not change on the way.
_LOOKED_AT = " && ".join(
    f"has({one}.managementPolicy) && {one}.managementPolicy == '{UNMANAGED}'" for one in ("self", "oldSelf")
)
_REQUIRED = {"network": "Failed to parse request. Required attribute '{}' not specified"}


def spec_rules(kind: str, struct: type[msgspec.Struct], *, identity: bool) -> Iterator[Rule]:
    """Yield the rules of a kind's spec."""
    row = KINDS[kind]
    if identity:
        for name, given in common.IDENTITY.items():
            rule = f"!has(oldSelf.{name}) || (has(self.{name}) && self.{name} == oldSelf.{name})"
            yield _told(rule, _message(_READ_ONLY, kind, given.said or name), name)
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    # How an object stands to what it was adopted from changes for every kind.
    own = [name for name in fields if name not in Spec.__struct_fields__]
    for name in own if row.fixed == ("*",) else row.fixed:
        free = [f"!has(oldSelf.{known})" for known in ("id",) if identity] + [_LOOKED_AT] * (name in row.shown)
        yield from _fixed(kind, struct, fields[name], row.references, free)
    for each in row.rules:
        yield _told(each.rule, each.message, each.field)


def _fixed(
    kind: str,
    struct: type[msgspec.Struct],
    field: msgspec.structs.FieldInfo,
    references: Iterable[Reference],
    free: Sequence[str],
) -> Iterator[Rule]:
    """Yield that a field stays as it is, unless one of `free` holds; what is still to be resolved may be resolved."""
    name, row = camel(field.name), FIELDS[f"{struct.__name__}.{field.name}"]
    message = _message(_READ_ONLY, kind, row.said or field.name)
    mine = [one for one in references if name in (_root(one.filled), *one.also)]
    pending = [_pending(one, name) for one in mine]
    # What is mostly so comes first: each look at a field costs the API server some twenty microseconds, in every write.
    yield _told(" || ".join([same(name, _literal(field)), *free, *pending]), message, name)
    for one in mine:
        if name == one.filled:  # else the name stands inside the field, or the field is not the one it is for
            kept = same(one.written, "''")
            yield _told(" || ".join([kept, *free, _pending(one, name)]), message, one.written)


def _pending(one: Reference, name: str) -> str:
    """Return when a reference is still to be resolved."""
    if "[]." not in one.written:
        return f"(has(oldSelf.{one.written}) && !has(oldSelf.{name}))"
    whole, _, written = one.written.partition("[].")
    filled = one.filled.partition("[].")[2]
    return f"(has(oldSelf.{whole}) && oldSelf.{whole}.exists(one, has(one.{written}) && !has(one.{filled})))"


def same(name: str, default: str) -> str:
    """Return that a field is as it was; one that was left out counts as its default (empty: it has none).

    In words that keep the sizes of the schema in sight: of an optional value the API server knows none, and reckons
    with the largest object that there can be.
    """
    new, old = f"self.{name}", f"oldSelf.{name}"
    if not default:
        return f"(has({new}) == has({old}) && (!has({new}) || {new} == {old}))"
    left_out = "size({}) == 0" if default in ("[]", "{}") else f"{{}} == {default}"
    added, removed = left_out.format(new), left_out.format(old)
    return f"(has({new}) ? (has({old}) ? {new} == {old} : {added}) : (!has({old}) || {removed}))"


def _literal(field: msgspec.structs.FieldInfo) -> str:
    """Return a field's default in CEL, empty where it has none that could be written."""
    if field.default_factory is not msgspec.NODEFAULT:
        return {list: "[]", dict: "{}"}[field.default_factory]
    default: Any = field.default
    if default is msgspec.NODEFAULT or default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else repr(default)


def either(struct: type[msgspec.Struct], references: Iterable[Reference]) -> Iterator[Rule]:
    """Yield that what the model needs is given, by id or by name. `references` are those of this struct's fields."""
    needed: Mapping[str, str] = {camel(f.name): f.name for f in msgspec.structs.fields(struct) if f.required}
    for one in references:
        filled = one.filled.rpartition(".")[2]
        row = FIELDS.get(f"{struct.__name__}.{needed.get(filled, '')}")
        if row is not None and not row.filled:
            written = one.written.rpartition(".")[2]
            message = _absent(struct, row, needed[filled])
            yield _told(f"has(self.{filled}) || has(self.{written})", message, written, "FieldValueRequired")


def _absent(struct: type[msgspec.Struct], row: Field, name: str) -> str:
    kind = struct.__name__.removesuffix("Spec")
    return _message(_REQUIRED, kind, row.said or name, "'{}' is a required property")


def _message(
    table: Mapping[str, str], kind: str, name: str, otherwise: str = "Cannot update read-only attribute {}"
) -> str:
    place = PLACES.get(kind, KEY_CLAIM)
    return table.get(place.group.partition(".")[0], otherwise).format(name)


def _root(path: str) -> str:
    return path.partition("[]")[0].partition(".")[0]


def _told(rule: str, message: str, field: str, reason: str = "FieldValueForbidden") -> Rule:
    made = {"rule": rule, "message": message, "reason": reason}
    return made | {"fieldPath": f".{field}"} if field else made
