"""The services of a region, in the order in which they prepare."""

from __future__ import annotations

from gurum.pia.compute.service import SERVICE as COMPUTE
from gurum.pia.image.service import SERVICE as IMAGE
from gurum.pia.kernel.service import Service
from gurum.pia.network.service import SERVICE as NETWORK

SERVICES: tuple[Service, ...] = (COMPUTE, NETWORK, IMAGE)
