"""The links: how one event's hash follows from the one before it, and how both stand in a line of a file.

hash = SHA-256(hash before ‖ SHA-256(event as it stands in the line)). Two steps, so that who keeps the heads can be
shown that a new head extends an old one by digests alone: it never sees an event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

START = bytes(32)  # before a chain's first event
_HEAD, _MIDDLE, _TAIL = b'{"hash":"', b'","event":', b"}\n"
_EVENT = len(_HEAD) + 64 + len(_MIDDLE)


class Head(msgspec.Struct, frozen=True):
    """How far a chain has come: the number of its last event, and that event's hash in hexadecimal digits."""

    seq: int
    hash: str


NOTHING = Head(0, START.hex())


def digest(event: bytes) -> bytes:
    """Return an encoded event's digest."""
    return hashlib.sha256(event).digest()


def follow(before: bytes, digests: Iterable[bytes]) -> bytes:
    """Return the hash after events of those digests."""
    for one in digests:
        before = hashlib.sha256(before + one).digest()
    return before


def line(link: bytes, event: bytes) -> bytes:
    """Return the line of an encoded event whose hash is `link`."""
    return _HEAD + link.hex().encode() + _MIDDLE + event + _TAIL


def parts(whole: bytes) -> tuple[bytes, bytes] | None:
    """Return (hash, encoded event) of a line with its end; None for what is no line of ours."""
    if not (whole.startswith(_HEAD) and whole.endswith(_TAIL) and whole[_EVENT - len(_MIDDLE) : _EVENT] == _MIDDLE):
        return None
    try:
        link = bytes.fromhex(whole[len(_HEAD) : len(_HEAD) + 64].decode("ascii"))
    except ValueError:
        return None
    return (link, whole[_EVENT : -len(_TAIL)]) if len(link) == len(START) else None
