"""Sessions that were given out: who a caller with a temporary key is, until when, and by which tags.

No secret key is kept: signatures are not verified here, and a stolen state directory must not hold what lets somebody
in.
"""

import itertools
from collections.abc import Iterator
from hashlib import sha256

import msgspec

_LOOK = 8  # sessions looked at for each new one: more go than come


class Session(msgspec.Struct, kw_only=True, frozen=True):
    """One session. `token` is the digest of its session token; times are seconds since the epoch."""

    access_key: str
    token: str
    account: str
    role: str
    role_id: str
    name: str
    provider: str
    subject: str
    audience: str
    issued_at: float
    expires_at: float
    tags: dict[str, str] = {}
    transitive: list[str] = []
    source: str = ""

    @property
    def arn(self) -> str:
        """Return the ARN of the caller: the role's name without its path, and the session's."""
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role.rpartition('/')[2]}/{self.name}"


class Sessions:
    """Sessions by their access keys; those over are dropped an hour later: a late call is told that it is late."""

    _KEPT = 3600.0

    def __init__(self) -> None:
        self._held: dict[str, Session] = {}
        self.dirty: set[str] = set()

    def add(self, session: Session) -> None:
        """Take a session, and drop what is long over, the oldest first."""
        for key in list(itertools.islice(self._held, _LOOK)):
            if self._held[key].expires_at + self._KEPT < session.issued_at:
                del self._held[key]
                self.dirty.add(key)
        self._held[session.access_key] = session
        self.dirty.add(session.access_key)

    def load(self, session: Session) -> None:
        """Put back a session from the disk."""
        self._held[session.access_key] = session

    def get(self, access_key: str) -> Session | None:
        """Return the session of a key, over or not."""
        return self._held.get(access_key)

    def __iter__(self) -> Iterator[Session]:
        return iter(self._held.values())

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()
        self.dirty.clear()


def digest(token: str) -> str:
    """Return what is kept of a session token."""
    return sha256(token.encode()).hexdigest()
