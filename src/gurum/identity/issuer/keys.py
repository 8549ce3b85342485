"""Signing keys and their rotation, as files.

A key is first published, then used, and published until the last token that it signed is over: whoever fetched the
documents at any time before finds the key of any token that is still good. When each of these begins stands in the
key's own file, so that several processes, and one that was killed in the middle, have the same answer.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from gurum.ops import secrets
from gurum.ops.clock import Clock

SIZE = 2048  # bits of RSA: what every verifier takes, AWS among them
ALGORITHM = "RS256"  # OpenID Connect Discovery demands it of every issuer
SKEW = 300.0  # seconds that a verifier's clock may be behind ours, so that it still takes a token that is over


class IssuerError(secrets.SecretError):
    """No token can be signed; the sentence names the file or the setting, never a key."""


class Settings(Protocol):
    """What of an issuer's section says how its keys are kept and published."""

    @property
    def url(self) -> str:
        """The issuer's URL."""

    @property
    def directory(self) -> str:
        """Where the keys are."""

    @property
    def rotate_days(self) -> float:
        """How long a key signs."""

    @property
    def publish_ahead_hours(self) -> float:
        """How long a key is published before."""

    @property
    def token_seconds(self) -> int:
        """The longest life of a token."""


class _Stored(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key's file. It is published from `made_at` on, and signs from `signs_from` on until the next one does."""

    kid: str
    made_at: float
    signs_from: float
    jwk: dict[str, Any]


class SigningKey:
    """A key pair. Its text is its id: nothing of it gets into a log by being printed."""

    def __init__(self, stored: _Stored) -> None:
        self.kid = stored.kid
        self.made_at = stored.made_at
        self.signs_from = stored.signs_from
        self.private = RSAKey.import_key(stored.jwk)

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"

    def public(self) -> dict[str, Any]:
        """Return the public half as a JWK."""
        return {**self.private.as_dict(private=False), "kid": self.kid, "alg": ALGORITHM, "use": "sig"}


class KeyRing:
    """The keys in a directory, one file each (0600, replaced at once). Read again when the directory changes."""

    def __init__(self, config: Settings, clock: Clock) -> None:
        self._directory = Path(config.directory) / "keys"
        self._rotate = config.rotate_days * 86400
        self._ahead = config.publish_ahead_hours * 3600
        self._kept = config.token_seconds + SKEW
        self._clock = clock
        self._keys: list[SigningKey] = []
        self._seen: tuple[int, int] | None = None

    def current(self) -> SigningKey:
        """Return the key that signs now. Raises IssuerError, SecretError."""
        now = self._clock.time()
        used = [key for key in self._all() if key.signs_from <= now]
        if not used:
            raise IssuerError(f"there is no signing key in {self._directory}: `gurum issuer rotate` makes the first")
        return used[-1]

    def published(self) -> list[SigningKey]:
        """Return the keys whose tokens are to be believed, now or soon, in the order of their use."""
        return list(self._all())

    def due(self) -> float:
        """Return in how many seconds `turn` next has something to do."""
        keys = self._all()
        if not keys:
            return 0.0
        moments = [end + self._kept for end in _ends(keys).values()]
        moments.append(keys[-1].signs_from + self._rotate - self._ahead)
        return max(0.0, min(moments) - self._clock.time())

    def turn(self, *, early: bool = False, then: Callable[[], bool] = lambda: False) -> bool:
        """Make and forget the keys that are due, and do `then`; return whether anything changed. Idempotent.

        Of several processes one does this at a time, so that none publishes what another has gone beyond.
        early: have the next key now, whenever it would be due; it, too, is published as long as every key before it
        signs. Raises IssuerError, SecretError, OSError.
        """
        secrets.directory(self._directory)
        with self._alone():
            changed = self._turn(early=early)
            return then() or changed

    def _turn(self, *, early: bool) -> bool:
        now, keys = self._clock.time(), self._all()
        if not keys:  # nobody can have fetched anything yet, so nothing would be gained by waiting
            self._make(now, now)
            return True
        newest, changed = keys[-1], False
        usual = newest.signs_from + self._rotate
        if newest.signs_from <= now and (early or now >= usual - self._ahead):
            self._make(now, now + self._ahead if early else max(usual, now + self._ahead))
            changed = True
        for kid, end in _ends(self._all()).items():
            if now > end + self._kept:
                self._path(kid).unlink(missing_ok=True)
                changed = True
        return changed

    def _make(self, now: float, signs_from: float) -> None:
        key = RSAKey.generate_key(SIZE, auto_kid=True)
        kid = str(key.kid)
        stored = _Stored(kid=kid, made_at=now, signs_from=signs_from, jwk=key.as_dict(private=True))
        secrets.write(self._path(kid), msgspec.json.encode(stored))

    def _path(self, kid: str) -> Path:
        return self._directory / f"{kid}.json"

    def _all(self) -> list[SigningKey]:
        """Return every key, in the order of their use."""
        try:
            status = self._directory.stat()
        except FileNotFoundError:
            return []
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            keys = [self._read(path) for path in sorted(self._directory.glob("*.json"))]
            self._keys = sorted(keys, key=lambda key: (key.signs_from, key.made_at))
            self._seen = seen
        return self._keys

    @staticmethod
    def _read(path: Path) -> SigningKey:
        text = secrets.read(path)
        try:
            return SigningKey(msgspec.json.decode(text, type=_Stored))
        except (msgspec.MsgspecError, JoseError, ValueError, TypeError):
            # Without the cause: its text would carry parts of the key.
            raise IssuerError(f"{path} is not a signing key") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other processes of this machine out."""
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _ends(keys: list[SigningKey]) -> dict[str, float]:
    """Return when each key is, or will be, followed by the next."""
    return {old.kid: new.signs_from for old, new in pairwise(keys)}
