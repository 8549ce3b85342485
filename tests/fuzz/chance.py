"""Randomness that belongs to a request: the same request draws the same ids, whatever else runs beside it.

Ids come from the operating system's randomness, so a failure would be found once and never again. Here every draw
inside a request is a function of the run's seed and the request's number: leaving other requests out changes nothing,
which is what makes a reproducer of three requests out of a run of twenty thousand.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from unittest import mock


class Draws:
    """The randomness of one request (or of the engine, or of what is there from the start)."""

    def __init__(self, seed: int, name: str) -> None:
        self._key = f"{seed}/{name}".encode()
        self._count = 0

    def bytes(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        pieces = bytearray()
        while len(pieces) < size:
            self._count += 1
            pieces += blake2b(self._key + b"/%d" % self._count, digest_size=32).digest()
        return bytes(pieces[:size])


CURRENT: ContextVar[Draws | None] = ContextVar("draws", default=None)


@contextmanager
def drawing(draws: Draws) -> Iterator[None]:
    """Let everything in the block, and what it awaits, draw from `draws`."""
    token = CURRENT.set(draws)
    try:
        yield
    finally:
        CURRENT.reset(token)


@contextmanager
def repeatable() -> Iterator[None]:
    """Replace the operating system's randomness for the duration: whoever draws outside of `drawing` gets the real."""
    real = os.urandom

    def urandom(size: int) -> bytes:
        draws = CURRENT.get()
        return draws.bytes(size) if draws is not None else real(size)

    with mock.patch.object(os, "urandom", urandom), mock.patch.object(random, "_urandom", urandom):
        yield


def uuid_of(rng: random.Random) -> str:
    """Return a UUID of version 4 from a seeded source."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
