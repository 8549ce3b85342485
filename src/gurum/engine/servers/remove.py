"""Deletion: the instance first, then what it held, then the record of it, then the object.

Addresses and ports are freed only when the instance is seen as terminated: until then its interfaces have them.
"""

from __future__ import annotations

import contextlib

from gurum.engine.adoption.gate import part
from gurum.engine.context import Engine
from gurum.engine.servers import faults, ports, userdata
from gurum.engine.work import FINALIZER, Work
from gurum.model import codec
from gurum.model.server import ConsoleLog, Server
from gurum.providers.contract import Place, Refused, Wait
from gurum.store.contract import NotFoundError, Record

LOOK = 60.0
RETRY_REFUSED = 60.0


async def remove(engine: Engine, work: Work[Server]) -> float | None:
    """Take the deletion one step further."""
    if FINALIZER not in work.obj.metadata.finalizers:
        return None
    place = engine.view.place(work.obj)
    intent = work.obj.status.intents.get("instance")
    if intent is not None and intent.state not in ("gone", "failed"):
        later = await _end_instance(engine, work, place)
        if later is not None:
            return later
    later = await part(engine, work)
    if later is not None:
        return later
    await ports.let_go(engine, work.obj)
    if any(ports.leaves_with_server(port) for port in ports.bound(engine, work.obj)):
        return engine.clock.time() + LOOK  # their own deletion tells when they are gone
    await _record(engine, work.obj)
    console = engine.cache.by_key(ConsoleLog, work.obj.id)
    if console is not None:
        with contextlib.suppress(NotFoundError):
            await engine.store.delete(ConsoleLog, console.id)
    await work.release()
    return None


async def _end_instance(engine: Engine, work: Work[Server], place: Place) -> float | None:
    """Terminate, and see it terminated. None: nothing of it is left."""
    now, cloud = engine.clock.time(), engine.clouds[place.region]
    intent = work.obj.status.intents["instance"]
    driver = cloud.provider.driver(Server.kind)
    if driver is None:
        return None
    if intent.external is not None:
        seen = cloud.provider.observed(place, intent.external.id)
        listed = cloud.provider.listed_at(place)
        # Absent from a list that began before the cloud must show a new instance means nothing.
        shown_by = max(intent.removed_at or now, max(intent.made_at, intent.written_at) + cloud.provider.not_yet)
        vanished = seen is None and intent.state == "deleting" and listed > shown_by
        if (seen is not None and seen.state == "terminated") or vanished:
            await cloud.once.gone(work, intent)
            return None
        if intent.state == "deleting" and now < (intent.removed_at or 0.0) + LOOK:
            cloud.provider.expect(place, intent.external.id)
            return (intent.removed_at or 0.0) + LOOK  # accepted; the informer tells when it has happened
    outcome = await cloud.once.remove(work, intent, driver, place)
    intent = work.obj.status.intents["instance"]
    if isinstance(outcome, Wait):
        faults.waits(work, now, outcome)
        await work.save()
        return outcome.until
    if isinstance(outcome, Refused):
        work.condition("Progressing", True, outcome.reason, outcome.message, now, now + RETRY_REFUSED)
        await work.save()
        return now + RETRY_REFUSED
    if intent.state == "gone":
        return None
    if intent.external is not None:
        cloud.provider.expect(place, intent.external.id)
    return engine.clock.time() + LOOK


async def _record(engine: Engine, server: Server) -> None:
    """Keep the last state: `changes-since`, deleted servers and usage are answered from the journal."""
    last = await userdata.whole(engine, codec.copy(server))
    last.status.vm_state, last.status.task_state = "deleted", None
    last.status.terminated_at = engine.clock.time()
    last.status.addresses = []
    await engine.journal.append(
        Record(
            at=engine.clock.time(),
            type="deleted",
            kind=Server.kind,
            object_id=server.id,
            region=server.metadata.region,
            project=server.metadata.project,
            data=codec.encode(last),
            request_id=server.metadata.deletion_cause.request_id if server.metadata.deletion_cause else "",
        ),
        unique="deleted",
    )
