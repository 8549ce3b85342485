"""What was learned of tokens, for a while, bounded, and without the tokens.

Keys are SHA-256 digests, so that a memory dump of an API process gives no usable token. Times are
of a monotonic clock that the caller reads: a stepped wall clock must not prolong a token.
"""

from collections.abc import Iterator
from hashlib import sha256

import msgspec

from gurum.identity.tokens.principal import Principal
from gurum.identity.tokens.revocation import (
    Facet,
    RevocationEvent,
    facets,
    is_meant,
    lookup_facet,
)

Key = bytes


def key_of(token: str) -> Key:
    """Give the name of a token in the cache."""
    return sha256(token.encode()).digest()


class Entry(msgspec.Struct, gc=False):
    """A valid token. `asked_at`: when Keystone was asked; `until`: when it must be asked again.

    `ahead`: from when on a use has Keystone asked again beforehand.
    """

    principal: Principal
    asked_at: float
    until: float
    ahead: float
    facets: frozenset[Facet]


class TokenCache:
    """Valid tokens with an index for revocations, and invalid ones for a few seconds.

    When full the entry that was put in first goes: with one lifetime for all, the one that has the
    least to lose. Not for use by several threads.
    """

    def __init__(self, size: int, invalid_size: int) -> None:
        self._size = size
        self._invalid_size = invalid_size
        self._valid: dict[Key, Entry] = {}
        self._invalid: dict[Key, float] = {}
        self._index: dict[Facet, set[Key]] = {}

    def __len__(self) -> int:
        return len(self._valid)

    def get(self, key: Key) -> Entry | None:
        """Give what is known of a valid token, outdated or not."""
        return self._valid.get(key)

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, in place of an older one of the key."""
        self.drop(key)
        self._invalid.pop(key, None)
        while len(self._valid) >= self._size:
            self.drop(next(iter(self._valid)))
        self._valid[key] = entry
        for facet in entry.facets:
            self._index.setdefault(facet, set()).add(key)

    def drop(self, key: Key) -> None:
        """Forget a valid token, if it is there."""
        entry = self._valid.pop(key, None)
        if entry is None:
            return
        for facet in entry.facets:
            keys = self._index[facet]
            keys.discard(key)
            if not keys:
                del self._index[facet]

    def is_invalid(self, key: Key, now: float) -> bool:
        """Tell whether Keystone has refused the token lately."""
        until = self._invalid.get(key)
        return until is not None and now < until

    def put_invalid(self, key: Key, until: float) -> None:
        """Remember a refusal."""
        self.drop(key)
        self._invalid.pop(key, None)
        while len(self._invalid) >= self._invalid_size:
            del self._invalid[next(iter(self._invalid))]
        self._invalid[key] = until

    def revoke(self, event: RevocationEvent) -> int:
        """Forget every token that an event means; tells how many. Idempotent."""
        meant = [
            key
            for key in self._candidates(event)
            if is_meant(event, self._valid[key].principal, self._valid[key].facets)
        ]
        for key in meant:
            self.drop(key)
        return len(meant)

    def expire(self, now: float) -> None:
        """Forget what is outdated, so that an idle process does not keep names of people."""
        for key in [key for key, entry in self._valid.items() if entry.until <= now]:
            self.drop(key)
        for key in [key for key, until in self._invalid.items() if until <= now]:
            del self._invalid[key]

    def _candidates(self, event: RevocationEvent) -> Iterator[Key]:
        facet = lookup_facet(event)
        return iter(self._valid if facet is None else self._index.get(facet, ()))


def entry_of(principal: Principal, asked_at: float, until: float, ahead: float) -> Entry:
    """Make an entry with the facets that revocations find it by."""
    return Entry(principal, asked_at, until, ahead, facets(principal))
