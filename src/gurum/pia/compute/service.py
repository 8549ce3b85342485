"""The compute service, put together: its table of routes, the range of its versions, and the mirrors it adds."""

from __future__ import annotations

from gurum.model.compute import KeyPair
from gurum.model.server import Server
from gurum.pia.compute import parts
from gurum.pia.compute.keypairs import routes as keypairs
from gurum.pia.compute.servers import quota, state
from gurum.pia.compute.wire import ComputeWire
from gurum.pia.kernel.microversion import Microversions
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service

LOWEST, HIGHEST = 1, 96


def _routes() -> tuple[Route, ...]:
    """Return the rows of every noun; a table that a module took from another counts once."""
    tables = {id(rows): rows for rows in parts.found("ROUTES")}
    return tuple(row for rows in tables.values() for row in rows)


ROUTES = _routes()


def prepare(board: Board) -> None:
    """Add the mirrors that compute's lists need, and what it must know of the kinds that others add."""
    board.add(Mirror(KeyPair, order=keypairs.order, group=keypairs.group))
    servers = Mirror(Server, row=state.effective)
    servers.index("group", lambda server: server.spec.security_groups)
    servers.tally("usage", quota.tally)
    for watch in parts.found("watch"):
        watch(board)
    board.add(servers)


SERVICE = Service(
    name="compute",
    prefix="/compute",
    wire=ComputeWire(HIGHEST),
    routes=ROUTES,
    microversions=Microversions(
        service="compute", major=2, lowest=LOWEST, highest=HIGHEST, legacy="x-openstack-nova-api-version"
    ),
    prepare=prepare,
)
