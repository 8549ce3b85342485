"""What is done in Horizon, a module a page. The order is that of a person who needs a server with an address.

Pages come before and after what changes them, so that an empty list that should not be empty is seen.
"""

from tests.horizon.journey import Step
from tests.horizon.steps import (
    addresses,
    images,
    instances,
    key_pairs,
    launch,
    networks,
    overview,
    routers,
    security_groups,
    server_groups,
    session,
    topology,
    undoing,
)

JOURNEY: tuple[Step, ...] = (
    *session.ARRIVING,
    *overview.EMPTY,
    *images.STEPS,
    *key_pairs.STEPS,
    *security_groups.STEPS,
    *server_groups.STEPS,
    *networks.STEPS,
    *routers.STEPS,
    *launch.STEPS,
    *instances.STEPS,
    *addresses.STEPS,
    *topology.STEPS,
    *overview.USED,
    *undoing.STEPS,
    *session.LEAVING,
)
