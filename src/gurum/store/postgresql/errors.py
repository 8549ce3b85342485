"""PostgreSQL's errors as sentences an operator can act on.

Without this, "53300" or "connection was closed in the middle of operation" would reach people who know neither the
server nor what to do. No sentence holds a password: a place is shown without it, and the driver's messages have none.
"""

from __future__ import annotations

import asyncpg

from gurum.store.contract import UnavailableError

# Everything with which the driver says that a statement was not done, or that it cannot know. OSError is the network's.
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

LOCK_NOT_AVAILABLE = "55P03"
INSUFFICIENT_PRIVILEGE = "42501"

# by SQLSTATE, then by its class (the first two letters); https://www.postgresql.org/docs/current/errcodes-appendix.html
_SENTENCES = {
    "25006": "the database server is a read-only standby; name the primary",
    "25P03": "the database server ended a transaction that this process did not go on with in time",
    "28": "the database server refuses this user or password",
    "3D000": "there is no such database; create it",
    "42501": "the database user lacks a privilege; it must own the store's tables",
    "42P01": "the store's tables are missing; was the database restored or emptied? Start again",
    "53100": "the disk under the database server is full; make room",
    "53200": "the database server's memory is exhausted",
    "53300": "the database server has no connection left; raise max_connections, or run fewer processes",
    LOCK_NOT_AVAILABLE: "another process holds the store's write lock",
    "57014": "the database server did not answer in time",
    "57P01": "the database server shuts down",
    "57P02": "the database server crashed and recovers",
    "57P03": "the database server starts or shuts down",
    "08": "the connection to the database server broke",
    "58": "the disk under the database server refuses to read or write",
    "XX001": "the database is damaged; restore a backup",
    "XX002": "the database is damaged; restore a backup",
}


def state(error: BaseException) -> str:
    """Return the SQLSTATE; empty for an error that did not come from the server."""
    return getattr(error, "sqlstate", None) or ""


def words(error: BaseException) -> str:
    """Return the driver's own words; some of its errors have none."""
    return str(error) or type(error).__name__


def explain(error: BaseException, place: str) -> UnavailableError:
    """Return what to raise instead of the driver's error: what is wrong, at which place, and the driver's own words."""
    code = state(error)
    sentence = _SENTENCES.get(code) or _SENTENCES.get(code[:2])
    if sentence is None:
        if isinstance(error, TimeoutError):
            sentence = "the database server did not answer in time"
        elif isinstance(error, OSError):
            sentence = "the database server cannot be reached"
        elif isinstance(error, asyncpg.InterfaceError):
            sentence = "the connection to the database server broke"
        else:
            sentence = "the store cannot answer"
    return UnavailableError(f"{sentence} ({place}: {words(error)})")
