"""The ledger: every call, in order, with what it made.

A test that kills the product between two steps proves "nothing twice, nothing lost" from here:
what was asked, with which token, what it made, and whether the answer reached the caller.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import msgspec

REDACTED = "(redacted)"
_SECRET = frozenset({"UserData", "PublicKeyMaterial", "WebIdentityToken"})


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One call. `outcome` is "ok" or the error code; `delivered` False when the answer was cut.

    `principal` is the caller's ARN; `session` and `session_tags` are those of a session of STS's, and `made` has its
    access key in the entry of the call that began it. `grants` tells which statements of the policy in force allowed
    it, as `Sid Action kind`.
    `params` stays encoded: a hundred thousand calls as trees of objects would slow the collector.
    """

    seq: int
    time: float
    account: str
    region: str
    action: str
    service: str = "ec2"
    access_key: str = ""
    principal: str = ""
    session: str = ""
    session_tags: dict[str, str] = msgspec.field(default_factory=dict)
    client_token: str = ""
    params_digest: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    request_id: str = ""
    user_agent: str = ""
    outcome: str = "ok"
    rule: str = ""
    status: int = 200
    made: list[str] = msgspec.field(default_factory=list)
    changed: list[str] = msgspec.field(default_factory=list)
    delivered: bool = True
    throttled: bool = False
    replayed: bool = False
    external: bool = False
    faults: list[str] = msgspec.field(default_factory=list)
    grants: list[str] = msgspec.field(default_factory=list)


class Ledger:
    """Entries in memory, oldest dropped above `keep`; `fresh` are those not yet on disk."""

    def __init__(self, keep: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=keep)
        self.fresh: list[Entry] = []

    def keep(self, count: int) -> None:
        """Keep the newest `count` entries from now on."""
        self._entries = deque(self._entries, maxlen=count)

    def load(self, entry: Entry) -> None:
        """Put back an entry from the disk."""
        self._entries.append(entry)

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._entries.append(entry)
        self.fresh.append(entry)

    @property
    def newest(self) -> int:
        """Return the number of the last entry, 0 without any."""
        return self._entries[-1].seq if self._entries else 0

    @property
    def oldest(self) -> int:
        """Return the number of the first entry still kept, 0 without any."""
        return self._entries[0].seq if self._entries else 0

    def since(self, seq: int = 0, limit: int | None = None) -> list[Entry]:
        """Return the entries after `seq`, oldest first, at most `limit`."""
        found = [entry for entry in self._entries if entry.seq > seq]
        return found if limit is None else found[:limit]

    def summary(self, seq: int = 0) -> dict[str, Any]:
        """Return counts since `seq`: calls by action and outcome, throttled, undelivered, made."""
        entries = self.since(seq)
        by_action: dict[str, Counter[str]] = {}
        for entry in entries:
            by_action.setdefault(entry.action, Counter())[entry.outcome] += 1
        return {
            "calls": len(entries),
            "by_action": {action: dict(counts) for action, counts in sorted(by_action.items())},
            "throttled": sum(entry.throttled for entry in entries),
            "undelivered": sum(not entry.delivered for entry in entries),
            "replayed": sum(entry.replayed for entry in entries),
            "made": sum(len(entry.made) for entry in entries),
        }

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
        self.fresh.clear()


def redacted(params: Mapping[str, Any]) -> msgspec.Raw:
    """Return parameters as JSON without user data and key material (lengths stay told)."""
    return msgspec.Raw(msgspec.json.encode(_without_secrets(params)))


def _without_secrets(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: f"{REDACTED} {len(value)}" if name in _SECRET else _plain(value) for name, value in params.items()}


def params_digest(params: Mapping[str, Any]) -> str:
    """Return a digest of the whole parameters, user data included."""
    return hashlib.sha256(msgspec.json.encode(params, order="sorted")).hexdigest()[:32]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_secrets(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
