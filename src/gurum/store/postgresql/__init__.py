"""PostgreSQL as the store: for those who run a database server anyway, and for API processes on several machines.

It exists beside SQLite so that the store can be where the platform team keeps, watches and restores its databases, and
so that neither a machine nor its disk is what the region hangs on.
"""

from gurum.store.postgresql.journal import PostgresqlJournal
from gurum.store.postgresql.store import PostgresqlStore

__all__ = ["PostgresqlJournal", "PostgresqlStore"]
