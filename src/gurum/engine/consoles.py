"""Console logs: fetched when somebody asked, because looking at every console would cost a call a server."""

from __future__ import annotations

from gurum.engine.context import Engine
from gurum.model.server import ConsoleLog, Server
from gurum.providers.contract import Done, Wait

LIMIT = 64 * 1024
RETRY = 5.0


class ConsoleController:
    """Reconciles console logs."""

    kind = ConsoleLog

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def reconcile(self, id: str) -> float | None:
        """Fetch the text if it was asked for after it was last fetched. What is missing is an empty text."""
        engine = self._engine
        log = engine.cache.get(ConsoleLog, id)
        if (
            log is None
            or engine.cloud(log) is None
            or not engine.holds(log)
            or log.status.fetched_at >= log.spec.asked_at
        ):
            return None
        server = engine.cache.get(Server, log.metadata.key)
        work = engine.work(log)
        if server is not None and server.status.external is not None:
            place = engine.view.place(server)
            provider = engine.clouds[place.region].provider
            text, outcome = await provider.console(place, server.status.external.id)
            if isinstance(outcome, Wait):
                return outcome.until
            if not isinstance(outcome, Done):
                return engine.clock.time() + RETRY
            work.obj.status.text = text[-LIMIT:]
        work.obj.status.fetched_at = max(engine.clock.time(), log.spec.asked_at)
        await work.save()
        return None
