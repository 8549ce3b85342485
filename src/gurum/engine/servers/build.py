"""From BUILD to ACTIVE: place, ports, launch, look.

Each attempt is in one zone with claims of its own. Another zone is another attempt, and an attempt is given up only
when it is proven that it made nothing: because EC2's token is idempotent within a zone only, the same token in another
zone would be a second instance, without an error.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence

from gurum.engine import isolation, topology
from gurum.engine.context import Engine
from gurum.engine.servers import adopted, faults, ports, userdata
from gurum.engine.servers.place import NoPlaceError, next_zone
from gurum.engine.work import FINALIZER, Work
from gurum.model.base import Condition, Metadata, Resource
from gurum.model.compute import CloudKey, CloudKeySpec
from gurum.model.conditions import Reason, get
from gurum.model.network import AddressClaim, Domain, Network, Port, SecurityGroup, Subnet
from gurum.model.routing import Router
from gurum.model.server import ActionOutcome, Server
from gurum.providers.contract import Blocked, Done, Place, Refused, Step, Wait
from gurum.store.contract import ExistsError, NotFoundError

RETRY_BLOCKED = 15.0
NO_ACCOUNT = "No cloud account of this region serves the project; the platform team maps projects to accounts."
TERMINAL = frozenset({Reason.QUOTA_EXCEEDED, Reason.INVALID_CONFIGURATION})
TOLD = frozenset({Reason.THROTTLED, Reason.TRANSIENT_ERROR, Reason.UNRECOVERABLE_ERROR})


async def build(engine: Engine, work: Work[Server]) -> float | None:
    """Take the launch one step further. Returns when to come again."""
    intent = work.obj.status.intents.get("instance")
    launched = intent is not None and intent.state == "done"
    if intent is None or intent.state in ("failed", "gone"):
        step = await _prepare(engine, work)
        if not isinstance(step, Step):
            return step
    else:
        # The request is in the store and may have been sent: whatever changed since, it is sent again as it stands.
        step = Step("instance", intent.recipe, intent.request, intent.zone)
    try:
        whole = await userdata.giving(engine, work.obj) if not launched else None
    except NotFoundError as error:
        if intent is None or intent.state in ("failed", "gone"):
            return await _fail(engine, work, Reason.UNRECOVERABLE_ERROR, userdata.LOST, str(error))
        # A call may have been made: the same one can only be made with the same text, so it waits for that, or its end.
        until = engine.clock.time() + userdata.LOOK
        return await _wait(engine, work, Wait(Reason.UNRECOVERABLE_ERROR, userdata.LOST, until))
    place = engine.view.place(work.obj)
    work.obj.metadata.account = place.account
    work.obj.status.task_state = "spawning"
    driver = engine.clouds[place.region].provider.driver(Server.kind)
    if driver is None:
        raise LookupError(f"the provider of {place.region} has no driver for servers")
    engine.view.underway.add(work.obj.id)  # before anything else happens: nobody takes away what the step builds on
    try:
        outcome = await engine.clouds[place.region].once.ensure(work, step, driver, place, _launched, sent=whole)
    finally:
        engine.view.underway.discard(work.obj.id)
    if isinstance(outcome, Refused):
        if outcome.capacity:
            return engine.clock.time()  # the next attempt sees from the intent that this zone failed
        text = f"{faults.NO_HOST}{outcome.message}"
        return await _fail(engine, work, outcome.reason, text, outcome.message, outcome.cloud_request_id)
    if isinstance(outcome, Wait):
        return await _wait(engine, work, outcome)
    if not launched:
        await adopted.agree(engine, work, outcome.facts)
        await work.save()
        await ports.learn(engine, work.obj, dict(outcome.facts))
    return await _look(engine, work, place)


def _launched(work: Work[Server], outcome: Done) -> None:
    work.obj.status.external = outcome.external


async def _prepare(engine: Engine, work: Work[Server]) -> Step | float | None:
    """Place the attempt, have its ports and prerequisites, and return the launch; else when to come again."""
    # Kinds are watched apart: the server may be seen before the subnet it was made after. Nothing may be concluded from
    # the absence of what it refers to until these have caught up.
    await engine.cache.fresh(Network, Subnet, Port, SecurityGroup, AddressClaim, Router)
    status, intent = work.obj.status, work.obj.status.intents.get("instance")
    if not status.zone or (intent is not None and intent.attempt >= status.attempt):
        if intent is not None and intent.state == "failed" and status.zone not in ("", *status.zones_failed):
            status.zones_failed.append(status.zone)  # its refusal is in the store, so not there again
        try:
            zone = next_zone(engine, work.obj)
        except NoPlaceError as error:
            return await _fail(engine, work, Reason.UNRECOVERABLE_ERROR, faults.NO_HOST, str(error))
        status.attempt += 1
        status.zone, status.availability_zone = zone, engine.zone_name(work.obj.metadata.region, zone)
        status.task_state = "scheduling"
        await work.save()
    place = engine.view.place(work.obj)
    if not place.account:
        return await _fail(engine, work, Reason.INVALID_CONFIGURATION, NO_ACCOUNT)
    try:
        await ports.ensure(engine, work.obj)
    except ports.PortProblemError as error:
        return await _without_port(engine, work, error)
    if not work.obj.spec.networks:
        await isolation.ensure(engine, place)
    await _ensure_key(engine, work.obj, place)
    driver = engine.clouds[place.region].provider.driver(Server.kind)
    step = driver.steps(work.obj, engine.view)[0] if driver is not None else Blocked("a driver for servers")
    if isinstance(step, Step):
        strays = _strays(engine, work.obj) if intent is None or intent.attempt < status.attempt else ()
        if not strays:
            return step
        for network in strays:
            engine.wake(Network, network.id)
        step = Blocked("its network's move to another VPC")
    needed = _needed(engine, work.obj)
    for condition in needed("Available"):
        if not condition.status and condition.reason in TERMINAL:
            return await _fail(engine, work, Reason(condition.reason), condition.message)
    until = engine.clock.time() + RETRY_BLOCKED
    for condition in needed("Progressing"):
        if condition.status and condition.reason in TOLD and condition.until is not None:
            text = f"waits for {step.on}: {condition.message}"
            told = Wait(Reason(condition.reason), text, max(condition.until, until))
            return await _wait(engine, work, told)
    return await _wait(engine, work, Wait(Reason.PROGRESSING, f"waits for {step.on}", until))


def _strays(engine: Engine, server: Server) -> Sequence[Network]:
    """Return the server's networks that are about to leave their domain: an instance launched now would keep them."""
    if engine.clouds[server.metadata.region].provider.driver(Domain.kind) is None:
        return ()
    found = {
        port.spec.network_id: engine.cache.get(Network, port.spec.network_id) for port in ports.bound(engine, server)
    }
    return [network for network in found.values() if network is not None and topology.astray(engine, network)]


async def _without_port(engine: Engine, work: Work[Server], error: ports.PortProblemError) -> float | None:
    """Go on to another zone if this one's part of the addresses is used up; else end in ERROR."""
    status = work.obj.status
    if error.zonal and status.zone:
        status.zones_failed.append(status.zone)
        status.zone = ""
        try:
            next_zone(engine, work.obj)
        except NoPlaceError:
            return await _fail(engine, work, Reason.INVALID_CONFIGURATION, str(error))
        await work.save()
        return engine.clock.time()
    return await _fail(engine, work, Reason.INVALID_CONFIGURATION, str(error))


async def _look(engine: Engine, work: Work[Server], place: Place) -> float | None:
    """Become ACTIVE when the instance is seen running."""
    now, external = engine.clock.time(), work.obj.status.external
    provider = engine.clouds[place.region].provider
    seen = provider.observed(place, external.id) if external is not None else None
    if external is None or seen is None or seen.state == "pending":
        if external is not None:
            provider.expect(place, external.id)
        return now + RETRY_BLOCKED * 4  # the informer tells; this is only for a missed word
    if seen.state in ("running", "stopping", "stopped"):
        # Once more what the launch told: the process that launched it may not have come to write it down.
        await ports.learn(engine, work.obj, {f"interface:{n}": ",".join(nic) for n, nic in seen.interfaces.items()})
        status = work.obj.status
        status.vm_state = "active" if seen.state == "running" else "stopped"
        status.power_state = 1 if seen.state == "running" else 4
        status.task_state, status.progress = None, 0
        status.launched_at, status.boot_time = now, seen.launched
        status.addresses = ports.shown(engine, work.obj)
        status.zones_failed = []
        await _finish_create(engine, work, now, "Success", "")
        faults.well(work, now)
        await work.save()
        return None
    # EC2 ends a launch that it accepted: Client.InternalError, Server.InsufficientInstanceCapacity and the like.
    intent = work.obj.status.intents["instance"]
    if seen.state == "terminated":
        intent.state, intent.error = "failed", seen.reason
        work.obj.status.external = None
        if "capacity" in seen.reason.lower():
            work.obj.status.zones_failed.append(work.obj.status.zone)
            await work.save()
            return now
        return await _fail(engine, work, Reason.UNRECOVERABLE_ERROR, f"{faults.NO_HOST}{seen.reason}", seen.reason)
    return now + RETRY_BLOCKED


async def _finish_create(
    engine: Engine, work: Work[Server], now: float, result: str, details: str, request_id: str = ""
) -> None:
    action = next((action for action in work.obj.spec.actions if action.number == 1), None)
    first = action.start_time if action is not None else work.obj.metadata.created_at
    await faults.finished(
        engine,
        work,
        action,
        ActionOutcome(
            number=1,
            event="compute__do_build_and_run_instance",
            start_time=first,
            finish_time=now,
            result=result,
            details=details,
            cloud_request_id=request_id,
        ),
    )
    work.obj.status.done = max(1, work.obj.status.done)


async def _wait(engine: Engine, work: Work[Server], wait: Wait) -> float:
    faults.waits(work, engine.clock.time(), wait)
    await work.save()
    return wait.until


async def _fail(
    engine: Engine, work: Work[Server], reason: Reason, message: str, details: str = "", request_id: str = ""
) -> float | None:
    """End in ERROR. As Nova does, the networks are given back; nothing is in the cloud."""
    now = engine.clock.time()
    faults.failed(work, now, reason, message, details)
    await _finish_create(engine, work, now, "Error", details or message, request_id)
    await work.save()
    await ports.let_go(engine, work.obj)
    return None


async def _ensure_key(engine: Engine, server: Server, place: Place) -> None:
    """Have the public key in the account, where the cloud keeps keys."""
    provider = engine.clouds[place.region].provider
    if server.spec.key is None or provider.driver(CloudKey.kind) is None:
        return
    public_key = server.spec.key.public_key.strip()
    key = CloudKey.key_of(place.region, place.account, public_key)
    if engine.cache.by_key(CloudKey, key) is not None:
        return
    metadata = Metadata(
        id=str(uuid.uuid4()),
        key=key,
        region=place.region,
        account=place.account,
        finalizers=[FINALIZER],
        cause=server.metadata.cause,
    )
    spec = CloudKeySpec(public_key=public_key, fingerprint=server.spec.key.fingerprint)
    try:
        engine.cache.apply(await engine.store.create(CloudKey(metadata=metadata, spec=spec)))
    except ExistsError:
        await engine.cache.fresh(CloudKey)


def _needed(engine: Engine, server: Server) -> Callable[[str], Iterator[Condition]]:
    """Return how to ask for a condition of everything that the launch waits for."""
    things: list[Resource | None] = []
    for port in ports.bound(engine, server):
        network = engine.cache.get(Network, port.spec.network_id)
        things += [
            engine.cache.get(Domain, network.status.domain) if network is not None else None, port,
            *(engine.cache.get(Subnet, fixed.subnet_id) for fixed in port.spec.fixed_ips),
            *(engine.cache.get(SecurityGroup, group) for group in port.spec.security_groups),
        ]  # fmt: skip
    if server.spec.key is not None:
        place = engine.view.place(server)
        things.append(
            engine.cache.by_key(CloudKey, CloudKey.key_of(place.region, place.account, server.spec.key.public_key))
        )

    def conditions(type_: str) -> Iterator[Condition]:
        for thing in things:
            found = get(thing.status.conditions, type_) if thing is not None else None
            if found is not None:
                yield found

    return conditions
