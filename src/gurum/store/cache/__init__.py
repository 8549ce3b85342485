"""The informer: what every reader reads instead of the store.

It exists so that the cost of a list does not depend on the store, and so that no reader ever has to think about
watches, expiry, repeated events or the order of kinds.
"""

from gurum.store.cache.informer import Cache
from gurum.store.cache.table import Change
from gurum.store.cache.views import Entry

__all__ = ["Cache", "Change", "Entry"]
