"""An engine put together: what a process, a test and the chaos harness build alike, from parts they may replace."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from gurum.engine import floating, orphans, restoration, seed
from gurum.engine.adoption.follow import Follower
from gurum.engine.adoption.gate import Gate
from gurum.engine.claims import GRACE, is_orphan
from gurum.engine.consoles import ConsoleController
from gurum.engine.context import Cloud, Engine
from gurum.engine.edges import connect
from gurum.engine.exactly_once import ExactlyOnce
from gurum.engine.fleet import Fleet
from gurum.engine.kinds import controllers
from gurum.engine.late import Late
from gurum.engine.leases import Leases
from gurum.engine.networks import NetworkController
from gurum.engine.noun import nouns
from gurum.engine.queue import WorkQueue
from gurum.engine.quotas import QuotaController
from gurum.engine.runtime import Runtime
from gurum.engine.servers.controller import ServerController
from gurum.engine.shards import Shards
from gurum.engine.view import KINDS, EngineView
from gurum.model.base import may_have, new_id
from gurum.model.engine import Lease, Restoration
from gurum.model.network import AddressClaim
from gurum.model.server import Server
from gurum.ops.clock import Clock
from gurum.ops.config import Config
from gurum.providers.contract import Place, Provider
from gurum.store.cache import Cache
from gurum.store.contract import (
    Collecting,
    ConflictError,
    Journal,
    NotFoundError,
    Noting,
    Store,
    StoreError,
    UnavailableError,
)

log = structlog.get_logger("gurum.engine")

LOOK = 5.0  # seconds between two looks at a cloud that says nothing of its own pace
REMEMBERED = 7 * 86400.0  # seconds in which a late instance of a deleted server is recognised
Observe = Callable[[str, str, float], None]


@dataclass
class Assembly:
    """A whole engine. `start` before `run`; `stop` afterwards, also after a failure."""

    engine: Engine
    runtime: Runtime
    leases: Leases
    fleet: Fleet
    late: Late
    follower: Follower
    looks: Mapping[Place, float]  # seconds between two looks at a place with nothing in motion
    config: Config
    places: list[Place]
    settled: bool = True  # False: the store comes from a backup, and what it does not know is not garbage

    async def start(self) -> None:
        """Fill the cache and join the fleet; what it acts for from then on, others decide, too."""
        await self.engine.cache.start()
        connect(self.engine)
        await self.fleet.join()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.runtime.run(), name="runtime")
            group.create_task(self.fleet.run(), name="fleet")
            group.create_task(self._collect(), name="collector")
            group.create_task(self.follower.run(), name="follower")
            for place in self.places:
                group.create_task(self._observe(place), name=f"observe {place.region} {place.account}")

    async def _observe(self, place: Place) -> None:
        """Look at a shard's cloud while it is ours: another's looking is paid from the same account's rate."""
        shards, provider = self.engine.shards, self.engine.clouds[place.region].provider
        while True:
            await shards.until_held(place)
            looking = asyncio.create_task(provider.run([place], self._seen))
            late = asyncio.create_task(self.late.follow(place, self.looks.get(place, LOOK)))
            lost = asyncio.create_task(shards.until_lost(place))
            try:
                await asyncio.wait({looking, lost}, return_when=asyncio.FIRST_COMPLETED)
                if looking.done():
                    await looking  # raises what ended it
            finally:
                for task in (looking, late, lost):
                    task.cancel()
                await asyncio.wait({looking, late, lost})

    def _seen(self, uid: str, instance: str) -> None:
        if uid:
            self.engine.wake(Server, uid)
        else:  # the cloud shows tags later than what carries them
            for server in self.engine.view.index(Server, "by_instance", instance):
                self.engine.wake(Server, server.id)

    async def _collect(self) -> None:
        """Free orphaned claims, and remove what carries our tag but belongs to nobody, again and again."""
        engine = self.engine
        while True:
            await engine.clock.sleep(engine.config.sweep)
            try:
                await self._collect_once()
            except (ConflictError, NotFoundError, UnavailableError) as error:
                # What it had to decide from is being changed, or not to be had: nothing is lost until the next round.
                log.info("collection broke off", error=str(error))

    async def _collect_once(self) -> None:
        engine = self.engine
        await self.collect_claims(GRACE)
        await floating.collect(engine, GRACE)
        if isinstance(engine.store, Collecting) and set(self.places[:1]) & set(engine.shards.held):
            await engine.store.collect()  # it looks at all there is, so of a fleet one does: who has the first shard
        await engine.journal.prune(engine.clock.time() - self.config.store.journal_kept_days * 86400)
        self.settled = (await restoration.find(engine.store)).settled
        for place in self.places:
            if not await self._holds_soon(place):
                continue
            with engine.shards.acting(place):
                removed = await engine.clouds[place.region].provider.sweep(place, self._known)
            for words in removed:
                log.warning("leftover removed", region=place.region, account=place.account, what=words)

    async def _holds_soon(self, place: Place) -> bool:
        """Whether a shard is ours, also when the store turned one renewal away a moment ago: rounds are far apart."""
        shards, clock = self.engine.shards, self.engine.clock
        end = clock.time() + self.engine.config.lease
        while place in shards.held and not shards.holds(place) and clock.time() < end:
            await clock.sleep(self.fleet.period)
        return shards.holds(place)

    async def collect_claims(self, grace: float) -> int:
        """Free claims whose owner is gone or does not list them, older than `grace` seconds; return how many."""
        engine, freed = self.engine, 0
        for claim in engine.cache.objects(AddressClaim):
            if engine.holds(claim) and is_orphan(engine, claim, grace):
                try:
                    with engine.acting(claim):
                        version = claim.metadata.resource_version
                        await engine.store.delete(AddressClaim, claim.id, resource_version=version)
                    freed += 1
                except NotFoundError:
                    continue
        return freed

    async def _known(self, kind: str, uid: str, cloud_id: str) -> bool:
        """Whether to leave a thing in the cloud alone: our object has it there, or a call in doubt may have made it.

        An instance whose server is not in the store is only removed if the journal says that the server was deleted: an
        operator who restores an older store must not lose the instances made since.
        """
        for candidate in KINDS:
            obj = self.engine.cache.get(candidate, uid)
            if obj is not None:
                return may_have(obj, cloud_id)
        if not self.settled:
            return True
        if kind == Server.kind and not await self._was_deleted(uid):
            log.warning("an instance of no known server", resource_id=uid, cloud_id=cloud_id)
            return True
        return False

    async def _was_deleted(self, uid: str) -> bool:
        """Whether the journal remembers the server's deletion: asked for the few that are in question, not for all."""
        since = self.engine.clock.time() - REMEMBERED
        records = await self.engine.journal.read(type="deleted", kind=Server.kind, object_id=uid, since=since, limit=1)
        return bool(records)

    async def stop(self, grace: float = 10.0) -> None:
        """End what is in work, give the shards up, close the clouds. The store stays the caller's."""
        await self.runtime.stop(grace)
        try:
            await self.fleet.leave()
        except StoreError as error:  # they run out instead
            log.warning("leases not given up", why=str(error))
        await self.engine.cache.stop()
        for cloud in self.engine.clouds.values():
            await cloud.provider.close()


async def assemble(
    config: Config,
    *,
    store: Store,
    journal: Journal,
    clock: Clock,
    providers: Mapping[str, Provider],
    token_key: bytes,
    observe: Observe = lambda kind, outcome, seconds: None,
) -> Assembly:
    """Put an engine together for the regions that `providers` has, and seed their catalogue.

    Raises UnavailableError. Nothing runs yet.
    """
    regions = [region for region in config.regions if region.name in providers]
    places: list[Place] = []
    clouds: dict[str, Cloud] = {}
    restored = await seed.patiently(clock, lambda: restoration.find(store))
    if not restored.settled:
        log.warning("the store was restored: what it does not know is kept until `gurum cleanup --orphans` settles it")
    for region in regions:
        provider = providers[region.name]
        await seed.seed(store, region, clock)
        await seed.publish(store, region, provider.capabilities, provider.limits, clock)
        window = region.aws.visibility_window if region.aws is not None else 0.0
        clouds[region.name] = Cloud(provider, ExactlyOnce(clock, token_key, window, restored.restored_at))
        accounts = [account.number for account in region.aws.accounts] if region.aws is not None else [region.name]
        places += [Place(region.name, number) for number in accounts]
    cache = Cache(store, (*KINDS, Lease), clock=clock)
    shards = Shards(places)
    for region in regions:
        providers[region.name].permit(shards.holds)
    engine = Engine(
        store=store,
        journal=journal,
        cache=cache,
        view=EngineView(cache),
        queue=WorkQueue(clock),
        clock=clock,
        config=config.engine,
        clouds=clouds,
        shards=shards,
    )
    for noun in nouns():
        for kind, name, values in noun.indexes:
            cache.add_index(kind, name, values)
    idle = {region.name: region.aws.idle_interval for region in regions if region.aws is not None}
    looks = {place: idle[place.region] for place in places if place.region in idle}
    follower, late = Follower(engine, looks), Late(engine)
    runtime = Runtime(
        engine,
        [
            *controllers(engine),
            NetworkController(engine),
            ServerController(engine),
            ConsoleController(engine),
            QuotaController(engine),
        ],
        Gate(engine, follower.wish),
        observe,
    )
    holder = f"{socket.gethostname()}/{os.getpid()}/{new_id()[:8]}"
    leases = Leases(store, clock, holder, config.engine.lease)
    # What this process knows to have been acknowledged before it began, of a store that may have gone back since.
    leases.version = await store.noted(Lease) if isinstance(store, Noting) else 0
    reported: dict[Place, float] = {}

    async def gained(place: Place) -> None:
        clouds[place.region].once.taken_over(place)
        await cache.fresh()
        last = await restoration.find(store)
        if not last.settled and reported.get(place) != last.restored_at:
            clouds[place.region].once.restored(last.restored_at)
            with shards.acting(place):
                await orphans.report(engine, place, last.restored_at)
            reported[place] = last.restored_at
        late.note(place)

    async def rewound() -> None:
        at = clock.time()
        await seed.patiently(clock, lambda: restoration.mark(store, 0.0, at))
        if isinstance(store, Noting):
            await store.changed(Lease, 0)  # has the noted version corrected

    fleet = Fleet(shards, leases, clock, gained=gained, opened=runtime.start_all, rewound=rewound)

    def put_back(change: str, old: Restoration | None, new: Restoration | None) -> None:
        if new is not None and not new.spec.settled and (old is None or old.spec.restored_at < new.spec.restored_at):
            fleet.again()  # whoever noticed: nothing is called before the report

    def renewed(change: str, old: Lease | None, new: Lease | None) -> None:
        if new is not None:
            leases.told(new)

    cache.subscribe(Restoration, put_back)
    cache.subscribe(Lease, renewed)
    return Assembly(engine, runtime, leases, fleet, late, follower, looks, config, places, settled=restored.settled)
