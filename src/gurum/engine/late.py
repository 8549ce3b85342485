"""What the engine before us may still have on its way to the cloud, and what is done about it when it arrives.

AWS cannot be fenced. What was sent before a shard changed hands may be carried out after the successor has gone on: a
stop after the user's next start, an old rule after the newer one, an interface that is attached once more. Nothing can
prevent that; it can be seen. So whatever was under way for the predecessor is looked at again for a while, an
observation period apart, as after a crash: the fact is in doubt, is read, and is made so.

Creations need none of this: a token, a name or a tag recognises them (`exactly_once`), and what is left over is swept.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import structlog

from gurum.engine.behalf import subject_of
from gurum.engine.context import Engine
from gurum.engine.floating import ASSOCIATION
from gurum.engine.servers import actions, interfaces
from gurum.engine.view import KINDS
from gurum.engine.work import Work
from gurum.model.base import Resource, read_only
from gurum.model.network import Port
from gurum.model.routing import FloatingIP
from gurum.model.server import Server
from gurum.providers.behalf import working_on
from gurum.providers.contract import DOUBT, UNSURE, Done, Place
from gurum.store.contract import ConflictError, NotFoundError, UnavailableError

log = structlog.get_logger("gurum.engine")

LOOKS = 3  # an observation period apart; what a dead process had sent, arrives before its connection times out
POWER = {"running": "start", "stopped": "stop"}


@dataclass(frozen=True)
class _Interface:
    """An attachment that the predecessor may have asked for."""

    server: str
    instance: str
    port: str
    interface: str


@dataclass
class _UnderWay:
    doubts: dict[tuple[type[Resource], str], dict[str, str]] = field(default_factory=dict)
    interfaces: list[_Interface] = field(default_factory=list)
    servers: list[str] = field(default_factory=list)


class Late:
    """Remembers, by shard, what was under way when it was taken over."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._under_way: dict[Place, _UnderWay] = {}

    def note(self, place: Place) -> None:
        """Remember what is under way in a shard that has just been taken over. The cache is fresh."""
        engine, found = self._engine, _UnderWay()
        for kind in KINDS:
            for obj in engine.cache.objects(kind, region=place.region):
                if engine.shards.home(engine.view.place(obj)) == place and not read_only(obj):
                    self._note(found, obj)
        self._under_way[place] = found

    def _note(self, found: _UnderWay, obj: Resource) -> None:
        doubts = {name: fact for name, fact in obj.status.applied.items() if name.startswith(DOUBT) or fact == UNSURE}
        if doubts:
            found.doubts[type(obj), obj.id] = doubts
        action = actions.pending(obj) if isinstance(obj, Server) else None
        if not isinstance(obj, Server) or action is None or obj.status.external is None:
            return
        if actions.verb_of(action) is not None:
            found.servers.append(obj.id)
            self._engine.suspects.add(obj.id)
        port = self._engine.cache.get(Port, action.arguments.get("port_id", ""))
        if action.action in interfaces.EVENTS and port is not None and port.status.external is not None:
            found.interfaces.append(_Interface(obj.id, obj.status.external.id, port.id, port.status.external.id))

    async def follow(self, place: Place, period: float) -> None:
        """Look again, a few times, `period` seconds apart; then all of it has arrived or never will."""
        for _ in range(LOOKS):
            await self._engine.clock.sleep(period)
            found = self._under_way.get(place)
            if found is None or not self._engine.shards.holds(place):
                continue
            with self._engine.shards.acting(place):
                for (kind, id_), doubts in list(found.doubts.items()):
                    await self._doubt(kind, id_, doubts)
                for one in found.interfaces:
                    await self._loosen(place, one)
        over = self._under_way.pop(place, None)
        self._engine.suspects.difference_update(over.servers if over is not None else ())

    async def _doubt(self, kind: type[Resource], id_: str, doubts: dict[str, str]) -> None:
        """Put facts in doubt once more, so that they are read and made so."""
        obj = self._engine.cache.get(kind, id_)
        if obj is None or obj.deleting:
            return  # what is being removed takes its facts along
        work = self._engine.work(obj)
        applied = work.obj.status.applied
        for name, fact in doubts.items():
            applied[name] = fact
        if isinstance(obj, FloatingIP) and DOUBT + ASSOCIATION in doubts:
            # As after a restore: it is asked where the address leads, and what is right is not interrupted.
            applied.pop(ASSOCIATION, None)
            applied[DOUBT + ASSOCIATION] = str(self._engine.clock.time())
        with contextlib.suppress(
            ConflictError, NotFoundError, UnavailableError
        ):  # it is just being worked on: next time
            await work.save()
            self._engine.wake(kind, id_)

    async def _loosen(self, place: Place, one: _Interface) -> None:
        """Take an interface off that was attached once more after its server had let go of it."""
        port = self._engine.cache.get(Port, one.port)
        if port is None or port.spec.device_id == one.server or port.status.external is None:
            return  # it is gone with its interface, or is where it belongs
        provider = self._engine.clouds[place.region].provider
        with working_on(subject_of(self._engine.cache.get(Server, one.server))):
            outcome = await provider.detach(place, one.instance, one.interface, "")
        if isinstance(outcome, Done):
            log.warning("late attachment undone", resource_id=one.server, port=one.port)


async def undo(engine: Engine, work: Work[Server], place: Place, state: str) -> bool:
    """Whether a server at rest that the predecessor acted on is found otherwise than we left it: then it is made so.

    Once: then it was somebody else, whose word counts as everywhere.
    """
    status = work.obj.status
    rests = {"active": "running", "stopped": "stopped"}.get(status.vm_state)
    if (
        work.obj.id not in engine.suspects
        or rests is None
        or state not in POWER
        or state == rests
        or status.external is None
    ):
        return False
    outcome = await engine.clouds[place.region].provider.power(place, POWER[rests], status.external.id)
    if not isinstance(outcome, Done):
        return False
    engine.suspects.discard(work.obj.id)
    log.warning("late call undone", resource_id=work.obj.id, found=state, wanted=rests)
    engine.clouds[place.region].provider.expect(place, status.external.id)
    return True
