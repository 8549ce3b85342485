"""An engine killed before and after every write and every call, in virtual time: nothing duplicated, leaked or lost.

The kill points are not chosen: a recording run counts them, and each is then killed once. Real processes are killed by
`make chaos`; this is the same question asked of every line change, in seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import pytest
from tests.support.checks import everything, leftovers, problems
from tests.support.virtual import run_virtual
from tests.support.world import World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.model.network import Network, SecurityGroup
from gurum.model.server import Server, ServerKey
from gurum.store.contract import NotFoundError, Store

T = TypeVar("T")

KEY = ServerKey(
    name="k",
    public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmMvoI4vNvWvoiZ8I3pQf5CQ0Cz0m2mC5a0T4pJgk1X me",
    fingerprint="x",
)


class Trap:
    """Counts steps; at the armed one it lets nothing go on, as a killed process would not."""

    def __init__(self, at: int = -1) -> None:
        self.at = at
        self.count = 0
        self.armed = False
        self.sprung = asyncio.Event()

    async def around(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step; even numbers kill before it, odd ones after it, before anybody learns of it."""
        if not self.armed:
            return await step()
        before, after = self.count, self.count + 1
        self.count += 2
        await self._kill(before)
        result = await step()
        await self._kill(after)
        return result

    async def _kill(self, number: int) -> None:
        if number == self.at:
            self.sprung.set()
            await asyncio.Event().wait()


WRITES = ("create", "create_many", "update_spec", "update_status", "delete")


class TrappedStore:
    """The engine's hand on the store: every write is a step."""

    def __init__(self, inner: Store, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in WRITES:
            return method
        return lambda *args, **kwargs: self._trap.around(lambda: method(*args, **kwargs))


def world(trap: Trap) -> World:
    """Return a world with visibility lag whose engine runs into the trap."""
    made = World(
        emulator=EmulatorConfig().patched({"lag": {"resource": 5.0, "tags": 5.0}}), aws=region_config(visibility=20.0)
    )
    made.engine_store = cast("Store", TrappedStore(made.store, trap))
    call = made.transport.call

    async def trapped(account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        return await trap.around(lambda: call(account, action, params))

    made.transport.call = trapped  # type: ignore[method-assign]  # the wrapper has the method's own shape
    return made


async def _kill_when_sprung(w: World, trap: Trap) -> None:
    """If the trap springs, end the engine, change things behind its back, and start another."""
    await trap.sprung.wait()
    trap.armed = False
    await w.kill()
    for server in await everything(w.store, Server):
        if not server.deleting:
            await w.change(Server, server.id, lambda obj: setattr(obj.spec, "name", "renamed"))
    await w.start()


async def scenario(at: int) -> tuple[int, list[str], dict[str, int]]:
    """Create, stop and delete a server with a kill at step `at`; return the steps, what is wrong, what is left."""
    trap = Trap(at)
    w = world(trap)
    network, _ = await w.network()
    group = await w.group()
    await w.start()
    killer = asyncio.create_task(_kill_when_sprung(w, trap))
    trap.armed = True
    server = await w.server(network, group, key=KEY)

    async def is_(state: str) -> bool:
        return await w.state(server.id) == state

    await w.until(lambda: is_("active"))
    wrong = await problems(w)
    await w.act(server.id, "stop")
    await w.until(lambda: is_("stopped"))
    await w.store.delete(Server, server.id)
    await w.until(lambda: is_("gone"))
    await w.store.delete(Network, network.id)

    async def network_gone() -> bool:
        try:
            await w.store.get(Network, network.id)
        except NotFoundError:
            return True
        return False

    await w.until(network_gone)
    await w.store.delete(SecurityGroup, group.id)
    await asyncio.sleep(120)
    wrong += await problems(w)
    steps = trap.count
    killer.cancel()
    await w.kill()
    return steps, wrong, leftovers(w)


def test_every_step_can_be_killed() -> None:
    steps, wrong, left = run_virtual(scenario(-1))
    assert (wrong, left) == ([], {})
    assert steps > 60, "the recording run saw too few steps to prove anything"
    failures = {}
    for at in range(steps):
        _, wrong, left = run_virtual(scenario(at))
        if wrong or left:
            failures[at] = (wrong, left)
    assert failures == {}


@pytest.mark.parametrize("broken", ["token from the generation", "no visibility window", "claim freed too early"])
def test_the_check_bites(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raise NotImplementedError
