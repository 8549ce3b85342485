"""What each of the like kinds waits for, learns and lets go of: the rows of `material`."""

from __future__ import annotations

from gurum.engine import claims
from gurum.engine.context import Engine
from gurum.engine.material import Hooks, MaterialController
from gurum.engine.view import public_key
from gurum.engine.work import Work
from gurum.model.compute import CloudKey, KeyPair
from gurum.model.network import Domain, Network, Port, SecurityGroup, Subnet
from gurum.model.server import Server
from gurum.providers.contract import Done


def _domain_holds(engine: Engine, domain: Domain) -> str:
    for network in engine.view.index(Network, "by_domain", domain.id):
        if any(True for _ in engine.view.index(Subnet, "by_network", network.id)):
            return "its subnets"
    if any(True for _ in engine.view.index(SecurityGroup, "by_domain", domain.id)):
        return "its security groups"
    return ""


def _subnet_holds(engine: Engine, subnet: Subnet) -> str:
    if any(True for _ in engine.view.index(Port, "by_subnet", subnet.id)):
        return "its ports"
    return "its addresses" if engine.view.taken(subnet.id) else ""


def _group_holds(engine: Engine, group: SecurityGroup) -> str:
    return "the ports that use it" if any(True for _ in engine.view.index(Port, "by_group", group.id)) else ""


def _port_holds(engine: Engine, port: Port) -> str:
    """A port whose server still runs in a cloud that cannot take the interface off waits for the server."""
    if engine.clouds[port.metadata.region].provider.driver(Port.kind) is None:
        return ""
    server = engine.cache.get(Server, port.spec.device_id) if port.spec.device_id else None
    intent = server.status.intents.get("instance") if server is not None else None
    return "its server" if intent is not None and intent.state not in ("gone", "failed") else ""


def _port_made(work: Work[Port], outcome: Done) -> None:
    work.obj.status.external = outcome.external
    work.obj.status.mac_address = outcome.facts.get("mac", "") or work.obj.status.mac_address
    if "groups" in outcome.facts:
        work.obj.status.applied["groups"] = outcome.facts["groups"]


async def _port_freed(engine: Engine, port: Port) -> None:
    await claims.free(engine, port.id)


def _key_holds(engine: Engine, key: CloudKey) -> str:
    return ""  # EC2 deletes a key at any time: running instances keep what they were given


def _key_unneeded(engine: Engine, key: CloudKey) -> bool:
    value = public_key(key, key.spec.public_key)
    users = (engine.view.index(KeyPair, "by_public_key", value), engine.view.index(Server, "by_public_key", value))
    return not any(True for found in users for _ in found)


def controllers(
    engine: Engine,
) -> tuple[
    MaterialController[Domain],
    MaterialController[Subnet],
    MaterialController[SecurityGroup],
    MaterialController[Port],
    MaterialController[CloudKey],
]:
    """Return the controllers of the like kinds."""
    return (
        MaterialController(engine, Domain, Hooks(_domain_holds)),
        MaterialController(engine, Subnet, Hooks(_subnet_holds)),
        MaterialController(engine, SecurityGroup, Hooks(_group_holds)),
        MaterialController(engine, Port, Hooks(_port_holds, made=_port_made, freed=_port_freed)),
        MaterialController(engine, CloudKey, Hooks(_key_holds, unneeded=_key_unneeded)),
    )
