"""References by name: what a person writes (`flavorRef: m1.small`) beside what the model knows (a copy, an id).

The table is in `gurum.store.kubernetes.definitions`, a row a field. The schema offers these fields, admission resolves
them, and the store must neither read them as the model's nor lose them when it writes an object back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gurum.store.kubernetes.definitions.common import IDENTITY
from gurum.store.kubernetes.definitions.row import Reference
from gurum.store.kubernetes.definitions.tables import REFERENCES

__all__ = ["REFERENCES", "Reference", "carried", "keep", "restored"]

Document = dict[str, Any]


def keep(kind: str, stored: Mapping[str, Any], spec: Document) -> None:
    """Have in `spec` those references of `stored` that still say the same as what they were resolved to, and no others.

    `spec` is what is to be written: the model's fields, and everything of `stored` that stands beside them. A reference
    to what the object has no more is taken out with it: left there, the next resolution would bring it back; and
    whoever declares it is told that they do (see `ownership`).
    """
    for one in REFERENCES.get(kind, ()):
        written, filled = one.written.split("."), one.filled.rpartition(".")[2].removesuffix("[]")
        if len(written) > 1:
            _carry(stored, spec, written, filled)
            continue
        name = written[0].removesuffix("[]")
        if name in spec and filled in stored and stored[filled] != spec.get(filled):
            del spec[name]


def _carry(old: Mapping[str, Any], new: Document, path: Sequence[str], filled: str) -> None:
    name = path[0].removesuffix("[]")
    if len(path) == 1:
        if name in old and name not in new and old.get(filled) == new.get(filled):
            new[name] = old[name]
        return
    before, after = old.get(name), new.get(name)
    if not before or not after:
        return
    if not path[0].endswith("[]"):
        _carry(before, after, path[1:], filled)
        return
    left = list(before)
    for element in after:
        was = next((one for one in left if all(one.get(key) == value for key, value in element.items())), None)
        if was is not None:
            left.remove(was)
            _carry(was, element, path[1:], filled)


def carried(kind: str, given: Mapping[str, Any], spec: Document) -> Document:
    """Return `spec`, what became of a wish, with those references of the wish that stand within its structs and lists.

    They were just resolved, so nothing has to be compared; an element that is no longer where it was loses its own.
    """
    for one in REFERENCES.get(kind, ()):
        path = one.written.split(".")
        if len(path) > 1:
            _lay(given, spec, path)
    return spec


def _lay(given: Mapping[str, Any], spec: Document, path: Sequence[str]) -> None:
    name = path[0].removesuffix("[]")
    if len(path) == 1:
        if name in given:
            spec.setdefault(name, given[name])
        return
    before, after = given.get(name), spec.get(name)
    if not before or not after:
        return
    if not path[0].endswith("[]"):
        _lay(before, after, path[1:])
    elif len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            _lay(one, other, path[1:])


def restored(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Document:
    """Return a person's new spec with what Gurum had filled into the old one, as far as it still says the same.

    Who declares an object writes what they wrote before: a name without its id, an interface without its address. That
    changes nothing. A reference that was changed is left without what it stood for, to be resolved; one that was taken
    out takes along what it stood for.
    """
    spec = _listed(old, new)
    for name in IDENTITY:
        if name in old:
            spec.setdefault(name, old[name])
    for one in REFERENCES.get(kind, ()):
        _again(old, spec, one.written.split("."), one.filled.rpartition(".")[2].removesuffix("[]"), one.also)
    return spec


def _listed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Document:
    """Return `new` with those lists of structs as they were that say nothing else than before, at any depth."""
    spec = dict(new)
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            spec[name] = _listed(before, value)
        elif isinstance(value, list) and isinstance(before, list) and len(value) == len(before):
            pairs = list(zip(value, before, strict=True))
            if all(isinstance(each, dict) and isinstance(was, dict) for each, was in pairs) and all(
                all(was.get(key) == said for key, said in each.items()) for each, was in pairs
            ):
                spec[name] = before
    return spec


def _again(old: Mapping[str, Any], new: Document, path: Sequence[str], filled: str, also: Sequence[str]) -> None:
    name = path[0].removesuffix("[]")
    if len(path) == 1:
        _leaf(old, new, name, (filled, *also))
        return
    before, after = old.get(name), new.get(name)
    if not after:
        return
    if not path[0].endswith("[]"):
        new[name] = dict(after)
        _again(before or {}, new[name], path[1:], filled, also)
    elif after != before:
        # What a list's element was before cannot be told: each that has a name is looked up anew.
        new[name] = [dict(each) for each in after]
        for each in new[name]:
            _again({}, each, path[1:], filled, also)


def _leaf(old: Mapping[str, Any], new: Document, name: str, filled: Sequence[str]) -> None:
    same = new.get(name) == old.get(name)
    if same and name in new and new.get(filled[0], old.get(filled[0])) != old.get(filled[0]):
        del new[name]  # another id was written: the name says otherwise than what is
        return
    for field in filled:
        kept = field not in new or new[field] == old.get(field)
        if same and name in new and field in old:
            new.setdefault(field, old[field])
        elif not same and (kept or name in new):
            new.pop(field, None)
