"""What chaos has found, each as a small test of its own: defects that cost a run of half an hour to see once."""

from __future__ import annotations

import pytest
import structlog
from tests.support.checks import everything
from tests.support.virtual import run_virtual
from tests.support.world import AWS, PROJECT, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.model.base import Metadata, new_id
from gurum.model.quota import QuotaUsage, QuotaUsageSpec, Reservation
from gurum.model.server import Server
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
