"""The provider contract, as checks that every provider passes.

A check fails by AssertionError. It may assume nothing that is not in `gurum.providers.contract`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.providers.bed import Bed

from gurum.model.base import External
from gurum.model.network import SecurityGroup
from gurum.model.server import Server
from gurum.providers.contract import Absent, Done, Duplicate, Refused

Check = Callable[[Bed], Awaitable[None]]

LEVELS = {"native", "emulated", "unbound", "absent"}


async def _launch(bed: Bed, *, key: bool = False) -> tuple[Server, External]:
    server, _ = await bed.ready(key=key)
    outcome, _ = await bed.create(server, bed.step(server))
    assert isinstance(outcome, Done), outcome
    assert outcome.external is not None
    return server, outcome.external


async def _reach(bed: Bed, instance: str, *states: str) -> str:
    """Observe until the instance is in one of the states; return it."""
    task = asyncio.create_task(bed.provider.run([bed.place], lambda uid, instance: None))
    try:
        for _ in range(400):
            bed.provider.expect(bed.place, instance)
            seen = bed.provider.observed(bed.place, instance)
            if seen is not None and seen.state in states:
                return seen.state
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
    assert await _reach(bed, external.id, "running") == "running"
    seen = bed.provider.observed(bed.place, external.id)
    assert seen is not None
    assert seen.uid == server.id


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
    console_is_text,
)
