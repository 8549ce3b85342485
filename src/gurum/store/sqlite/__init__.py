"""SQLite as the store: the default, because a newcomer has it already and one file is enough for a region.

It exists beside the other backends so that `gurum up` needs no database server, and still loses nothing that was
acknowledged.
"""

from gurum.store.sqlite.journal import SqliteJournal
from gurum.store.sqlite.store import SqliteStore

__all__ = ["SqliteJournal", "SqliteStore"]
