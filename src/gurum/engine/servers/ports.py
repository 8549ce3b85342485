"""A server's ports: the user's own are bound, the implied ones are made here with addresses of the server's zone."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Mapping

import msgspec

from gurum.engine import claims
from gurum.engine.context import Engine
from gurum.engine.work import FINALIZER, Work
from gurum.model import addresses, codec
from gurum.model.base import Cause, Metadata, detaches
from gurum.model.network import ATTACH, INDEX, TAG, WAITING, Network, Port, PortSpec, Subnet
from gurum.model.server import Address, NetworkRequest, Server
from gurum.store.contract import ExistsError, NotFoundError

ATTEMPT = "attempt"  # label of an implied port: for which attempt it has its addresses
ATTACHMENT, DETACHING = "attachment", "detaching"  # facts of a port: the cloud's attachment; that its end was asked for
_rng = random.Random()  # noqa: S311 - MAC addresses are not secrets


class PortProblemError(Exception):
    """A port cannot be had; the message is Nova's or Neutron's. `zonal`: in another zone it might be."""

    def __init__(self, message: str, *, zonal: bool = False) -> None:
        super().__init__(message)
        self.zonal = zonal


def bound(engine: Engine, server: Server) -> list[Port]:
    """Return the server's ports in the order of its interfaces."""
    found = engine.view.index(Port, "by_device", server.id)
    return sorted(found, key=lambda port: (port.metadata.labels.get(INDEX, WAITING), port.id))


def goes_with_server(port: Port) -> bool:
    """Whether the port was made for the server, and not by its user."""
    return port.spec.implied or port.spec.disposable


def leaves_with_server(port: Port) -> bool:
    """Whether the port ends with the server: made for it, or adopted with it and let go of."""
    return goes_with_server(port) or detaches(port)


def implied_id(server: Server, number: int) -> str:
    """Return the id of an implied port: it follows from the server's, so that a crash cannot make a second one."""
    return str(uuid.uuid5(uuid.UUID(server.id), f"port/{number}"))


async def ensure(engine: Engine, server: Server) -> None:
    """Have every interface's port bound, with addresses claimed for the current attempt.

    Raises PortProblemError; ConflictError when somebody changed a port meanwhile.
    """
    for number, request in enumerate(server.spec.networks):
        if request.port_id:
            await _bind(engine, server, number, request)
        else:
            await _imply(engine, server, number, request)


async def _bind(engine: Engine, server: Server, number: int, request: NetworkRequest) -> None:
    port = engine.cache.get(Port, request.port_id)
    if port is None or port.deleting:
        raise PortProblemError(f"Port {request.port_id} could not be found.")
    if port.spec.device_id == server.id:
        return
    if port.spec.device_id:
        raise PortProblemError(f"Port {request.port_id} is still in use.")
    mine = codec.copy(port)
    mine.spec.device_id = server.id
    mine.spec.device_owner = f"compute:{server.status.availability_zone}"
    mine.metadata.labels[INDEX] = f"{number:03d}"
    engine.cache.apply(await engine.store.update_spec(mine, cause=server.metadata.cause))


async def _imply(engine: Engine, server: Server, number: int, request: NetworkRequest) -> None:
    port_id, attempt = implied_id(server, number), server.status.attempt
    port = engine.cache.get(Port, port_id)
    if port is not None and port.metadata.labels.get(ATTEMPT) == str(attempt):
        await claims.free(engine, port_id, before_attempt=attempt)
        return
    network = engine.cache.get(Network, request.network_id)
    if network is None or network.deleting:
        raise PortProblemError(f"Network {request.network_id} could not be found.")
    if network.spec.external:
        raise PortProblemError(f"It is not allowed to create an interface on external network {network.id}")
    subnets = [s for s in engine.view.index(Subnet, "by_network", network.id) if not s.deleting]
    subnets.sort(key=lambda subnet: subnet.spec.ip_version)
    zone = server.status.zone
    try:
        fixed = await claims.claim_one(
            engine,
            owner=port_id,
            project=server.metadata.project,
            subnets=subnets,
            zone=zone,
            attempt=attempt,
            wanted=request.fixed_ip,
        )
    except claims.NoAddressError as error:
        raise PortProblemError(str(error), zonal=True) from error
    if port is not None:
        mine = codec.copy(port)
        mine.spec.fixed_ips, mine.spec.zone = [fixed], zone
        mine.metadata.labels[ATTEMPT] = str(attempt)
        engine.cache.apply(await engine.store.update_spec(mine, cause=server.metadata.cause))
        await claims.free(engine, port_id, before_attempt=attempt)
        return
    metadata = Metadata(
        id=port_id,
        key=port_id,
        region=server.metadata.region,
        project=server.metadata.project,
        finalizers=[FINALIZER],
        labels={INDEX: f"{number:03d}", ATTEMPT: str(attempt)},
        cause=server.metadata.cause,
    )
    spec = PortSpec(
        network_id=network.id,
        mac_address=addresses.mac(_rng),
        fixed_ips=[fixed],
        zone=zone,
        implied=True,
        security_groups=list(server.spec.security_groups) if network.spec.port_security_enabled else [],
        port_security_enabled=network.spec.port_security_enabled,
        device_id=server.id,
        device_owner=f"compute:{server.status.availability_zone}",
    )
    try:
        engine.cache.apply(await engine.store.create(Port(metadata=metadata, spec=spec)))
    except ExistsError:
        await engine.cache.fresh(Port)  # made by the process that was killed; the next look sees it
        engine.wake(Server, server.id)


async def learn(engine: Engine, server: Server, facts: Mapping[str, str]) -> None:
    """Write what the cloud told of the interfaces into the ports' status, and that they are up.

    `facts` has `interface:<device index>`: cloud id, MAC, address and, from a launch, the digest of its groups,
    separated by commas. Idempotent.
    """
    for port in bound(engine, server):
        index = port.metadata.labels.get(INDEX, WAITING)
        if index == WAITING:
            continue  # not in use yet
        work: Work[Port] = engine.work(port)
        told = facts.get(f"interface:{int(index)}", "").split(",")
        if len(told) >= 3:
            external = server.status.external
            if external is not None and port.spec.implied:
                work.obj.status.external = msgspec.structs.replace(external, id=told[0])
            if len(told) > 3:
                work.obj.status.applied["groups"] = told[3]
            work.obj.status.mac_address = told[1]
        work.obj.status.status = "ACTIVE"
        if not work.obj.status.conditions:
            work.ready(engine.clock.time())
        await work.save()


def shown(engine: Engine, server: Server) -> list[Address]:
    """Return the addresses as the server's user sees them."""
    return [
        Address(
            network=network.spec.name if network is not None else port.spec.network_id,
            addr=fixed.ip_address, mac=port.status.mac_address or port.spec.mac_address, port_id=port.id,
            version=6 if ":" in fixed.ip_address else 4,
        )
        for port in bound(engine, server)
        for network in (engine.cache.get(Network, port.spec.network_id),)
        for fixed in port.spec.fixed_ips
    ]  # fmt: skip


async def let_go(engine: Engine, server: Server) -> None:
    """Unbind the user's ports and have the others deleted. Only when nothing of the server is left."""
    for port in bound(engine, server):
        if not leaves_with_server(port):
            await unbind(engine, port, server.metadata.deletion_cause)
        elif not port.deleting:
            with contextlib.suppress(NotFoundError):
                await engine.store.delete(Port, port.id, cause=server.metadata.deletion_cause)
    for number in range(len(server.spec.networks)):  # an address whose port was not made any more
        if engine.cache.get(Port, implied_id(server, number)) is None:
            await claims.free(engine, implied_id(server, number))


async def unbind(engine: Engine, port: Port, cause: Cause | None) -> None:
    """Let go of a port that no instance has. One that was made for its server is deleted: first that, then the rest.

    Idempotent: a crash in between leaves it bound, so that it is found again.
    """
    port = engine.cache.get(Port, port.id) or port
    with contextlib.suppress(NotFoundError):  # of one that is to go, the rest may be done before us
        if goes_with_server(port) and not port.deleting:
            marked = await engine.store.delete(Port, port.id, cause=cause)
            if marked is None:
                return
            port = marked
        work = engine.work(port)
        work.obj.status.status = "DOWN"  # before: once it is unbound, nobody comes back to it
        for fact in (ATTACHMENT, DETACHING):
            work.obj.status.applied.pop(fact, None)
        await work.save()
        mine = codec.copy(work.obj)
        mine.spec.device_id = mine.spec.device_owner = ""
        for label in (INDEX, ATTACH, TAG):
            mine.metadata.labels.pop(label, None)
        engine.cache.apply(await engine.store.update_spec(mine, cause=cause))
