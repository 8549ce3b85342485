"""Server groups: what their policies become in a cloud, and when it goes. Virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from tests.engine.test_servers import gone, settled
from tests.support.world import ACCOUNT, AWS, PRIVATE, USER, World

from gurum.model.compute import ServerGroup, ServerGroupSpec
from gurum.model.server import Server
from gurum.store.contract import NotFoundError

Scenario = Callable[[World], Awaitable[None]]
Play = Callable[..., None]


async def grouped(w: World, policy: str, region: str = AWS) -> ServerGroup:
    """Make a server group."""
    spec = ServerGroupSpec(name="g", user_id=USER, policy=policy)
    return await w.store.create(ServerGroup(metadata=w.meta(region), spec=spec))


async def is_gone(w: World, group: ServerGroup) -> bool:
    """Whether the group is gone."""
    try:
        await w.get(ServerGroup, group.id)
    except NotFoundError:
        return True
    return False


@pytest.mark.parametrize(
    ("policy", "kind", "strategy"),
    [
        ("anti-affinity", "t3.nano", "spread"),
        ("soft-anti-affinity", "t3.nano", "partition"),
        ("soft-affinity", "m5.large", "cluster"),
        ("soft-affinity", "t3.nano", ""),
        ("affinity", "m5.large", ""),
    ],
)
def test_a_policy_is_a_strategy(play: Play, policy: str, kind: str, strategy: str) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await grouped(w, policy)
        assert not w.resources("placement-group")
        server = await w.server(network, await w.group(), instance_type=kind, server_group=group.id)
        await settled(w, server.id, "active")
        [instance] = w.resources("instance")
        assert bool(instance["placement_group"]) == bool(strategy)
        if strategy:
            [made] = w.resources("placement-group")
            assert (made["name"], made["strategy"]) == (f"pia-{group.id}", strategy)
        await w.store.delete(ServerGroup, group.id)
        await w.store.delete(Server, server.id)
        await gone(w, server.id)
        await w.until(lambda: is_gone(w, group))
        assert not w.resources("placement-group")

    play(scenario)


def test_a_deleted_group_stays_in_the_cloud_until_its_last_server_goes(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group, security = await grouped(w, "anti-affinity"), await w.group()
        servers = [await w.server(network, security, server_group=group.id) for _ in range(2)]
        for server in servers:
            await settled(w, server.id, "active")
        await w.store.delete(ServerGroup, group.id)
        await w.store.delete(Server, servers[0].id)
        await gone(w, servers[0].id)
        assert len(w.resources("placement-group")) == 1
        later = await w.server(network, security, server_group=group.id)  # its hint was checked before the deletion
        await settled(w, later.id, "active")
        assert Counter(each["placement_group"] for each in w.resources("instance") if each["state"] == "running") == {
            f"pia-{group.id}": 1,
            "": 1,
        }
        for server in (servers[1], later):
            await w.store.delete(Server, server.id)
            await gone(w, server.id)
        await w.until(lambda: is_gone(w, group))
        assert not w.resources("placement-group")

    play(scenario)


def test_the_eighth_of_a_zone_goes_to_another_or_nowhere(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group, security = await grouped(w, "anti-affinity"), await w.group()
        named = [await w.server(network, security, zone=f"{AWS}-a", server_group=group.id) for _ in range(9)]
        states = Counter[str]()

        async def all_done() -> bool:
            states.clear()
            for server in named:
                states[await w.state(server.id)] += 1
            return states["building"] == 0

        await w.until(all_done)
        assert states == {"active": 7, "error": 2}
        free = await w.server(network, security, server_group=group.id)
        assert (await settled(w, free.id, "active")).status.zone != "use1-az1"
        failed = [server.id for server in named if await w.state(server.id) == "error"]
        fault = (await w.get(Server, failed[0])).status.fault
        assert fault is not None
        assert fault.message.startswith("No valid host was found.")

    play(scenario)


def test_a_second_server_on_one_host_is_refused(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group, security = await grouped(w, "affinity"), await w.group()
        first = await w.server(network, security, server_group=group.id)
        await settled(w, first.id, "active")
        second = await w.server(network, security, server_group=group.id)
        failed = await settled(w, second.id, "error")
        assert failed.status.fault is not None
        assert failed.status.fault.message.startswith("No valid host was found.")

    play(scenario)


def test_soft_affinity_keeps_to_a_zone(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group, security = await grouped(w, "soft-affinity"), await w.group()
        zones = set()
        for _ in range(3):
            server = await w.server(network, security, server_group=group.id, instance_type="m5.large")
            zones.add((await settled(w, server.id, "active")).status.zone)
        assert len(zones) == 1

    play(scenario)


def test_the_simulated_region_needs_nothing(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network(PRIVATE)
        group = await grouped(w, "affinity", PRIVATE)
        for _ in range(2):
            server = await w.server(network, await w.group(PRIVATE), server_group=group.id)
            await settled(w, server.id, "active")
        await w.store.delete(ServerGroup, group.id)
        for server in (await w.store.list(Server)).items:
            await w.store.delete(Server, server.id)
            await gone(w, server.id)
        await w.until(lambda: is_gone(w, group))

    play(scenario)


def test_a_lost_answer_adopts_the_group_by_its_name(play: Play) -> None:
    async def scenario(w: World) -> None:
        w.emulator.add_fault({"action": "CreatePlacementGroup", "kind": "drop-after", "count": 1})
        network, _ = await w.network()
        group = await grouped(w, "anti-affinity")
        server = await w.server(network, await w.group(), server_group=group.id)
        await settled(w, server.id, "active")
        assert len(w.resources("placement-group")) == 1

    play(scenario)


def test_a_placement_group_of_nobody_is_swept(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await grouped(w, "anti-affinity")
        server = await w.server(network, await w.group(), server_group=group.id)
        await settled(w, server.id, "active")
        tags = [
            {"Key": "pia:owner", "Value": w.config.engine.deployment},
            {"Key": "pia:uid", "Value": "11111111-2222-4333-8444-555555555555"},
            {"Key": "pia:kind", "Value": "ServerGroup"},
        ]
        await w.transport.call(
            ACCOUNT,
            "CreatePlacementGroup",
            {
                "GroupName": "pia-lost",
                "Strategy": "spread",
                "TagSpecifications": [{"ResourceType": "placement-group", "Tags": tags}],
            },
        )
        await w.until(lambda: len(w.resources("placement-group")) == 1, within=3600.0)
        assert w.resources("placement-group")[0]["name"] == f"pia-{group.id}"

    play(scenario)
