"""Interfaces that come to a living server and leave it. Virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from tests.engine.test_servers import gone, settled
from tests.support.checks import everything, leftovers, problems
from tests.support.world import AWS, PRIVATE, World

from aws_emulator.config import Config as EmulatorConfig
from gurum.engine.servers import ports
from gurum.model.network import ATTACH, INDEX, WAITING, AddressClaim, Network, Port, SecurityGroup, Subnet
from gurum.model.server import NetworkRequest, Server
from gurum.store.contract import NotFoundError

Scenario = Callable[[World], Awaitable[None]]
Play = Callable[..., None]
ZONE = f"{AWS}-a"


def address_in(subnet: Subnet, host: int, zone: str = "use1-az1") -> str:
    """Return an address of the zone's part of a subnet."""
    first = subnet.spec.slices[zone].split("/")[0] if subnet.spec.slices else subnet.spec.cidr.split("/")[0]
    head, _, tail = first.rpartition(".")
    return f"{head}.{int(tail) + host}"


async def attached(
    w: World, server: Server, subnet: Subnet, host: int, *, zone: str = "use1-az1", disposable: bool = False
) -> Port:
    """Bind a port to a server and ask for the attachment, as the API does."""
    held = zone if subnet.spec.slices else ""
    port = await w.port(subnet, address_in(subnet, host, zone), zone=held, disposable=disposable)

    def bind(obj: Port) -> None:
        obj.spec.device_id, obj.spec.device_owner = server.id, f"compute:{ZONE}"
        obj.metadata.labels |= {INDEX: WAITING, ATTACH: "req-attach_interface"}

    bound = await w.change(Port, port.id, bind)
    await w.act(server.id, "attach_interface", port_id=port.id)
    return bound


async def started(w: World, region: str = AWS, instance_type: str = "t3.large") -> tuple[Server, Subnet]:
    """Return a running server of zone a, and the subnet of its network."""
    network, subnet = await w.network(region)
    first = NetworkRequest(network_id=network.id, fixed_ip=address_in(subnet, 5))
    zone = ZONE if region == AWS else ""
    group = await w.group(region)
    server = await w.server(network, group, zone=zone, requests=[first], instance_type=instance_type)
    return await settled(w, server.id, "active"), subnet


async def there(w: World, id: str) -> Port | None:
    """Return the port, None when it is gone."""
    try:
        return await w.get(Port, id)
    except NotFoundError:
        return None


def interfaces(w: World) -> dict[str, tuple[int, str]]:
    """Return device index and status of every attached interface of the cloud, by address."""
    return {
        each["addresses"][0]: (each["attachment"]["device_index"], each["attachment"]["status"])
        for each in w.resources("network-interface")
        if each["attachment"]
    }


@pytest.mark.parametrize("region", [PRIVATE, AWS])
def test_an_interface_comes_and_goes(play: Play, region: str) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w, region)
        own = await attached(w, server, subnet, 9)
        made = await attached(w, server, subnet, 10, disposable=True)
        now = await settled(w, server.id, "active")
        assert [told.result for told in now.status.outcomes] == ["Success"] * 3
        assert [told.event for told in now.status.outcomes[1:]] == ["compute_attach_interface"] * 2
        wanted = {port.spec.fixed_ips[0].ip_address for port in (own, made)}
        assert wanted < {address.addr for address in now.status.addresses}
        for port in (own, made):
            assert (await w.get(Port, port.id)).status.status == "ACTIVE"
        if region == AWS:
            assert {interfaces(w)[address][0] for address in wanted} == {1, 2}
            assert {index for index, _ in interfaces(w).values()} == {0, 1, 2}
        for port in (own, made):
            await w.act(server.id, "detach_interface", port_id=port.id)
        now = await settled(w, server.id, "active")
        assert [told.result for told in now.status.outcomes] == ["Success"] * 5
        assert len(now.status.addresses) == 1
        kept = await w.get(Port, own.id)
        assert (kept.spec.device_id, kept.status.status, kept.spec.device_owner) == ("", "DOWN", "")

        async def made_is_gone() -> bool:
            return await there(w, made.id) is None

        await w.until(made_is_gone)
        again = await attached_again(w, server, own)
        await settled(w, server.id, "active")
        assert again.id == own.id
        await w.store.delete(Server, server.id)
        await gone(w, server.id)
        assert (await w.get(Port, own.id)).spec.device_id == ""
        assert [port.id for port in await everything(w.store, Port)] == [own.id]
        assert await problems(w) == []

    play(scenario)


async def attached_again(w: World, server: Server, port: Port) -> Port:
    """Attach a port that was detached."""

    def bind(obj: Port) -> None:
        obj.spec.device_id = server.id
        obj.metadata.labels |= {INDEX: WAITING, ATTACH: "req-attach_interface"}

    bound = await w.change(Port, port.id, bind)
    await w.act(server.id, "attach_interface", port_id=port.id)
    return bound


def test_an_attached_interface_goes_with_the_server(play: Play) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w)
        own = await attached(w, server, subnet, 9)
        await attached(w, server, subnet, 10, disposable=True)
        await settled(w, server.id, "active")
        await w.store.delete(Server, server.id)
        await gone(w, server.id)
        assert [port.id for port in await everything(w.store, Port)] == [own.id]
        await w.store.delete(Port, own.id)

        async def nothing_left() -> bool:
            return not await everything(w.store, Port) and "network-interface" not in leftovers(w)

        await w.until(nothing_left)
        assert await everything(w.store, AddressClaim) == []

    play(scenario)


def test_the_second_interface_of_a_launch_can_be_detached(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        requests = [NetworkRequest(network_id=network.id), NetworkRequest(network_id=network.id)]
        server = await w.server(network, await w.group(), requests=requests)
        now = await settled(w, server.id, "active")
        second = ports.implied_id(now, 1)
        await w.act(server.id, "detach_interface", port_id=second)
        now = await settled(w, server.id, "active")
        assert now.status.outcomes[-1].result == "Success"

        async def only_one() -> bool:
            return await there(w, second) is None and len(w.resources("network-interface")) == 1

        await w.until(only_one)
        assert len(await everything(w.store, AddressClaim)) == 1

    play(scenario)


def test_more_than_the_type_may_have_is_refused_and_let_go(play: Play) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w, instance_type="t3.nano")  # two interfaces
        await attached(w, server, subnet, 9)
        own = await attached(w, server, subnet, 10)
        made = await attached(w, server, subnet, 11, disposable=True)
        now = await settled(w, server.id, "active")
        failed = [told for told in now.status.outcomes if told.result == "Error"]
        assert len(failed) == 2
        assert all(
            told.details.startswith(f"Failed to attach network adapter device to {server.id}") for told in failed
        )
        assert (await w.get(Port, own.id)).spec.device_id == ""

        async def made_is_gone() -> bool:
            return await there(w, made.id) is None

        await w.until(made_is_gone)
        assert len(interfaces(w)) == 2

    play(scenario)


def test_a_port_of_another_zone_is_refused(play: Play) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w)
        port = await attached(w, server, subnet, 9, zone="use1-az2")
        now = await settled(w, server.id, "active")
        assert "zone" in now.status.outcomes[-1].details
        assert (await w.get(Port, port.id)).spec.device_id == ""

    play(scenario)


@pytest.mark.parametrize("region", [PRIVATE, AWS])
def test_a_port_that_its_user_deletes_is_detached(play: Play, region: str) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w, region)
        port = await attached(w, server, subnet, 9)
        await settled(w, server.id, "active")
        await w.store.delete(Port, port.id)

        async def is_gone() -> bool:
            found = await w.get(Server, server.id)
            return await there(w, port.id) is None and len(found.status.addresses) == 1

        await w.until(is_gone)
        assert len(interfaces(w)) == (1 if region == AWS else 0)

    play(scenario)


def test_a_port_left_bound_by_a_killed_api_is_let_go(play: Play) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w)
        port = await w.port(subnet, address_in(subnet, 9), zone="use1-az1")

        def bind(obj: Port) -> None:
            obj.spec.device_id = server.id
            obj.metadata.labels |= {INDEX: WAITING, ATTACH: "req-lost"}

        await w.change(Port, port.id, bind)

        async def free() -> bool:
            return (await w.get(Port, port.id)).spec.device_id == ""

        await w.until(free)

    play(scenario)


def test_lost_answers_attach_once(play: Play) -> None:
    async def scenario(w: World) -> None:
        server, subnet = await started(w)
        for action in ("CreateNetworkInterface", "AttachNetworkInterface", "DetachNetworkInterface"):
            w.emulator.add_fault({"action": action, "kind": "drop-after", "count": 1})
        port = await attached(w, server, subnet, 9)
        now = await settled(w, server.id, "active")
        assert now.status.outcomes[-1].result == "Success"
        assert len(w.resources("network-interface")) == 2
        await w.act(server.id, "detach_interface", port_id=port.id)
        now = await settled(w, server.id, "active")
        assert now.status.outcomes[-1].result == "Success"
        await w.store.delete(Server, server.id)
        await gone(w, server.id)
        await w.store.delete(Network, subnet.spec.network_id)
        for kind in (Port, SecurityGroup):
            for obj in await everything(w.store, kind):
                await w.store.delete(kind, obj.id)

    play(scenario, emulator=EmulatorConfig().patched({"lag": {"resource": 3.0, "tags": 3.0}}))
