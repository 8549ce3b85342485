"""What the tests of the network API share: a region, with or without AWS's peculiarities, and short calls."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.support.pia import POLICY, REGION, Answer, Kit

from gurum.model.base import Metadata
from gurum.model.region import Capability, Region, RegionSpec, RegionStatus, Zone
from gurum.pia.network.service import SERVICE
from gurum.policy.engine import EmbeddedDecisionPoint

V2 = "/network/v2.0"
ZONES = [Zone(name=f"zone-{letter}", id=f"use1-az{n}") for letter, n in (("a", 1), ("b", 2), ("c", 4), ("d", 6))]
WHY = "the cloud cannot"
ZONAL = {"network.zonal_subnets": "emulated"}


def region_object(capabilities: dict[str, str] | None = None, limits: dict[str, int] | None = None) -> Region:
    """The region's object; capabilities are name to level."""
    return Region(
        metadata=Metadata(id=REGION, key=REGION, region=REGION),
        spec=RegionSpec(provider="simulated", zones=ZONES),
        status=RegionStatus(
            capabilities={n: Capability(verb=n, level=level, why=WHY) for n, level in (capabilities or {}).items()},
            limits=limits or {},
        ),
    )


@cache
def bundle() -> EmbeddedDecisionPoint:
    """The real policy, compiled once for all tests: it has no state."""
    return EmbeddedDecisionPoint(POLICY)


async def network_kit(capabilities: dict[str, str] | None = None, limits: dict[str, int] | None = None) -> Kit:
    """A kit with the network service and the region's object."""
    kit = Kit([SERVICE], policy=bundle())
    await kit.seed(region_object(capabilities, limits))
    return kit


class Client:
    """Calls of one user; answers are the object itself where the call is to succeed."""

    def __init__(self, kit: Kit, token: str = "member") -> None:
        self.kit, self.token = kit, token

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.kit.call(method, V2 + path, body, token=self.token, **more)

    async def make(self, noun: str, **attributes: Any) -> dict[str, Any]:
        """Create one object and return it."""
        answer = await self.call("POST", f"/{noun.replace('_', '-')}s", {noun: attributes})
        assert answer.status == 201, answer.json
        found: dict[str, Any] = answer.json[noun]
        return found

    async def get(self, path: str) -> Any:
        """Return what a GET answers below its one key."""
        answer = await self.call("GET", path)
        assert answer.status == 200, answer.json
        return next(iter(answer.json.values()))

    async def put(self, noun: str, uid: str, **attributes: Any) -> dict[str, Any]:
        """Change an object and return it."""
        answer = await self.call("PUT", f"/{noun.replace('_', '-')}s/{uid}", {noun: attributes})
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json[noun]
        return found

    async def delete(self, path: str) -> None:
        answer = await self.call("DELETE", path)
        assert answer.status == 204, answer.json

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str, str]:
        """Return status, type and message of a refusal."""
        answer = await self.call(method, path, body, **more)
        error = answer.json["NeutronError"]
        assert error["detail"] == ""
        return answer.status, error["type"], error["message"]

    async def net(self, cidr: str = "10.0.0.0/24", **subnet: Any) -> tuple[str, str]:
        """Create a network with a subnet and return their ids."""
        network = (await self.make("network", name="net"))["id"]
        made = await self.make("subnet", network_id=network, ip_version=4, cidr=cidr, **subnet)
        return network, made["id"]


async def external_net(kit: Kit, *, cidr: str = "203.0.113.0/24") -> tuple[str, str]:
    """Make an external network with a subnet, as an administrator; return their ids."""
    admin = Client(kit, "admin")
    network = (await admin.make("network", name="public", **{"router:external": True}))["id"]
    subnet = await admin.make("subnet", network_id=network, ip_version=4, cidr=cidr, name="public4")
    return network, subnet["id"]


class Routed:
    """A member's network with a subnet, and a router that joins it to an external network."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.external = self.external_subnet = self.network = self.subnet = self.router = ""

    @classmethod
    async def of(cls, client: Client, *, gateway: bool = True, joined: bool = True) -> Routed:
        made = cls(client)
        made.external, made.external_subnet = await external_net(client.kit)
        made.network, made.subnet = await client.net()
        info = {"network_id": made.external} if gateway else None
        made.router = (await client.make("router", name="r", external_gateway_info=info))["id"]
        if joined:
            await made.join(subnet_id=made.subnet)
        return made

    async def join(self, **body: Any) -> dict[str, Any]:
        """Add an interface; return the answer."""
        answer = await self.client.call("PUT", f"/routers/{self.router}/add_router_interface", body)
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json
        return found

    async def part(self, **body: Any) -> dict[str, Any]:
        """Remove an interface; return the answer."""
        answer = await self.client.call("PUT", f"/routers/{self.router}/remove_router_interface", body)
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json
        return found
