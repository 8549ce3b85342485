"""What a call that arrives after a takeover does, and how it is undone: held back in the transport, and let go."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from tests.engine.fleet import MOVED_WITHIN, Fleet, is_in, play
from tests.engine.test_interfaces import attached, interfaces, started
from tests.support.checks import problems
from tests.support.world import ACCOUNT, AWS, World

from aws_emulator.rules import Refusal
from gurum.model.network import ATTACH, INDEX, WAITING, Port
from gurum.model.server import Server


class Held:
    """A transport that keeps calls of an action back: they leave when the sender is long gone."""

    def __init__(self, world: World) -> None:
        self._inner, self._world = world.transport, world
        self.action = self.refused = ""
        self.kept: list[tuple[str, str, dict[str, Any]]] = []

    async def ready(self, account: str, action: str) -> None:
        """As the world's."""
        await self._inner.ready(account, action)

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call, or keep it."""
        if action == self.action:
            self.kept.append((account, action, params))
            await asyncio.Event().wait()
        return await self._inner.call(account, action, params)

    async def close(self) -> None:
        """Nothing is open."""

    def arrive(self) -> None:
        """Let what was kept back arrive."""
        for account, action, params in self.kept:
            try:
                self._world.emulator.call(action, params, account=account, region="us-east-1")
            except Refusal as refusal:
                self.refused = refusal.code
        assert self.kept, "nothing was kept back"


async def pair(action: str) -> tuple[Fleet, World, World, Held]:
    """Start an engine that acts for AWS, whose calls of an action are kept back, and another; return both."""
    fleet = Fleet(0.0, 0.0)
    first, second = fleet.worlds
    held = Held(first)
    first.transport = cast("Any", held)
    await first.start()
    await second.start()
    await fleet.until([1, 1], 60.0)
    if not any(place.region == AWS for place in fleet.held(first)):
        await second.kill()
        await first.until(lambda: fleet.shares() == [2, 0], 30.0)
    return fleet, first, second, held


async def over(fleet: Fleet, dead: World, heir: World) -> None:
    """Have the first engine die and the other take over."""
    await dead.kill()
    if heir.assembly is None:
        await heir.start()
    await heir.until(lambda: len(fleet.held(heir)) == 2, MOVED_WITHIN)


def test_a_late_stop_is_undone_within_two_observation_periods() -> None:
    async def scenario() -> None:
        fleet, dead, heir, held = await pair("StopInstances")
        network, _ = await heir.network()
        server = await heir.server(network, await heir.group())
        await heir.until(lambda: is_in(heir, server.id, "active"))
        held.action = "StopInstances"
        await heir.act(server.id, "stop")
        await heir.until(lambda: bool(held.kept))
        await over(fleet, dead, heir)
        await heir.until(lambda: is_in(heir, server.id, "stopped"))
        await heir.act(server.id, "start")
        await heir.until(lambda: is_in(heir, server.id, "active"))
        held.arrive()
        began = heir.clock.time()
        await heir.until(lambda: heir.resources("instance")[0]["state"] == "stopped")
        await heir.until(lambda: heir.resources("instance")[0]["state"] == "running")
        assert heir.clock.time() - began < 2 * 30.0 + 20.0, "two observation periods, and the cloud's own time"
        await asyncio.sleep(60.0)
        assert await heir.state(server.id) == "active"
        # From then on a stop is somebody's: it shows, and stays.
        instance = heir.resources("instance")[0]["id"]
        stop = {"InstanceIds": [instance]}
        heir.emulator.call("StopInstances", stop, account=ACCOUNT, region="us-east-1", external=True)
        await heir.until(lambda: is_in(heir, server.id, "stopped"))
        await heir.kill()

    play(scenario)


def test_a_late_termination_ends_nothing_that_lives() -> None:
    async def scenario() -> None:
        fleet, dead, heir, held = await pair("TerminateInstances")
        network, _ = await heir.network()
        group = await heir.group()
        server = await heir.server(network, group)
        await heir.until(lambda: is_in(heir, server.id, "active"))
        held.action = "TerminateInstances"
        await heir.store.delete(Server, server.id)
        await heir.until(lambda: bool(held.kept))
        await over(fleet, dead, heir)
        await heir.until(lambda: is_in(heir, server.id, "gone"))
        next_ = await heir.server(network, group)
        await heir.until(lambda: is_in(heir, next_.id, "active"))
        held.arrive()
        await asyncio.sleep(120.0)
        assert await heir.state(next_.id) == "active"
        assert [one["state"] for one in heir.resources("instance") if one["state"] != "terminated"] == ["running"]
        assert await problems(heir) == []
        await heir.kill()

    play(scenario)


@pytest.mark.parametrize("late", ["DetachNetworkInterface", "AttachNetworkInterface"])
def test_a_late_detachment_or_attachment_leaves_interfaces_where_they_belong(late: str) -> None:
    async def scenario() -> None:
        fleet, dead, heir, held = await pair(late)
        server, subnet = await started(heir)
        if late == "AttachNetworkInterface":
            held.action = late
        port = await attached(heir, server, subnet, 9)

        async def rests() -> bool:
            now = await heir.get(Server, server.id)
            return now.status.done == len(now.spec.actions)

        if late == "DetachNetworkInterface":
            await heir.until(rests)
            held.action = late
            await heir.act(server.id, "detach_interface", port_id=port.id)
        await heir.until(lambda: bool(held.kept))
        await over(fleet, dead, heir)
        await heir.until(rests)
        # Once more, and the other way round, before the late call comes.
        if late == "AttachNetworkInterface":
            await heir.act(server.id, "detach_interface", port_id=port.id)
        else:

            def bind(obj: Port) -> None:
                obj.spec.device_id, obj.spec.device_owner = server.id, f"compute:{AWS}-a"
                obj.metadata.labels |= {INDEX: WAITING, ATTACH: "req-attach_interface"}

            await heir.change(Port, port.id, bind)
            await heir.act(server.id, "attach_interface", port_id=port.id)
        await heir.until(rests)
        address = port.spec.fixed_ips[0].ip_address
        assert (address in interfaces(heir)) == (late == "DetachNetworkInterface")
        held.arrive()
        began = heir.clock.time()
        if late == "AttachNetworkInterface":
            assert address in interfaces(heir), "it did not come"
            await heir.until(lambda: address not in interfaces(heir))
        else:
            assert held.refused == "InvalidAttachmentID.NotFound"
        assert heir.clock.time() - began < 2 * 30.0 + 20.0, "two observation periods, and the cloud's own time"
        await asyncio.sleep(100.0)
        assert (address in interfaces(heir)) == (late == "DetachNetworkInterface")
        await heir.kill()

    play(scenario)
