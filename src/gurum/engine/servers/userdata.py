"""A server's user data where the store keeps it apart: fetched for the launch, and for the record of what is deleted.

It is put into copies that are sent or journalled and into nothing else, so that it is in no object that the engine
writes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gurum.engine.context import Engine
from gurum.model.server import Server
from gurum.store.contract import NotFoundError
from gurum.store.userdata import text_of

LOST = "The server's user data is not there any more, and it is not launched without it."
LOOK = 60.0  # seconds until it is looked for again


async def giving(engine: Engine, server: Server) -> Callable[[Server], Server] | None:
    """Return what gives a server its user data for a call; None: it has it. Raises NotFoundError, UnavailableError."""
    if not server.spec.user_data_secret:
        return None
    text = await text_of(engine.store, server)
    return lambda server: _with(server, text)


async def whole(engine: Engine, server: Server) -> Server:
    """Return the server with its user data, or with the name alone where that is all there is (any more)."""
    try:
        give = await giving(engine, server)
    except NotFoundError:
        return server
    return server if give is None else give(server)


def _with(server: Server, text: str) -> Server:
    spec = msgspec.structs.replace(server.spec, user_data=text, user_data_secret="")
    return msgspec.structs.replace(server, spec=spec)
