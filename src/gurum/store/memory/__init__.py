"""A store in memory that may behave as badly as the contract allows: for tests, never for users.

A program that was only ever tested on a well-behaved store works by luck on Kubernetes, where watches expire, events
repeat and calls are throttled. Here each of these can be switched on, from a seed, so that a failure can be run again.
"""

from gurum.store.memory.hostility import HOSTILE, PEACEFUL, Hostility
from gurum.store.memory.journal import MemoryJournal
from gurum.store.memory.store import MemoryStore

__all__ = ["HOSTILE", "PEACEFUL", "Hostility", "MemoryJournal", "MemoryStore"]
