"""Many servers, written through the store contract before the API starts: a region as it is after a year of use.

They are seeded, not created: each is ACTIVE with one port and one claimed address, and has nothing in a cloud.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from gurum.model.base import Condition, Metadata, new_id
from gurum.model.conditions import Reason, put
from gurum.model.network import (
    AddressClaim,
    AddressClaimSpec,
    FixedIP,
    Network,
    NetworkSpec,
    Pool,
    Port,
    PortSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.server import Action, Address, Server, ServerFlavor, ServerSpec, ServerStatus
from gurum.ops.clock import SystemClock
from gurum.ops.config import StoreConfig
from gurum.store.factory import open_store

T = TypeVar("T")

BATCH = 400


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def address_of(number: int) -> str:
    number += 16
    return f"10.{64 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}"


def seeded(
    region: str, project: str, network: Network, subnet: Subnet, number: int
) -> tuple[Server, Port, AddressClaim]:
    """Return a server of a year ago, its port and the claim of its address."""
    created = time.time() - 86400 + number * 0.5
    id_, port_id, address = new_id(), new_id(), address_of(number)

    def meta(one: str, key: str = "") -> Metadata:
        return Metadata(id=one, key=key or one, region=region, project=project, created_at=created, updated_at=created)

    server = Server(
        metadata=meta(id_),
        spec=ServerSpec(
            name=f"seeded-{number:06d}",
            user_id="0" * 32,
            flavor=ServerFlavor(id="1", name="m1.tiny", vcpus=2, ram=512, disk=8),
            image_id="00000000-0000-4000-8000-000000000000",
            hostname=f"seeded-{number:06d}",
            actions=[
                Action(
                    number=1,
                    action="create",
                    request_id="req-seed",
                    user_id="0" * 32,
                    project_id=project,
                    start_time=created,
                )
            ],
            metadata={"role": "web", "number": str(number)},
        ),
    )
    port = Port(
        metadata=meta(port_id),
        spec=PortSpec(
            network_id=network.id,
            mac_address=f"fa:16:3e:{number >> 16:02x}:{(number >> 8) & 255:02x}:{number & 255:02x}",
            fixed_ips=[FixedIP(subnet_id=subnet.id, ip_address=address)],
            device_id=id_,
            device_owner="compute:seed",
            implied=True,
        ),
    )
    claim = AddressClaim(
        metadata=meta(new_id(), f"{subnet.id}/{address}"),
        spec=AddressClaimSpec(subnet_id=subnet.id, address=address, owner_kind="Port", owner_id=port_id),
    )
    return server, port, claim


def at_rest(obj: Any, network: Network, number: int) -> None:
    """Give an object the status that engines leave it with, so that they find nothing to do: one server in ten is off.

    A kind of which engines say nothing stays as it is.
    """
    created = obj.metadata.created_at
    if isinstance(obj, Server):
        stopped = number % 10 == 0
        obj.status = ServerStatus(
            vm_state="stopped" if stopped else "active",
            task_state=None,
            power_state=4 if stopped else 1,
            availability_zone="nova",
            addresses=[
                Address(
                    network=network.spec.name,
                    addr=address_of(number),
                    mac="fa:16:3e:00:00:00",
                    port_id=obj.id,
                    type="fixed",
                )
            ],
            launched_at=created,
            done=1,
        )
    elif isinstance(obj, Port):
        obj.status.status = "ACTIVE"
    if hasattr(obj.status, "conditions"):
        obj.status.observed_generation = obj.metadata.generation
        for type_, status in (("Available", True), ("Progressing", False)):
            said = Condition(
                type=type_,
                status=status,
                reason=Reason.SUCCESS,
                message="",
                since=created,
                observed_generation=obj.metadata.generation,
            )
            obj.status.conditions = put(obj.status.conditions, said)


def place(region: str, project: str) -> tuple[Network, Subnet]:
    """Return a network and a subnet with room for millions."""
    network = Network(
        metadata=Metadata(id=(one := new_id()), key=one, region=region, project=project),
        spec=NetworkSpec(name="seeded"),
    )
    subnet = Subnet(
        metadata=Metadata(id=(one := new_id()), key=one, region=region, project=project),
        spec=SubnetSpec(
            network_id=network.id,
            cidr="10.64.0.0/10",
            gateway_ip="10.64.0.1",
            allocation_pools=[Pool(start="10.64.0.2", end="10.127.255.254")],
        ),
    )
    return network, subnet


async def seed(url: str, region: str, project: str, count: int) -> None:
    """Write `count` servers of a project into a store that nobody else has open."""
    store, journal = await open_store(StoreConfig(url=url), SystemClock())
    network, subnet = place(region, project)
    await store.create_many([network, subnet])
    for numbers in _batches(range(count), BATCH):
        made = [seeded(region, project, network, subnet, number) for number in numbers]
        created, refusal = await store.create_many([thing for things in made for thing in things])
        if refusal is not None:
            raise refusal
        for number, things in zip(numbers, _batches(created, len(made[0])), strict=True):
            for thing in things:
                at_rest(thing, network, number)
        await asyncio.gather(*(store.update_status(thing) for thing in created))
    await journal.close()
    await store.close()
