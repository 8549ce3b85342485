"""References by name: what a person writes (`flavorRef: m1.small`) beside what the model knows (a copy, an id).

The table is in `gurum.store.kubernetes.definitions`, a row a field. The schema offers these fields, admission resolves
them, and the store must neither read them as the model's nor lose them when it writes an object back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gurum.store.kubernetes.definitions.row import Reference
from gurum.store.kubernetes.definitions.tables import REFERENCES

__all__ = ["REFERENCES", "Reference", "keep"]

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
