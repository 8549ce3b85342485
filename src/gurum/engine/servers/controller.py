"""Which of the server's modules is due: the one place that knows the order."""

from __future__ import annotations

from gurum.engine.context import Engine
from gurum.engine.servers import interfaces
from gurum.engine.servers.actions import pending, work_off
from gurum.engine.servers.build import build
from gurum.engine.servers.ports import let_go
from gurum.engine.servers.remove import remove
from gurum.engine.servers.watch import watch
from gurum.model.server import Server


class ServerController:
    """Reconciles servers."""

    kind = Server

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def reconcile(self, id: str) -> float | None:
        """Take one server one step further. Returns when to come again, None: when something changes."""
        engine = self._engine
        server = engine.cache.get(Server, id)
        if server is None or engine.cloud(server) is None:
            return None
        place = engine.view.place(server)
        if not engine.shards.holds(place):
            return None
        work = engine.work(server)
        if server.deleting:
            return await remove(engine, work)
        if server.status.vm_state == "building":
            again = await build(engine, work)
            if again is None and pending(work.obj) is not None and work.obj.status.vm_state != "building":
                return engine.clock.time()  # what was asked for while it was built
            return again
        action = pending(server)
        if action is not None:
            if action.action in interfaces.EVENTS:
                return await interfaces.work_off(engine, work, action, place)
            return await work_off(engine, work, action, place)
        if server.status.vm_state == "error":
            intent = server.status.intents.get("instance")
            if intent is None or intent.state in ("failed", "gone"):
                await let_go(engine, server)  # should the failure have been written, but not this
            return None
        later = await interfaces.tidy(engine, work, place)
        await watch(engine, work, place)
        return later
