"""Passwords: hashed so that a stolen file is worth little, asked for so that guessing takes years.

A hash takes a twentieth of a second and 16 MB on purpose, hence at most two at a time; who is locked out is told so
before anything is computed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import math
import secrets as random

from gurum.identity.provider.config import Person
from gurum.identity.provider.people import People
from gurum.ops.bounded import Failures
from gurum.ops.clock import Clock

N, R, P = 2**14, 8, 1
LONGEST = 256  # characters of a password that are looked at; longer ones are refused
AT_ONCE = 2


class Locked(Exception):  # noqa: N818 - what happened
    """Too many wrong passwords; `seconds` until the next may be tried."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many attempts")
        self.seconds = math.ceil(seconds)


def hashed(password: str) -> str:
    """Return what is stored of a password: the scheme, its figures, salt and hash."""
    salt = random.token_bytes(16)
    return "$".join(("scrypt", str(N), str(R), str(P), _text(salt), _text(_scrypt(password, salt, N, R, P))))


def matches(password: str, stored: str) -> bool:
    """Tell whether a password is the one that was hashed. Raises ValueError for what is no hash of ours."""
    scheme, n, r, p, salt, wanted = stored.split("$")
    if scheme != "scrypt" or int(n) > 2**17 or int(r) > 16 or int(p) > 4:
        raise ValueError("not a password hash that is understood")
    found = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(wanted))


class Passwords:
    """Who can log in, and who has guessed too often."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._nobody = hashed(random.token_urlsafe(16))  # an unknown name takes the time of a known one
        self._turn = asyncio.Semaphore(AT_ONCE)
        # From one place one soon has to wait; from everywhere together somewhat later, so that it is not easy to lock
        # a person out, and no way to guess from many places.
        self._limits = {
            "pair": Failures(clock, 5),
            "name": Failures(clock, 50),
            "place": Failures(clock, 100),
        }

    async def check(self, username: str, password: str, address: str) -> Person | None:
        """Return the person, or None if name or password is wrong: which, is not told. Raises Locked."""
        keys = {"pair": f"{address} {username[:LONGEST]}", "name": username[:LONGEST], "place": address}
        if waits := max(limit.wait(keys[name]) for name, limit in self._limits.items()):
            raise Locked(waits)
        for name, limit in self._limits.items():  # counted first: a thousand at once are not one
            limit.failed(keys[name])
        person = self._people.by_name().get(username)
        stored = person.password_hash if person else self._nobody
        async with self._turn:
            right = len(password) <= LONGEST and await asyncio.to_thread(matches, password, stored)
        if person is None or not right or self._people.by_subject(person.subject) is None:
            return None
        for name in ("pair", "name"):
            self._limits[name].forget(keys[name])
        self._limits["place"].excuse(keys["place"])  # but what was wrong from there stays: one may have an own account
        return person


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
