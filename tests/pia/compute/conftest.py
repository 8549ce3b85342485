"""A region with two flavors and one without a disk, an image, and a network, for the tests of the compute API."""

from __future__ import annotations

import pytest
from tests.support.pia import PROJECTS, REGION, Kit, flavor, image, region

from gurum.model.base import Metadata
from gurum.model.network import Network, NetworkSpec, Pool, Subnet, SubnetSpec
from gurum.pia.services import SERVICES

NET, SUBNET, IMAGE = (f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2, 3))


@pytest.fixture
async def kit() -> Kit:
    return await filled(Kit(SERVICES))


async def filled(made: Kit) -> Kit:
    """Give a region what the tests of its compute API begin with."""
    network = Network(
        metadata=Metadata(id=NET, key=NET, region=REGION, project=PROJECTS["member"], finalizers=["engine"]),
        spec=NetworkSpec(name="golden-net"),
    )
    subnet = Subnet(
        metadata=Metadata(id=SUBNET, key=SUBNET, region=REGION, project=PROJECTS["member"], finalizers=["engine"]),
        spec=SubnetSpec(
            network_id=NET,
            cidr="10.20.0.0/24",
            gateway_ip="10.20.0.1",
            allocation_pools=[Pool(start="10.20.0.100", end="10.20.0.200")],
        ),
    )
    await made.seed(
        region(),
        image(id=IMAGE, size=1024, min_ram=64),
        flavor("golden.small", id="1"),
        flavor("golden.medium", id="2", vcpus=2, ram=1024, disk=2),
        flavor("golden.zero", id="0", disk=0),
        network,
        subnet,
    )
    return made
