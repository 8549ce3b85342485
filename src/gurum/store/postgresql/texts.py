"""What a column of texts cannot hold, although a Python string or a client's request can."""

from __future__ import annotations

LONGEST = 2000  # bytes: what an index takes, with room


def storable(text: str) -> bool:
    """Whether a column of texts takes it: no NUL, nor half a surrogate pair, nor more than an index takes."""
    raw = text.encode("utf-8", "surrogatepass")
    return b"\0" not in raw and len(raw) <= LONGEST and raw.decode("utf-8", "replace") == text
