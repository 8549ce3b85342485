"""Unmanaged objects follow the cloud: what a survey shows of them is written into their specs and statuses.

Their specs, too: what an adopted thing is called and leads to was not decided here. One survey serves all objects of an
account, so that looking costs the same for one adopted thing and for thousands.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import structlog

from gurum.engine.adoption import take
from gurum.engine.adoption.gate import looked_at
from gurum.engine.context import Engine
from gurum.engine.servers import faults, ports
from gurum.engine.servers.watch import OUTSIDE
from gurum.engine.work import Work
from gurum.model import codec
from gurum.model.base import OBSERVED, OWNED, Import, Intent, Resource, Spec, adopted_id, adoption, read_only
from gurum.model.compute import CloudKey, Flavor, KeyPair
from gurum.model.conditions import Reason
from gurum.model.image import Image
from gurum.model.network import Domain, Network, Port, SecurityGroup, SecurityGroupRule
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.providers.contract import Catalogue, Found, Place
from gurum.store.contract import NotFoundError, StoreError, UnavailableError
from gurum.store.objects import whole

log = structlog.get_logger("gurum.engine")

INDEX = "adopted"  # of each kind: what is only looked at, by place
INSTANCE_TYPE = "aws:instance_type"
SETTLE = 1.0  # seconds from a wish to look to the look: what is adopted together is looked at together
GONE = "The cloud no longer has it."
NOBODY = "-"  # no user: key pairs are a user's, and do not change

# What of a spec follows the cloud, by kind; the rest is the user's, or never changes.
FOLLOWED: Mapping[str, Sequence[str]] = {
    "Server": ("name", "flavor", "networks", "group"),
    "Network": ("name",),
    "Subnet": ("name",),
    "Port": (
        "name", "description", "mac_address", "fixed_ips", "security_groups", "device_id", "device_owner", "zone",
        "implied",
    ),
    "SecurityGroup": ("name", "description"),
    "SecurityGroupRule": ("description",),
    "Router": ("name", "gateway", "routes"),
    "FloatingIP": ("port_id", "fixed_ip_address", "router_id"),
}  # fmt: skip
# What a status keeps of its own; everything else is as the survey shows it.
KEPT = frozenset({"observed_generation", "conditions", "adopted", "intents", "outcomes", "done", "addresses", "fault"})
# What was adopted along with something else: it comes and goes with that, without being asked for.
ALONG: tuple[type[Resource], ...] = (Port, SecurityGroupRule)
PARENTS: tuple[type[Resource], ...] = (Server, SecurityGroup, Router, Port)


def place_of(obj: Resource) -> str:
    """Return the index value of an object's place."""
    return _value(Place(obj.metadata.region, obj.metadata.account))


def _value(place: Place) -> str:
    return f"{place.region}/{place.account}"


def catalogue(
    flavors: Iterator[Flavor], images: Iterator[Image], external: str, user: str, ids: Mapping[str, str] | None = None
) -> Catalogue:
    """Return what a survey names things by. Of several flavors of one type the first counts."""
    by_type: dict[str, Flavor] = {}
    for flavor in flavors:
        by_type.setdefault(flavor.spec.extra_specs.get(INSTANCE_TYPE, ""), flavor)
    by_type.pop("", None)
    by_id = {image.spec.cloud_id: image for image in images if image.spec.cloud_id}
    return Catalogue(by_type, by_id, external, user, ids or {})


class Follower:
    """Surveys places and writes what they show. One at a time, in a task of its own: a survey waits for AWS."""

    def __init__(self, engine: Engine, intervals: Mapping[Place, float]) -> None:
        self._engine = engine
        self._intervals = intervals
        self._wishes = {place: asyncio.Event() for place in intervals}
        for kind in codec.ADOPTABLE:
            engine.cache.add_index(kind, INDEX, lambda obj: [place_of(obj)] if looked_at(obj) else [])

    def wish(self, place: Place) -> None:
        """Have a place surveyed soon."""
        if place in self._wishes:
            self._wishes[place].set()

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in self._intervals:
                group.create_task(self._follow(place), name=f"follow {place.account}")

    async def _follow(self, place: Place) -> None:
        while True:
            if self._engine.shards.holds(place) and any(True for _ in self.followed(place)):
                try:
                    with self._engine.shards.acting(place):
                        await self.look(place)
                except StoreError as error:
                    # What was written stays written, so each look comes further; an interval may be minutes.
                    log.warning("adopted things not followed", account=place.account, why=str(error))
                    self.wish(place)
                except Exception:
                    # An account may hold what nobody thought of here: that must not end the engine of all others.
                    log.exception("adopted things not followed", account=place.account)
            wish = self._wishes[place]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._intervals[place]):
                    await wish.wait()
            if wish.is_set():
                wish.clear()
                await self._engine.clock.sleep(SETTLE)

    def followed(self, place: Place) -> Iterator[Resource]:
        """Yield what is only looked at in a place, and what is to be taken over and was never seen."""
        for kind in codec.ADOPTABLE:
            yield from self._engine.cache.select(kind, INDEX, _value(place))

    async def look(self, place: Place) -> None:
        """Survey a place once and write what it shows. Raises StoreError."""
        engine = self._engine
        await engine.cache.fresh()
        answer = await engine.clouds[place.region].provider.survey(place, self._catalogue(place))
        if not isinstance(answer, Sequence):
            log.warning("adopted things not surveyed", account=place.account, why=answer.message)
            return
        if await self._resolved(place, answer):
            self.wish(place)  # what they refer to is known only now
        seen: set[str] = set()
        for found in answer:
            if found.object is None:
                continue
            seen.add(found.object.id)
            obj = engine.cache.get(type(found.object), found.object.id)
            with self._each(place, found.object.id):
                if obj is None:
                    await self._along(place, found)
                elif looked_at(obj) and not obj.deleting:
                    await self._write(obj, found.object)
        for obj in list(self.followed(place)):
            if obj.id not in seen and not obj.deleting and not isinstance(obj, KeyPair | CloudKey):
                with self._each(place, obj.id):
                    await self._gone(obj)
        for server in list(engine.cache.select(Server, INDEX, _value(place))):
            with self._each(place, server.id):
                await self._addresses(server)

    @contextlib.contextmanager
    def _each(self, place: Place, uid: str) -> Iterator[None]:
        """Have what cannot be written now wait for another look, soon: it must not keep all after it from being seen.

        A store that is away, or lets this engine write no more, is no matter of one object, so that raises.
        """
        try:
            yield
        except UnavailableError:
            raise
        except StoreError as error:  # another writer was quicker
            log.warning("adopted thing not followed", resource_id=uid, why=str(error))
            self.wish(place)

    def _catalogue(self, place: Place) -> Catalogue:
        cache, region = self._engine.cache, place.region
        # What was written down by hand has an id of its own, by which the others must refer to it.
        ids = {spec.import_.id: obj.id for obj in self.followed(place) if (spec := _names(obj)) and spec.import_}
        networks = (network for network in cache.objects(Network, region=region) if network.spec.external)
        outside = next(networks, None)
        flavors, images = cache.objects(Flavor, region=region), cache.objects(Image, region=region)
        named = (image for image in images if not image.spec.os_hidden)  # adopted ones are found, not known
        return catalogue(iter(flavors), named, outside.id if outside is not None else "", NOBODY, ids)

    async def _resolved(self, place: Place, answer: Sequence[Found]) -> bool:
        """Give an id to what was written down to be imported by its tags. Returns whether there was any."""
        engine, some = self._engine, False
        for obj in list(self.followed(place)):
            spec = adoption(obj)
            if spec is None or spec.import_ is None or spec.import_.id or not spec.import_.filter:
                continue
            wanted = spec.import_.filter.items()
            kin = [each for each in answer if each.object is not None and each.object.kind == obj.kind]
            ids = [each.id for each in kin if all(each.tags.get(key) == value for key, value in wanted)]
            if len(ids) == 1:
                mine = codec.copy(obj)
                whole(mine).spec.import_ = Import(id=ids[0], filter=dict(wanted))  # type: ignore[attr-defined]  # a Spec
                with self._each(place, obj.id):
                    engine.cache.apply(await engine.store.update_spec(mine))
                    some = True
                continue
            work, now = engine.work(obj), engine.clock.time()
            text = f"{len(ids)} things of the account have its tags; exactly one must"
            work.condition("Available", False, Reason.INVALID_CONFIGURATION, text, now)
            with self._each(place, obj.id):
                await work.save()
        return some

    async def _along(self, place: Place, found: Found) -> None:
        """Adopt what came to something adopted: an interface, a rule, an address."""
        if not found.parent:
            return
        uid = adopted_id(place.region, place.account, found.parent)
        parent = next((obj for kind in PARENTS if (obj := self._engine.cache.get(kind, uid)) is not None), None)
        if parent is None or parent.deleting or not read_only(parent) or not parent.status.adopted:
            return
        try:
            await take.take(self._engine.store, found, parent.metadata.project)
        except take.TakenError as error:
            log.warning("not adopted", cloud_id=found.id, why=str(error))
            return
        if found.object is not None:
            await self._engine.cache.fresh(type(found.object))
            obj = self._engine.cache.get(type(found.object), found.object.id)
            if obj is not None:
                await self._write(obj, found.object)

    async def _write(self, obj: Resource, shown: Resource) -> None:
        """Bring spec and status in line with what is shown."""
        engine = self._engine
        fresh = self._spec(codec.copy(obj), codec.copy(shown))
        if whole(fresh).spec != whole(obj).spec or fresh.metadata.labels != obj.metadata.labels:
            try:
                if isinstance(fresh, Port):
                    await take.hold(engine.store, fresh)
                if isinstance(fresh, FloatingIP):
                    await take.lead(engine.store, fresh)
            except take.TakenError as error:
                log.warning("not followed", kind=obj.kind, resource_id=obj.id, why=str(error))
                return
            stored = await engine.store.update_spec(fresh)
            engine.cache.apply(stored)
            obj = stored
        work: Work[Resource] = engine.work(obj)
        mine, theirs = whole(work.obj).status, whole(shown).status
        for field in msgspec.structs.fields(type(mine)):
            if field.name not in KEPT:
                setattr(mine, field.name, getattr(theirs, field.name))
        mine.intents = _merged(mine.intents, theirs.intents)
        mine.adopted = OWNED if mine.adopted == OWNED else OBSERVED
        now = engine.clock.time()
        if isinstance(work.obj, Server):
            work.obj.status.done = max(1, work.obj.status.done)
            faults.well(work, now)  # type: ignore[arg-type]  # it was looked at: it is a server
        else:
            work.ready(now)
        await work.save()

    def _spec(self, mine: Resource, theirs: Resource) -> Resource:
        """Return the object with what follows of its spec. References to what is not here (any more) lead nowhere."""
        cache, old, new = self._engine.cache, whole(mine).spec, whole(theirs).spec
        if isinstance(theirs, FloatingIP) and cache.get(Port, theirs.spec.port_id) is None:
            theirs.spec.port_id = theirs.spec.fixed_ip_address = theirs.spec.router_id = ""
        if isinstance(theirs, FloatingIP) and cache.get(Router, theirs.spec.router_id) is None:
            theirs.spec.router_id = ""
        if isinstance(theirs, Port):
            theirs.spec.security_groups = [g for g in theirs.spec.security_groups if cache.get(SecurityGroup, g)]
        for name in FOLLOWED.get(mine.kind, ()):
            setattr(old, name, getattr(new, name))
        if isinstance(mine, Port):
            mine.metadata.labels = {**mine.metadata.labels, **theirs.metadata.labels}
            if not theirs.metadata.labels:
                mine.metadata.labels.pop("index", None)
        return mine

    async def _gone(self, obj: Resource) -> None:
        """Say that the cloud does not have it any more. What came along with something goes with it."""
        engine = self._engine
        if not obj.status.adopted:
            work, now = engine.work(obj), engine.clock.time()
            work.condition("Available", False, Reason.INVALID_CONFIGURATION, "The cloud does not have it.", now)
            await work.save()
            return
        if isinstance(obj, ALONG):
            with contextlib.suppress(NotFoundError):
                await engine.store.delete(type(obj), obj.id)
            return
        work, now = engine.work(obj), engine.clock.time()
        if isinstance(work.obj, Server):
            if work.obj.status.vm_state == "error":
                return
            work.obj.status.power_state = 0
            text = OUTSIDE.format(state="absent", reason="")
            faults.failed(work, now, Reason.UNRECOVERABLE_ERROR, text)  # type: ignore[arg-type]  # as above
        else:
            work.condition("Available", False, Reason.UNRECOVERABLE_ERROR, GONE, now)
            if isinstance(work.obj, FloatingIP):
                work.obj.status.status = "DOWN"
        await work.save()

    async def _addresses(self, server: Server) -> None:
        """Write the addresses of a server's ports, as they are by now."""
        work: Work[Server] = self._engine.work(server)
        work.obj.status.addresses = ports.shown(self._engine, work.obj)
        await work.save()


def _names(obj: Resource) -> Spec | None:
    """Return how an object names what it stands for, if others refer to that by it."""
    spec = adoption(obj)
    named = spec is not None and spec.import_ is not None and spec.import_.id
    return spec if named and not isinstance(obj, Domain | KeyPair) else None


def _merged(mine: Mapping[str, Intent], theirs: Mapping[str, Intent]) -> dict[str, Intent]:
    """Return the intents shown; of those known already, as they were written first."""

    def same(old: Intent | None, new: Intent) -> bool:
        return old is not None and (old.external, old.request, old.state) == (new.external, new.request, new.state)

    return {name: mine[name] if same(mine.get(name), new) else new for name, new in theirs.items()}
