"""What can go wrong with the chain, for those who must not go on then."""

from __future__ import annotations


class AuditUnavailableError(Exception):
    """Something cannot be recorded now, so it must not be done; the sentence says why."""


class BrokenError(Exception):
    """A chain is not what it was: changed, cut, or put back. The sentence says where."""


class RefusedError(Exception):
    """The anchor does not take a head, because it does not extend what was anchored."""
