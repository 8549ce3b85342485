"""What each of the like kinds waits for, learns and lets go of: the rows of `material`."""

from __future__ import annotations

import contextlib
from typing import Any

from gurum.engine import claims, floating, networks
from gurum.engine.context import Engine
from gurum.engine.material import Hooks, MaterialController
from gurum.engine.noun import nouns
from gurum.engine.view import public_key
from gurum.engine.work import Work
from gurum.model.base import Resource, detaches, read_only
from gurum.model.compute import CloudKey, KeyPair
from gurum.model.network import Domain, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import FloatingIP, Router, is_interface
from gurum.model.server import Server
from gurum.providers.contract import Done
from gurum.store.contract import NotFoundError


def _domain_holds(engine: Engine, domain: Domain) -> str:
    held = networks.holds(engine, domain)
    if held:
        return held
    if any(True for _ in engine.view.index(Router, "by_domain", domain.id)):
        return "its route tables"
    if any(True for _ in engine.view.index(SecurityGroup, "by_domain", domain.id)):
        return "its security groups"
    return ""


def _subnet_holds(engine: Engine, subnet: Subnet) -> str:
    if any(True for _ in engine.view.index(Port, "by_subnet", subnet.id)):
        return "its ports"
    return "its addresses" if engine.view.taken(subnet.id) else ""


def _group_holds(engine: Engine, group: SecurityGroup) -> str:
    if detaches(group):  # it stays, and so do rules of others that point at it: those who would revoke them go first
        for rule in engine.view.index(SecurityGroupRule, "by_remote_group", group.id):
            other = engine.cache.get(SecurityGroup, rule.spec.security_group_id)
            if other is not None and other.id != group.id and not (other.deleting or read_only(other)):
                return f"the group {other.id}, which is managed and has a rule that points at it"
    return "the ports that use it" if any(True for _ in engine.view.index(Port, "by_group", group.id)) else ""


async def _group_freed(engine: Engine, group: SecurityGroup) -> None:
    """Let go of the rules of an adopted group. Those of others the API has removed with it."""
    for rule in list(engine.view.index(SecurityGroupRule, "by_group", group.id)) if group.status.adopted else ():
        with contextlib.suppress(NotFoundError):
            await engine.store.delete(SecurityGroupRule, rule.id, cause=group.metadata.deletion_cause)


def _port_holds(engine: Engine, port: Port) -> str:
    """A port whose server still runs in a cloud that cannot take the interface off waits for the server.

    What is let go of stays where it is, and so must what is managed and leads to it.
    """
    if detaches(port):
        led = (one for one in engine.view.index(FloatingIP, "by_port", port.id) if not detaches(one))
        return next((f"the floating IP {one.id}, which leads to it and is managed" for one in led), "")
    if engine.clouds[port.metadata.region].provider.driver(Port.kind) is None:
        return ""
    server = engine.cache.get(Server, port.spec.device_id) if port.spec.device_id else None
    intent = server.status.intents.get("instance") if server is not None else None
    return "its server" if intent is not None and intent.state not in ("gone", "failed") else ""


def _port_awaits(engine: Engine, port: Port) -> bool:
    """Whether the launch that the port was made for tells of it next: one write then, instead of two."""
    server = engine.cache.get(Server, port.spec.device_id) if port.spec.implied and not port.status.conditions else None
    return server is not None and server.status.vm_state == "building"


def _port_made(work: Work[Port], outcome: Done) -> None:
    work.obj.status.external = outcome.external
    work.obj.status.mac_address = outcome.facts.get("mac", "") or work.obj.status.mac_address
    if "groups" in outcome.facts:
        work.obj.status.applied["groups"] = outcome.facts["groups"]


def _port_shown(engine: Engine, work: Work[Port]) -> None:
    """Take over a MAC address that the cloud was asked for later, because the answer that had it was lost."""
    work.obj.status.mac_address = work.obj.status.applied.get("mac", "") or work.obj.status.mac_address


async def _port_freed(engine: Engine, port: Port) -> None:
    await floating.let_go(engine, port)
    await claims.free(engine, port.id)


def _port_unneeded(engine: Engine, port: Port) -> bool:
    """An interface that was added while its router was being deleted is nobody's."""
    old = engine.clock.time() - port.metadata.created_at > claims.GRACE
    return old and is_interface(port) and engine.cache.get(Router, port.spec.device_id) is None


async def _router_freed(engine: Engine, router: Router) -> None:
    for port in list(engine.view.index(Port, "by_device", router.id)):
        if is_interface(port) and not port.deleting:
            with contextlib.suppress(NotFoundError):
                await engine.store.delete(Port, port.id, cause=router.metadata.deletion_cause)
    await claims.free(engine, router.id)


def _nothing_holds(engine: Engine, obj: Resource) -> str:
    # EC2 deletes a key at any time: running instances keep what they were given. Of a router and a floating IP the API
    # has made sure that nobody uses them, and what a race left is ended by their drivers.
    return ""


def _key_unneeded(engine: Engine, key: CloudKey) -> bool:
    value = public_key(key, key.spec.public_key)
    users = (engine.view.index(KeyPair, "by_public_key", value), engine.view.index(Server, "by_public_key", value))
    return not any(True for found in users for _ in found)


def controllers(engine: Engine) -> tuple[MaterialController[Any], ...]:
    """Return the controllers of the like kinds."""
    return (
        MaterialController(engine, Domain, Hooks(_domain_holds, unneeded=networks.unneeded)),
        MaterialController(engine, Subnet, Hooks(_subnet_holds)),
        MaterialController(engine, SecurityGroup, Hooks(_group_holds, freed=_group_freed)),
        MaterialController(
            engine, Port, Hooks(_port_holds, _port_made, _port_freed, _port_unneeded, _port_shown, _port_awaits)
        ),
        MaterialController(engine, CloudKey, Hooks(_nothing_holds, unneeded=_key_unneeded)),
        MaterialController(engine, Router, Hooks(_nothing_holds, freed=_router_freed)),
        MaterialController(
            engine, FloatingIP, Hooks(_nothing_holds, floating.made, floating.freed, shown=floating.shown)
        ),
        *(MaterialController(engine, noun.kind, noun.hooks) for noun in nouns()),
    )
