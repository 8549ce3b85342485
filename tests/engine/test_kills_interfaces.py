"""An engine killed at every write and call of an attachment, a detachment, and of a server in a group. Virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.engine.test_interfaces import attached, started
from tests.engine.test_kills import Point, Trap, world
from tests.support.checks import everything, leftovers, problems
from tests.support.virtual import run_virtual
from tests.support.world import USER, World

from gurum.model.compute import ServerGroup, ServerGroupSpec
from gurum.model.network import Network, Port, SecurityGroup
from gurum.model.server import NetworkRequest, Server
from gurum.store.contract import NotFoundError


async def _kill_when_sprung(w: World, trap: Trap) -> None:
    await trap.sprung.wait()
    trap.armed = False
    await w.kill()
    await w.start()


async def _worked_off(w: World, id: str) -> Server:
    async def done() -> bool:
        server = await w.get(Server, id)
        return server.status.done >= server.spec.actions[-1].number and server.status.vm_state != "building"

    await w.until(done)
    return await w.get(Server, id)


async def _gone(w: World, kind: type[Server] | type[Network] | type[ServerGroup], id: str) -> None:
    async def absent() -> bool:
        try:
            await w.get(kind, id)
        except NotFoundError:
            return True
        return False

    await w.until(absent)


async def interfaces(at: Point | None) -> tuple[Counter[str], list[str], dict[str, int]]:
    """Attach two ports and detach all but the first interface, with a kill at a step."""
    trap = Trap(at)
    w = world(trap)
    await w.start()
    server, subnet = await started(w)
    killer = asyncio.create_task(_kill_when_sprung(w, trap))
    trap.armed = True
    own = await attached(w, server, subnet, 9)
    made = await attached(w, server, subnet, 10, disposable=True)
    now = await _worked_off(w, server.id)
    wrong = await problems(w)
    wrong += [told.details for told in now.status.outcomes if told.result != "Success"]
    indexes = Counter(each["attachment"]["device_index"] for each in w.resources("network-interface"))
    if indexes != {0: 1, 1: 1, 2: 1}:
        wrong.append(f"interfaces: {indexes}")
    for port in (own, made):
        await w.act(server.id, "detach_interface", port_id=port.id)
    now = await _worked_off(w, server.id)
    wrong += [told.details for told in now.status.outcomes if told.result != "Success"]
    if len(now.status.outcomes) != 5 or len(now.status.addresses) != 1:
        wrong.append(f"shown: {now.status.outcomes} {now.status.addresses}")
    await w.store.delete(Port, own.id)
    return await _cleared(w, trap, at, killer, server, subnet.spec.network_id, wrong)


async def launched_with_two(at: Point | None) -> tuple[Counter[str], list[str], dict[str, int]]:
    """Detach the second interface of a launch into a server group, with a kill at a step."""
    trap = Trap(at)
    w = world(trap)
    await w.start()
    network, _ = await w.network()
    spec = ServerGroupSpec(name="g", user_id=USER, policy="anti-affinity")
    group = await w.store.create(ServerGroup(metadata=w.meta(network.metadata.region), spec=spec))
    security = await w.group()
    killer = asyncio.create_task(_kill_when_sprung(w, trap))
    trap.armed = True
    requests = [NetworkRequest(network_id=network.id), NetworkRequest(network_id=network.id)]
    server = await w.server(network, security, requests=requests, server_group=group.id)
    await _worked_off(w, server.id)
    wrong = await problems(w)
    if len(w.resources("placement-group")) != 1:
        wrong.append("no placement group, or two")
    second = next(port for port in await everything(w.store, Port) if port.metadata.labels["index"] == "001")
    await w.act(server.id, "detach_interface", port_id=second.id)
    now = await _worked_off(w, server.id)
    wrong += [told.details for told in now.status.outcomes if told.result != "Success"]
    await w.store.delete(ServerGroup, group.id)
    seen, wrong, left = await _cleared(w, trap, at, killer, server, network.id, wrong, group)
    if w.resources("placement-group"):
        wrong.append("the placement group is left")
    return seen, wrong, left


async def _cleared(
    w: World,
    trap: Trap,
    at: Point | None,
    killer: asyncio.Task[None],
    server: Server,
    network: str,
    wrong: list[str],
    group: ServerGroup | None = None,
) -> tuple[Counter[str], list[str], dict[str, int]]:
    await w.store.delete(Server, server.id)
    await _gone(w, Server, server.id)
    if group is not None:
        await _gone(w, ServerGroup, group.id)
    await w.store.delete(Network, network)
    await _gone(w, Network, network)
    for security in await everything(w.store, SecurityGroup):
        await w.store.delete(SecurityGroup, security.id)
    await asyncio.sleep(120)
    wrong += await problems(w)
    wrong += [f"port {port.id} is left" for port in await everything(w.store, Port)]
    if at is not None and at[1] == 1 and not trap.sprung.is_set():
        wrong.append(f"the run never came to {at}")
    killer.cancel()
    await w.kill()
    return trap.seen, wrong, leftovers(w)


def _every_step(scenario: object, least: int, *names: str) -> None:
    assert callable(scenario)
    seen, wrong, left = run_virtual(scenario(None))
    assert (wrong, left) == ([], {})
    missing = [name for name in names if f"before {name}" not in seen]
    assert not missing
    points = [(name, number) for name, count in seen.items() for number in range(1, min(count, 2) + 1)]
    assert len(points) >= least, "the recording run saw too few steps to prove anything"
    broken = {}
    for at in points:
        _, wrong, left = run_virtual(scenario(at))
        if wrong or left:
            broken[at] = (wrong, left)
    assert broken == {}


def test_every_step_of_attaching_and_detaching_can_be_killed() -> None:
    names = ("CreateNetworkInterface", "AttachNetworkInterface", "DetachNetworkInterface", "DeleteNetworkInterface")
    _every_step(interfaces, 40, *names)


def test_every_step_of_a_launch_into_a_group_can_be_killed() -> None:
    _every_step(launched_with_two, 40, "CreatePlacementGroup", "DetachNetworkInterface", "DeletePlacementGroup")
