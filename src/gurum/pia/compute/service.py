"""The compute service, put together: its table of routes, the range of its versions, and the mirrors it adds."""

from __future__ import annotations

from gurum.model.compute import KeyPair
from gurum.model.server import Server
from gurum.pia.compute import extensions, legacy, places, usage
from gurum.pia.compute.flavors import manage as flavors_manage
from gurum.pia.compute.flavors import read as flavors_read
from gurum.pia.compute.keypairs import routes as keypairs
from gurum.pia.compute.quotas import routes as quotas
from gurum.pia.compute.servers import (
    actions,
    attachments,
    change,
    consoles,
    create,
    groups,
    history,
    interfaces,
    metadata,
    nics,
    quota,
    read,
    refused,
    state,
    tags,
    view,
)
from gurum.pia.compute.wire import ComputeWire
from gurum.pia.kernel.microversion import Microversions
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.kernel.service import Service

LOWEST, HIGHEST = 1, 96

ROUTES = (
    *read.ROUTES,
    *create.ROUTES,
    *change.ROUTES,
    *actions.ROUTES,
    *refused.ROUTES,
    *consoles.ROUTES,
    *groups.ROUTES,
    *metadata.ROUTES,
    *tags.ROUTES,
    *attachments.ROUTES,
    *interfaces.ROUTES,
    *history.ROUTES,
    *flavors_read.ROUTES,
    *flavors_manage.ROUTES,
    *keypairs.ROUTES,
    *quotas.ROUTES,
    *usage.ROUTES,
    *places.ROUTES,
    *extensions.ROUTES,
    *legacy.ROUTES,
)


def prepare(board: Board) -> None:
    """Add the mirrors that compute's lists need, and what it must know of the kinds that others add."""
    board.add(Mirror(KeyPair, order=keypairs.order, group=keypairs.group))
    servers = Mirror(Server, row=state.effective)
    servers.index("group", lambda server: server.spec.security_groups)
    servers.tally("usage", quota.tally)
    view.watch(board)
    nics.watch(board)
    groups.watch(board)
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
