"""Server groups: in a cloud, something that an instance is launched into; made when a server needs it.

A group may be deleted while servers are in it. Its users see it no more then; what the cloud has of it stays until the
last of them is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from gurum.engine.context import Engine
from gurum.engine.material import Hooks
from gurum.engine.noun import Noun
from gurum.engine.queue import Key
from gurum.model.compute import ServerGroup
from gurum.model.server import Server


def _holds(engine: Engine, group: ServerGroup) -> str:
    for server in engine.view.index(Server, "by_server_group", group.id):
        intent = server.status.intents.get("instance")
        alive = intent is not None and intent.state not in ("gone", "failed")
        if alive or (server.status.vm_state == "building" and not server.deleting):
            return "its servers"
    return ""


def _server(engine: Engine, old: Server | None, new: Server | None) -> Iterable[Key]:
    """A group makes something for its first server, and goes with its last."""
    some = new or old
    if some is not None and some.spec.group and (old is None or new is None or _instance(old) != _instance(new)):
        yield (ServerGroup.kind, some.spec.group)


def _instance(server: Server) -> tuple[str, str]:
    intent = server.status.intents.get("instance")
    return server.status.vm_state, intent.state if intent is not None else ""


def _group(engine: Engine, old: ServerGroup | None, new: ServerGroup | None) -> Iterable[Key]:
    """What was made of it, or that nothing will be, is what its new servers wait for."""
    some = new or old
    for server in engine.view.index(Server, "by_server_group", some.id) if some is not None else ():
        if server.status.vm_state == "building":
            yield (Server.kind, server.id)


NOUN = Noun(
    kind=ServerGroup,
    hooks=Hooks(_holds),
    indexes=((Server, "by_server_group", lambda server: [server.spec.group] if server.spec.group else []),),
    edges={Server: _server, ServerGroup: _group},
    counted=("compute", "server_groups"),
    anew=True,
)
