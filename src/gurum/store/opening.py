"""The former name of `gurum.store.factory`, while its last importer still uses it."""

from gurum.store.factory import open_store

__all__ = ["open_store"]
