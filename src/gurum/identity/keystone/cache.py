"""Keystone's cache in this process's memory: bounded, and of copies.

Neither in-memory backend that Keystone can be configured with will do. `oslo_cache.dict` hands out
the cached objects themselves, and Keystone writes into what it gets (links of roles turned up in
application credentials); `dogpile.cache.memory_pickle` copies, but both keep every token ever seen
for ever. Keystone runs in one process here, so nothing has to be shared with others.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from dogpile.cache import register_backend
from dogpile.cache.api import NO_VALUE, CacheBackend, DefaultSerialization

# oslo.cache accepts names of a fixed list only; this one promises just what is kept here.
BACKEND = "dogpile.cache.memory_pickle"

# Of each of Keystone's seven regions. An entry is a pickled object of one to four kilobytes, and a
# token in use has two.
ENTRIES = 10_000


class BoundedCache(DefaultSerialization, CacheBackend):
    """What was used last, pickled. Whether an entry is still good, dogpile tells from its time."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._entries: OrderedDict[str, Any] = OrderedDict()
        self._size = int(arguments.get("entries", ENTRIES))
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        """Give the value, or NO_VALUE."""
        with self._lock:
            if key not in self._entries:
                return NO_VALUE
            self._entries.move_to_end(key)
            return self._entries[key]

    def get_multi(self, keys: Iterable[str]) -> list[Any]:
        """Give the values in the order of the keys."""
        return [self.get(key) for key in keys]

    def set(self, key: str, value: Any) -> None:
        """Keep a value; the one that was not used for the longest time may have to go."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def set_multi(self, mapping: Mapping[str, Any]) -> None:
        """Keep several values."""
        for key, value in mapping.items():
            self.set(key, value)

    def delete(self, key: str) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._entries.pop(key, None)

    def delete_multi(self, keys: Iterable[str]) -> None:
        """Forget several values."""
        for key in keys:
            self.delete(key)


def register() -> None:
    """Put the backend in the place of the unbounded one; before Keystone configures its cache."""
    register_backend(BACKEND, __name__, BoundedCache.__name__)  # type: ignore[no-untyped-call]  # dogpile has no types
