"""References by name: what a person writes (`flavorRef: m1.small`) beside what the model knows (a copy, an id).

The table is in `gurum.store.kubernetes.definitions`, a row a field. The schema offers these fields, admission resolves
them, and the store must neither read them as the model's nor lose them when it writes an object back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gurum.store.kubernetes.definitions.row import Reference
from gurum.store.kubernetes.definitions.tables import REFERENCES

__all__ = ["REFERENCES", "Reference", "carry"]

Document = dict[str, Any]


def carry(kind: str, stored: Mapping[str, Any], spec: Document) -> None:
    """Put the references inside `stored`'s spec that a write would lose into `spec`, where they are still true.

    A reference goes with what it was resolved to: an element that is not there any more takes its own along. Those
    that stand in spec itself are kept with everything else there that is not the model's.
    """
    for one in REFERENCES.get(kind, ()):
        if "." in one.written:
            _carry(stored, spec, one.written.split("."), one.filled.rpartition(".")[2])


def _carry(old: Mapping[str, Any], new: Document, path: list[str], filled: str) -> None:
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
