"""A store put back from an older copy converges: nothing twice, nothing of anybody lost. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.checks import LIVING, everything
from tests.support.virtual import run_virtual
from tests.support.world import AWS, World

from aws_emulator.config import Config as EmulatorConfig
from gurum.engine import restoration
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, SecurityGroupRuleSpec
from gurum.model.server import Server
from gurum.ops.clock import LoopClock
from gurum.ops.config import StoreConfig
from gurum.store import backup
from gurum.store.sqlite import SqliteJournal, SqliteStore


class Life:
    """A world on SQLite that can be copied, and go on from the copy."""

    def __init__(self, directory: Path, emulator: EmulatorConfig | None) -> None:
        self.directory, self.clock = directory, LoopClock()
        self.emulator = emulator
        self.copy = directory / "copy.sqlite"
        self.taken_at = 0.0

    async def begin(self) -> World:
        store = await SqliteStore.open(self.directory / "store.sqlite", clock=self.clock)
        self.world = World(store=store, journal=SqliteJournal(store.database), clock=self.clock, emulator=self.emulator)
        await self.world.start()
        return self.world

    async def take(self) -> None:
        self.taken_at = self.clock.time()
        await backup.snapshot(StoreConfig(url=f"sqlite:///{self.directory}/store.sqlite"), self.copy)

    async def go_back(self, *, marked: bool = True) -> World:
        """Lose the store as it is (SIGKILL, disk gone), and go on from the copy."""
        w = self.world
        await w.kill()
        await w.store.close()
        store = await SqliteStore.open(self.copy, clock=self.clock)
        w.store, w.journal = store, SqliteJournal(store.database)
        if marked:
            await restoration.mark(store, self.taken_at, self.clock.time())
        await w.start()
        return w


def _run(tmp_path: Path, scenario: Callable[[Life], Awaitable[None]], emulator: EmulatorConfig | None = None) -> None:
    async def whole() -> None:
        life = Life(tmp_path, emulator)
        await life.begin()
        try:
            await scenario(life)
        finally:
            await life.world.kill()
            await life.world.store.close()

    run_virtual(whole())


async def _gone(w: World, id: str) -> None:
    async def absent() -> bool:
        return await w.state(id) == "gone"

    await w.until(absent)


async def _is(w: World, id: str, state: str) -> Server:
    async def there() -> bool:
        return await w.state(id) == state

    await w.until(there)
    return await w.get(Server, id)


def living(w: World) -> dict[str, list[str]]:
    """Return the living instances by server."""
    found: dict[str, list[str]] = {}
    for row in w.resources("instance"):
        if row["state"] in LIVING:
            found.setdefault(row["tags"]["pia:uid"], []).append(row["id"])
    return found


def test_under_load_nothing_comes_twice(tmp_path: Path) -> None:
    """Copies while thirty servers are being made; what was in doubt then has long happened when the copy comes back."""

    async def scenario(life: Life) -> None:
        w = life.world
        network, _ = await w.network(cidr="10.20.0.0/20")
        group = await w.group()
        servers = [await w.server(network, group) for _ in range(30)]

        async def some() -> bool:
            return len(living(w)) >= 5

        await w.until(some)
        await life.take()
        for server in servers:
            await _is(w, server.id, "active")
        before = living(w)
        w = await life.go_back()
        for server in servers:
            await _is(w, server.id, "active")
        assert living(w) == before
        assert {len(ids) for ids in before.values()} == {1}
        ports = {port.spec.device_id: port for port in await everything(w.store, Port)}
        for row in w.resources("network-interface"):
            if row["attachment"]:
                owner = next(uid for uid, ids in before.items() if row["attachment"]["instance_id"] in ids)
                assert [fixed.ip_address for fixed in ports[owner].spec.fixed_ips] == row["addresses"]

    _run(tmp_path, scenario)


@pytest.mark.parametrize("marked", [True, False])
def test_an_attempt_in_another_zone_is_found_and_not_repeated(tmp_path: Path, marked: bool) -> None:
    """The copy knows the attempt in the full zone only; the instance is in another, at another address.

    Put back by hand, without the mark, the token alone is trusted, and there are two.
    """

    async def scenario(life: Life) -> None:
        w = life.world
        network, _ = await w.network()
        w.emulator.add_fault({"action": "RunInstances", "kind": "error", "code": "InternalError", "count": 3})
        server = await w.server(network, await w.group())

        async def intended() -> bool:
            return "instance" in (await w.get(Server, server.id)).status.intents

        await w.until(intended)
        await life.take()
        first = (await w.get(Server, server.id)).status.zone
        w.emulator.remove_faults()
        w.emulator.configure({"capacity": [{"zone_id": first, "limit": 0}]})
        active = await _is(w, server.id, "active")
        assert active.status.zone != first
        w.emulator.configure({"capacity": []})  # the first zone would take it now: the trap
        before, address = living(w), active.status.addresses[0].addr
        w = await life.go_back(marked=marked)
        again = await _is(w, server.id, "active")
        if not marked:
            assert len(living(w)[server.id]) == 2
            return
        assert living(w) == before
        assert (again.status.zone, again.status.addresses[0].addr) == (active.status.zone, address)
        assert again.status.external is not None
        assert [again.status.external.id] == before[server.id]

    _run(tmp_path, scenario)


def test_what_was_made_since_is_kept_until_it_is_settled(tmp_path: Path) -> None:
    async def scenario(life: Life) -> None:
        w = life.world
        network, _ = await w.network()
        group = await w.group()
        old = await w.server(network, group)
        await _is(w, old.id, "active")
        await life.take()
        other, _ = await w.network(cidr="10.60.0.0/24")
        new = await w.server(other, await w.group())
        await _is(w, new.id, "active")
        there = {kind: len(w.resources(kind)) for kind in ("vpc", "subnet", "security-group", "network-interface")}
        before = living(w)
        w = await life.go_back()
        await asyncio.sleep(4 * w.config.engine.sweep)
        assert living(w) == before
        assert {kind: len(w.resources(kind)) for kind in there} == there
        # Settled, the sweep goes on with what nobody knows; an instance of an unknown server stays all the same.
        assert await restoration.settle(w.store)
        await w.kill()
        await w.start()
        await asyncio.sleep(4 * w.config.engine.sweep)
        assert living(w) == before

    _run(tmp_path, scenario)


def test_what_was_deleted_since_shows_as_such_and_can_be_deleted_again(tmp_path: Path) -> None:
    async def scenario(life: Life) -> None:
        w = life.world
        network, _ = await w.network()
        group = await w.group()
        server = await w.server(network, group)
        await _is(w, server.id, "active")
        await life.take()
        await w.store.delete(Server, server.id)
        await _gone(w, server.id)
        await asyncio.sleep(7200)  # EC2 forgets terminated instances after about an hour
        launches = len(w.calls("RunInstances"))
        w = await life.go_back()
        back = await _is(w, server.id, "error")
        assert back.status.fault is not None
        assert "deleted outside of OpenStack" in back.status.fault.message
        await w.store.delete(Server, server.id)
        await _gone(w, server.id)
        assert len(w.calls("RunInstances")) == launches
        await w.store.delete(Network, network.id)

    _run(tmp_path, scenario)


def test_a_launch_whose_instance_is_gone_again_is_not_made_twice(tmp_path: Path) -> None:
    """In doubt at the copy, launched, deleted: the token now answers with a terminated instance, or an error."""

    async def scenario(life: Life) -> None:
        w = life.world
        network, _ = await w.network()
        w.emulator.add_fault({"action": "RunInstances", "kind": "error", "code": "InternalError", "count": 2})
        server = await w.server(network, await w.group())

        async def intended() -> bool:
            return "instance" in (await w.get(Server, server.id)).status.intents

        await w.until(intended)
        await life.take()
        w.emulator.remove_faults()
        await _is(w, server.id, "active")
        await w.store.delete(Server, server.id)
        await _gone(w, server.id)
        w = await life.go_back()

        async def settled() -> bool:
            return await w.state(server.id) in ("active", "error")

        await w.until(settled)
        assert len(living(w).get(server.id, [])) <= 1
        await w.store.delete(Server, server.id)
        await _gone(w, server.id)
        assert living(w) == {}

    for number, replay in enumerate(("returns", "refuses")):
        directory = tmp_path / str(number)
        directory.mkdir()
        _run(directory, scenario, EmulatorConfig().patched({"replay_of_terminated": replay}))


def test_rules_and_groups_are_made_so_again(tmp_path: Path) -> None:
    """A rule added after the copy is at AWS, and not wanted by anybody any more."""

    async def scenario(life: Life) -> None:
        w = life.world
        network, _ = await w.network()
        group = await w.group()
        server = await w.server(network, group)
        await _is(w, server.id, "active")
        await life.take()

        def open_ports() -> set[int]:
            return {
                rule["from_port"]
                for row in w.resources("security-group")
                if row["tags"].get("pia:uid") == group.id
                for rule in row["rules"]
                if rule["protocol"] == "tcp"
            }

        spec = SecurityGroupRuleSpec(
            security_group_id=group.id, direction="ingress", ethertype="IPv4", protocol="tcp",
            port_range_min=22, port_range_max=22, remote_ip_prefix="0.0.0.0/0",
        )  # fmt: skip
        await w.store.create(SecurityGroupRule(metadata=w.meta(AWS, finalizer=False), spec=spec))
        await w.until(lambda: open_ports() == {22})
        w = await life.go_back()
        await w.until(lambda: open_ports() == set())
        assert [each.spec.name for each in await everything(w.store, SecurityGroup)] == ["default"]

    _run(tmp_path, scenario)
