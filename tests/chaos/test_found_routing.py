"""What chaos has found of routers, each as a small test of its own."""

from __future__ import annotations

import pytest
import structlog
from tests.chaos.test_found import _kill_after
from tests.engine.test_routers import ours
from tests.engine.test_servers import settled
from tests.support.virtual import run_virtual
from tests.support.world import World, region_config


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


@pytest.mark.parametrize("action", ["DisassociateRouteTable", "DeleteRouteTable"])
def test_a_gateway_that_is_wanted_again_while_its_table_was_going_has_its_subnets_and_routes(action: str) -> None:
    async def play() -> None:
        w = World(aws=region_config())
        external = await w.external()
        network, subnet = await w.network()
        await w.start()
        await settled(w, (await w.server(network, await w.group())).id, "active")
        router = await w.router(external, subnet)

        def led() -> bool:
            tables = ours(w, "route-table")
            return bool(tables and tables[0]["routes"] and tables[0]["associations"])

        await w.until(led)
        await _kill_after(w, action, lambda: w.gateway(router, None))
        assert not led()
        await w.gateway(router, external)  # before anybody knows how far it had come
        await w.start()
        await w.until(led)
        await w.kill()

    run_virtual(play())
