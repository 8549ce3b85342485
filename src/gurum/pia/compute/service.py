"""The compute service, put together."""

from __future__ import annotations

from gurum.model.compute import KeyPair
from gurum.model.server import Server
from gurum.pia.compute.flavors import manage as flavors_manage
from gurum.pia.compute.flavors import read as flavors_read
from gurum.pia.compute.keypairs import routes as keypairs
from gurum.pia.compute.servers import read as servers_read
from gurum.pia.compute.servers import state, view
from gurum.pia.compute.wire import ComputeWire
from gurum.pia.kernel.microversion import Microversions
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.kernel.service import Service

LOWEST, HIGHEST = 1, 96

ROUTES = (*flavors_read.ROUTES, *flavors_manage.ROUTES, *keypairs.ROUTES, *servers_read.ROUTES)


def prepare(board: Board) -> None:
    """Add the mirrors that compute's lists need."""
    board.add(Mirror(KeyPair, order=keypairs.order, group=keypairs.group))
    servers = Mirror(Server, row=state.effective)
    servers.index("group", lambda server: server.spec.security_groups)
    view.watch(board)
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
