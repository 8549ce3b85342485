"""One request that may write at a time.

SQLite lets one transaction write, and Keystone's read before they write: two of them at once
cannot be queued by SQLite, the second fails with "database is locked" and the client gets a 500.
With other databases Keystone needs no such thing; with this one the queue has to be here. Reads,
token validations above all, go on beside the writer (write-ahead log).
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

# ASGI and WSGI types of third parties are not published; this is a WSGI application.
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A federated login is a GET in places, and makes users and grants.
WRITING_PATH = "/OS-FEDERATION/"


def one_writer(app: WsgiApplication) -> WsgiApplication:
    """Wrap an application that is done with its database when it returns (Keystone never streams)."""
    lock = threading.Lock()

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in READING_METHODS and WRITING_PATH not in environ["PATH_INFO"]:
            return app(environ, start_response)
        with lock:
            return app(environ, start_response)

    return wrapped
