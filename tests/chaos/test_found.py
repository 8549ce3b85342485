"""What chaos has found, each as a small test of its own: defects that cost a run of half an hour to see once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from tests.engine.test_interfaces import attached, started
from tests.engine.test_servers import settled
from tests.support.checks import everything, leftovers
from tests.support.virtual import run_virtual
from tests.support.world import AWS, PROJECT, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.model import addresses
from gurum.model.base import Metadata, new_id
from gurum.model.network import (
    AddressClaim,
    Domain,
    FixedIP,
    Network,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    Subnet,
)
from gurum.model.quota import QuotaUsage, QuotaUsageSpec, Reservation
from gurum.model.server import NetworkRequest, Server
from gurum.store.claims import claim_address
from gurum.store.quotas import usage_key


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def test_a_usage_object_is_settled_although_it_is_seen_after_what_it_was_reserved_for() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        await w.start()
        network, _ = await w.network()
        await w.until(lambda: w.assembly is not None and len(w.assembly.engine.queue) == 0, within=30)
        usage = QuotaUsage(
            metadata=Metadata(id=new_id(), key=usage_key(AWS, PROJECT, "network"), region=AWS, project=PROJECT),
            spec=QuotaUsageSpec(
                reservations=[Reservation(id=network.id, amounts={"network": 1}, until=w.clock.time() + 300)]
            ),
        )
        await w.store.create(usage)

        async def settled() -> bool:
            [found] = await everything(w.store, QuotaUsage)
            return found.spec.in_use == {"network": 1, "subnet": 1} and not found.spec.reservations

        await w.until(settled, within=5)
        await w.kill()

    run_virtual(play())


def test_a_server_is_woken_by_an_instance_whose_tags_are_not_visible_yet() -> None:
    async def play() -> None:
        lag = EmulatorConfig().patched({"lag": {"tags": 50.0}})
        w = World(aws=region_config(), emulator=lag)
        network, _ = await w.network()
        await w.start()
        server = await w.server(network)

        async def active() -> bool:
            return await w.state(server.id) == "active"

        await w.until(active, within=30)
        await w.kill()

    run_virtual(play())


def test_a_soft_reboot_ends_soon_although_the_cloud_shows_no_change() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        network, _ = await w.network()
        await w.start()
        server = await w.server(network)

        async def done(number: int) -> bool:
            return (await w.get(Server, server.id)).status.done == number

        await w.until(lambda: done(1))
        await w.act(server.id, "reboot", type="SOFT")
        await w.until(lambda: done(2), within=15)
        await w.kill()

    run_virtual(play())


async def _kill_after(w: World, action: str, do: Callable[[], Awaitable[object]]) -> None:
    """Do something and kill the engine when AWS has done the action, before the engine knows it."""
    reached, call = asyncio.Event(), w.transport.call

    async def trapped(account: str, called: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = await call(account, called, params)
        if called == action:
            reached.set()
            await asyncio.Event().wait()
        return answer

    w.transport.call = trapped  # type: ignore[assignment,method-assign]  # the same shape, one name differs
    await do()
    await reached.wait()
    await w.kill()
    w.transport.call = call  # type: ignore[method-assign]  # the original


async def _active(w: World, server: Server) -> None:
    async def active() -> bool:
        return await w.state(server.id) == "active"

    await w.until(active)


async def _rule(w: World, group: SecurityGroup) -> SecurityGroupRule:
    spec = SecurityGroupRuleSpec(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22,
        remote_ip_prefix="192.0.2.0/24",
    )  # fmt: skip
    return await w.store.create(SecurityGroupRule(metadata=w.meta(AWS, finalizer=False), spec=spec))


def test_a_rule_taken_away_by_an_interrupted_change_comes_back_when_it_is_wanted_again() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        network, _ = await w.network()
        group = await w.group()
        rule = await _rule(w, group)
        await w.start()
        await _active(w, await w.server(network, group))
        await _kill_after(w, "RevokeSecurityGroupIngress", lambda: w.store.delete(SecurityGroupRule, rule.id))
        await _rule(w, group)  # the same again, before anybody wrote down that it was taken away
        await w.start()

        def there() -> bool:
            return any(
                "192.0.2.0/24" in str(row["rules"]) for row in w.resources("security-group") if row["name"] != "default"
            )

        await w.until(there, within=60)
        await w.kill()

    run_virtual(play())


def test_a_membership_given_by_an_interrupted_change_goes_when_it_is_not_wanted_any_more() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        network, _ = await w.network()
        group, second = await w.group(), await w.group()
        await w.start()
        server = await w.server(network, group)
        await _active(w, server)
        [port] = [port for port in await everything(w.store, Port) if port.spec.device_id == server.id]

        def put(groups: list[str]) -> Awaitable[Port]:
            return w.change(Port, port.id, lambda obj: setattr(obj.spec, "security_groups", groups))

        await _kill_after(w, "ModifyNetworkInterfaceAttribute", lambda: put([group.id, second.id]))
        await put([group.id])  # as it was, before anybody wrote down that it is otherwise
        await w.start()

        def alone() -> bool:
            [row] = w.resources("network-interface")
            return len(row["groups"]) == 1

        await w.until(alone, within=60)
        await w.kill()

    run_virtual(play())


def test_a_port_knows_its_interface_although_the_process_that_made_it_did_not_write_it_down() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        network, subnet = await w.network()
        spec = PortSpec(network_id=network.id, fixed_ips=[], security_groups=[], port_security_enabled=False)
        port = await w.store.create(Port(metadata=w.meta(AWS), spec=spec))
        claim = await claim_address(
            w.store, region=AWS, project=PROJECT, subnet_id=subnet.id, address="10.20.0.10", owner_kind="Port",
            owner_id=port.id,
        )  # fmt: skip
        assert claim is not None
        zone = addresses.zone_of("10.20.0.10", subnet.spec.slices)
        assert zone is not None

        def place(obj: Port) -> None:
            obj.spec.fixed_ips, obj.spec.zone = [FixedIP(subnet_id=subnet.id, ip_address="10.20.0.10")], zone

        await w.change(Port, port.id, place)
        await w.start()
        server = await w.server(network, requests=[NetworkRequest(port_id=port.id)])

        async def made() -> bool:
            intent = (await w.get(Port, port.id)).status.intents.get("interface")
            return intent is not None and intent.state == "done"

        await w.until(made)
        await w.kill()
        stored = await w.get(Port, port.id)
        stored.status.external = None  # as the process leaves it that is killed after its first write
        await w.store.update_status(stored)
        await w.start()
        await _active(w, server)

        async def known() -> bool:
            return (await w.get(Port, port.id)).status.external is not None

        await w.until(known, within=60)
        await w.kill()

    run_virtual(play())


def test_a_port_knows_its_mac_address_although_the_answer_that_told_it_was_lost() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        await w.start()
        server, subnet = await started(w)
        port = await attached(w, server, subnet, 9)
        await settled(w, server.id, "active")
        await w.kill()
        stored = await w.get(Port, port.id)
        mac, stored.status.external, stored.status.mac_address = stored.status.mac_address, None, ""
        stored.status.applied.pop("mac", None)
        await w.store.update_status(stored)  # as the process leaves it that is killed after its first write
        await w.start()

        async def known() -> bool:
            return (await w.get(Port, port.id)).status.mac_address == mac != ""

        await w.until(known, within=60)
        await w.kill()

    run_virtual(play())


def test_an_instance_that_no_list_shows_yet_is_not_gone() -> None:
    async def play() -> None:
        lag = EmulatorConfig().patched({"lag": {"tags": 900.0}, "durations": {"instance_shutting_down": 100.0}})
        w = World(aws=region_config(), emulator=lag)
        network, _ = await w.network()
        await w.start()
        server = await w.server(network)
        await _active(w, server)
        await w.kill()  # the next engine has seen nothing, and the list by our tag does not show the instance yet
        await w.store.delete(Server, server.id)
        await w.start()

        async def freed() -> bool:
            return not await everything(w.store, AddressClaim)

        await w.until(freed)
        assert w.resources("instance")[0]["state"] == "terminated"
        assert w.resources("network-interface") == []
        await w.kill()

    run_virtual(play())


def test_what_the_cloud_does_not_know_yet_is_not_deleted_by_not_being_found() -> None:
    async def play() -> None:
        lag = EmulatorConfig().patched({"lag": {"resource": 40.0}, "seed": 2})
        w = World(aws=region_config(), emulator=lag)
        network, _ = await w.network()
        await w.start()
        server = await w.server(network)
        await w.until(lambda: w.resources("subnet"))
        await w.store.delete(Server, server.id)

        async def gone() -> bool:
            return await w.state(server.id) == "gone"

        await w.until(gone)
        await w.store.delete(Network, network.id)

        async def nothing() -> bool:
            return not await everything(w.store, Domain)

        await w.until(nothing)
        assert leftovers(w) == {}
        await w.kill()

    run_virtual(play())


def test_what_came_and_went_between_two_settlings_is_no_longer_reserved_for() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        await w.start()
        _, subnet = await w.network()
        usage = QuotaUsage(
            metadata=Metadata(id=new_id(), key=usage_key(AWS, PROJECT, "network"), region=AWS, project=PROJECT),
            spec=QuotaUsageSpec(
                reservations=[Reservation(id=subnet.id, amounts={"subnet": 1}, until=w.clock.time() + 300)]
            ),
        )
        await w.until(lambda: w.assembly is not None and w.assembly.engine.cache.get(type(subnet), subnet.id), within=5)
        await w.store.delete(type(subnet), subnet.id)
        await w.until(lambda: w.assembly and w.assembly.engine.cache.get(type(subnet), subnet.id) is None, within=5)
        await w.store.create(usage)

        async def settled() -> bool:
            [found] = await everything(w.store, QuotaUsage)
            return found.spec.in_use == {"network": 1} and not found.spec.reservations

        await w.until(settled, within=5)
        await w.kill()

    run_virtual(play())


def test_what_is_in_a_vpc_goes_before_it_although_the_store_keeps_steps_by_their_names() -> None:
    async def play() -> None:
        w = World(aws=region_config())
        network, subnet = await w.network()
        await w.start()
        server = await w.server(network)
        await _active(w, server)
        await w.store.delete(Server, server.id)
        await w.until(lambda: not w.resources("network-interface"))
        await w.kill()
        [domain] = await everything(w.store, Domain)
        assert list(domain.status.intents) == ["vpc", "no-groups"]
        domain.status.intents = dict(sorted(domain.status.intents.items()))  # as an API server keeps a map
        domain.status.observed_generation = 0  # the order alone is no change to be written
        await w.store.update_status(domain)
        await w.store.delete(Subnet, subnet.id)
        await w.store.delete(Network, network.id)
        await w.start()

        async def nothing() -> bool:
            return not await everything(w.store, Domain)

        await w.until(nothing, within=60)
        assert leftovers(w) == {}
        await w.kill()

    run_virtual(play())
