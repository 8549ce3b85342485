"""What a column of texts cannot hold, although a Python string or a client's request can."""

from __future__ import annotations

from typing import TypeVar

from gurum.model.base import Resource

R = TypeVar("R", bound=Resource)

LONGEST = 2000  # bytes: what an index takes, with room


def storable(text: str) -> bool:
    """Whether a column of texts takes it: no NUL, nor half a surrogate pair, nor more than an index takes."""
    raw = text.encode("utf-8", "surrogatepass")
    return b"\0" not in raw and len(raw) <= LONGEST and raw.decode("utf-8", "replace") == text


def possible(obj: R) -> R:
    """Return the object. Raises ValueError for metadata that cannot be stored: here, where it concerns its maker alone.

    Keys may be anything.
    """
    meta = obj.metadata
    for text in (meta.id, meta.region, meta.account, meta.project):
        if not storable(text):
            raise ValueError(f"{text[:100]!r} cannot be stored: it has a NUL, or more than {LONGEST} bytes")
    return obj
