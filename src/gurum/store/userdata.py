"""A server's user data, wherever a store keeps it: in the object, or apart from it (`contract.Sealing`).

Scripts for a machine's first start have passwords in them. Where nobody but our processes reads the objects, the text
stands there; where projects' members do, it does not, and neither does the request by which the server is launched.
"""

from __future__ import annotations

import msgspec

from gurum.model.base import Intent
from gurum.model.server import USER_DATA, Server
from gurum.store.contract import NotFoundError, Sealing, Store


async def text_of(store: Store, server: Server) -> str:
    """Return a server's user data in base64, empty for none.

    Raises NotFoundError for a text that is not there (any more), UnavailableError.
    """
    if not server.spec.user_data_secret:
        return server.spec.user_data
    if not isinstance(store, Sealing):
        raise NotFoundError(f"this store keeps no user data apart, so not that of Server {server.id!r}")
    return await store.unseal(server.id)


def quoted(server: Server) -> Server:
    """Return the server with intents that refer to its user data, as all do by now; those of earlier have its text.

    What is sent is the same. The server itself is returned where there is nothing to change, and is not changed.
    """
    text = server.spec.user_data
    if not text or not any(f'"{text}"' in intent.request for intent in server.status.intents.values()):
        return server
    intents = {name: _quoted(intent, text) for name, intent in server.status.intents.items()}
    return msgspec.structs.replace(server, status=msgspec.structs.replace(server.status, intents=intents))


def _quoted(intent: Intent, text: str) -> Intent:
    # A string within another would have its quotes escaped, so this is the parameter and nothing else.
    request = intent.request.replace(f'"UserData":"{text}"', f'"UserData":"{USER_DATA}"')
    return msgspec.structs.replace(intent, request=request)
