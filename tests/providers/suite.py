"""The provider contract, as checks that every provider passes.

A check fails by AssertionError. It may assume nothing that is not in `gurum.providers.contract`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from tests.providers.bed import Bed

from gurum.model.base import External
from gurum.model.network import SecurityGroup
from gurum.model.routing import FloatingIP
from gurum.model.server import Server
from gurum.providers.contract import Absent, Done, Duplicate, Observation, Refused, Wait

Check = Callable[[Bed], Awaitable[None]]

LEVELS = {"native", "emulated", "unbound", "absent"}


async def _launch(bed: Bed, *, key: bool = False) -> tuple[Server, External]:
    server, _ = await bed.ready(key=key)
    outcome, _ = await bed.create(server, bed.step(server))
    assert isinstance(outcome, Done), outcome
    assert outcome.external is not None
    return server, outcome.external


async def _reach(bed: Bed, instance: str, *states: str) -> Observation:
    """Observe until the instance is in one of the states; return what is seen then."""
    task = asyncio.create_task(bed.provider.run([bed.place], lambda uid, instance: None))
    try:
        for _ in range(400):
            bed.provider.expect(bed.place, instance)
            seen = bed.provider.observed(bed.place, instance)
            if seen is not None and seen.state in states:
                return seen
            await asyncio.sleep(0.25)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    raise AssertionError(f"{instance} never became {states}")


async def capability_levels(bed: Bed) -> None:
    """The capability table speaks the contract's four words, and says why something is not possible."""
    assert bed.provider.capabilities
    for verb, row in bed.provider.capabilities.items():
        assert row.verb == verb
        assert row.level in LEVELS
        assert row.why or row.level not in ("absent", "unbound"), f"{verb} is absent without a reason"


async def creates_and_observes(bed: Bed) -> None:
    """An instance is created, runs, and knows whose it is."""
    server, external = await _launch(bed)
    assert external.provider == bed.provider.name
    seen = await _reach(bed, external.id, "running")
    assert (seen.state, seen.uid) == ("running", server.id)


async def same_token_same_instance(bed: Bed) -> None:
    """The same request with the same token is the same instance: what recovery from a lost answer rests on."""
    server, _ = await bed.ready()
    step = bed.step(server)
    first, _ = await bed.create(server, step, "token-one")
    second = await bed.driver(server).create(
        server, (await bed.world.store.get(Server, server.id)).status.intents["instance"], bed.place
    )
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert first.external == second.external


async def finds_by_our_tag(bed: Bed) -> None:
    """What was made is found by our object; what was not made is not."""
    server, external = await _launch(bed)
    other, _ = await bed.ready()
    intent = (await bed.world.store.get(Server, server.id)).status.intents["instance"]
    found = await bed.driver(server).find(server, intent, bed.place)
    assert isinstance(found, Done)
    assert found.external is not None
    assert found.external.id == external.id
    assert isinstance(await bed.driver(other).find(other, intent, bed.place), Absent)


async def power_is_idempotent(bed: Bed) -> None:
    """Stop and start may be repeated; the states follow."""
    _, external = await _launch(bed)
    await _reach(bed, external.id, "running")
    for verb, state in (("stop", "stopped"), ("start", "running")):
        assert isinstance(await bed.provider.power(bed.place, verb, external.id), Done)
        await _reach(bed, external.id, state)
        assert isinstance(await bed.provider.power(bed.place, verb, external.id), Done)
    assert isinstance(await bed.provider.power(bed.place, "reboot", external.id), Done)
    await _reach(bed, external.id, "running")


async def destroys_once_and_again(bed: Bed) -> None:
    """Removal is accepted, is observed, and may be repeated."""
    server, external = await _launch(bed)
    await _reach(bed, external.id, "running")
    current = await bed.world.store.get(Server, server.id)
    intent = current.status.intents["instance"]
    assert isinstance(await bed.driver(current).destroy(current, intent, bed.place), Done)
    await _reach(bed, external.id, "terminated")
    assert isinstance(await bed.driver(current).destroy(current, intent, bed.place), Done | Absent)
    assert isinstance(await bed.driver(current).find(current, intent, bed.place), Absent)


async def unknown_instances_are_absent(bed: Bed) -> None:
    """A verb on what is not there says so; it does not fail and does not succeed."""
    _, external = await _launch(bed)
    ghost = external.id[:-4] + ("0000" if external.id[-4:] != "0000" else "1111")
    outcome = await bed.provider.power(bed.place, "stop", ghost)
    assert isinstance(outcome, Absent), outcome


async def second_name_is_a_duplicate(bed: Bed) -> None:
    """Where the recipe is `name`, making it twice is Duplicate, and it is found by our tag."""
    server, _ = await bed.ready()
    for group in bed.cache.objects(SecurityGroup):
        intent = next(iter(group.status.intents.values()), None)
        if intent is None:
            continue  # a cloud that makes nothing of groups
        assert isinstance(await bed.driver(group).create(group, intent, bed.place), Duplicate)
        found = await bed.driver(group).find(group, intent, bed.place)
        assert isinstance(found, Done)
        assert found.external == intent.external
    assert server.id


async def nothing_goes_while_it_is_in_use(bed: Bed) -> None:
    """What something depends on is not removed; the driver says to wait."""
    server, external = await _launch(bed)
    await _reach(bed, external.id, "running")
    for obj, step in bed.made:
        if obj.kind in ("Server", "CloudKey"):
            continue
        outcome = await bed.driver(obj).destroy(obj, obj.status.intents[step], bed.place)
        assert not isinstance(outcome, Done | Absent | Refused), f"{obj.kind} went although {server.id} runs"


async def everything_goes_in_order(bed: Bed) -> None:
    """After the instance, everything that was made can be removed, backwards."""
    server, external = await _launch(bed, key=True)
    await _reach(bed, external.id, "running")
    for obj, step in reversed(bed.made):
        outcome = await bed.driver(obj).destroy(obj, obj.status.intents[step], bed.place)
        assert isinstance(outcome, Done | Absent), (obj.kind, outcome)
        if obj.kind == Server.kind:
            await _reach(bed, external.id, "terminated")
    assert server.id


async def an_address_is_chosen_found_and_given_back(bed: Bed) -> None:
    """What a cloud chose is told at once, found by our object, and may be given back twice."""
    floating = await bed.world.floating(await bed.world.external(bed.region))
    await bed.cache.fresh()
    if bed.provider.driver(FloatingIP.kind) is None:
        return  # a cloud that makes nothing of floating IPs
    made = await bed.drive(floating)
    assert made.address
    intent = made.status.intents["address"]
    found = await bed.driver(made).find(made, intent, bed.place)
    assert isinstance(found, Done)
    assert (found.external, found.facts["address"]) == (intent.external, made.address)
    for _ in range(2):
        assert isinstance(await bed.driver(made).destroy(made, intent, bed.place), Done | Absent)
        intent.removed_at = bed.world.clock.time()
    assert isinstance(await bed.driver(made).find(made, intent, bed.place), Absent)


async def a_server_is_reached_and_left_again(bed: Bed) -> None:
    """Gateway, table, routes and association are made; each goes when what needs it has gone, and may go twice."""
    if bed.provider.driver(FloatingIP.kind) is None:
        return
    server, external, floating, router, domain = await bed.reachable()
    await _reach(bed, external.id, "running")
    router, floating = await bed.drive(router), await bed.drive(floating)
    assert {name.partition(":")[0] for name in router.status.applied} == {"route", "association"}
    assert floating.status.applied["association"].count(",") == 2
    gateway = domain.status.intents["gateway"].external
    assert gateway is not None
    assert domain.status.applied["gateway"] == gateway.id
    [table] = router.status.intents.values()
    for obj, intent in ((floating, floating.status.intents["address"]), (router, table), (server, None)):
        intent = intent or (await bed.world.store.get(Server, server.id)).status.intents["instance"]
        assert isinstance(await bed.driver(obj).destroy(obj, intent, bed.place), Done | Absent)
    await _reach(bed, external.id, "terminated")
    for _ in range(2):
        gone = await bed.driver(domain).destroy(domain, domain.status.intents["gateway"], bed.place)
        assert isinstance(gone, Done | Absent), gone
        domain.status.intents["gateway"].removed_at = bed.world.clock.time()


async def a_gateway_stays_while_an_address_needs_it(bed: Bed) -> None:
    """A gateway through which a public address leads is not taken away; the driver says to wait."""
    if bed.provider.driver(FloatingIP.kind) is None:
        return
    _, external, floating, _, domain = await bed.reachable()
    await _reach(bed, external.id, "running")
    await bed.drive(floating)
    outcome = await bed.driver(domain).destroy(domain, domain.status.intents["gateway"], bed.place)
    assert isinstance(outcome, Wait), outcome


async def an_address_of_a_port_is_not_taken_from_another(bed: Bed) -> None:
    """Two floating IPs on one address of a port: the second waits until the first has left."""
    if bed.provider.driver(FloatingIP.kind) is None:
        return
    _, external, floating, _, _ = await bed.reachable()
    await _reach(bed, external.id, "running")
    first = await bed.drive(floating)
    second = await bed.world.floating(await bed.world.external(bed.region))
    await bed.cache.fresh()
    await bed.drive(second)
    address = first.spec.fixed_ip_address
    await bed.world.change(FloatingIP, second.id, lambda obj: setattr(obj.spec, "port_id", first.spec.port_id))
    await bed.world.change(FloatingIP, second.id, lambda obj: setattr(obj.spec, "fixed_ip_address", address))
    await bed.cache.fresh()
    with contextlib.suppress(AssertionError):  # driving it ends where it waits
        await bed.drive(second)
    current = bed.cache.get(FloatingIP, second.id)
    assert current is not None
    assert isinstance(await bed.driver(current).sync(current, bed.view, bed.place), Wait)
    kept = await bed.driver(first).find(first, first.status.intents["address"], bed.place)
    assert isinstance(kept, Done)
    assert bed.cache.get(FloatingIP, first.id) is not None


async def console_is_text(bed: Bed) -> None:
    """A console is text, perhaps empty, never an error."""
    _, external = await _launch(bed)
    await _reach(bed, external.id, "running")
    text, outcome = await bed.provider.console(bed.place, external.id)
    assert isinstance(outcome, Done)
    assert isinstance(text, str)


CHECKS: tuple[Check, ...] = (
    capability_levels,
    creates_and_observes,
    same_token_same_instance,
    finds_by_our_tag,
    power_is_idempotent,
    destroys_once_and_again,
    unknown_instances_are_absent,
    second_name_is_a_duplicate,
    nothing_goes_while_it_is_in_use,
    everything_goes_in_order,
    an_address_is_chosen_found_and_given_back,
    a_server_is_reached_and_left_again,
    a_gateway_stays_while_an_address_needs_it,
    an_address_of_a_port_is_not_taken_from_another,
    console_is_text,
)
