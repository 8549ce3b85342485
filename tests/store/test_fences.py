"""Fences: once another holds the lease, no write of the one before is accepted, whatever it believes itself."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.store import Stores, make_network, make_server

from gurum.model.base import Metadata, new_id
from gurum.model.engine import Lease, LeaseSpec
from gurum.model.network import Network
from gurum.model.server import Server
from gurum.store import fence
from gurum.store.contract import FencedError, NotFoundError, Store
from gurum.store.fence import Fence

KEY = "r1/111122223333"
OURS = Fence(KEY, "a", 1)


async def take(store: Store, holder: str, epoch: int) -> None:
    """Take the lease, as an engine does."""
    spec = LeaseSpec(holder=holder, epoch=epoch)
    try:
        lease = await store.get_by_key(Lease, KEY)
    except NotFoundError:
        await store.create(Lease(metadata=Metadata(id=new_id(), key=KEY, region="r1"), spec=spec))
    else:
        lease.spec = spec
        await store.update_spec(lease)


async def refused(store: Store, kept: Server, other: Network) -> list[str]:
    """Try every write within our fence; return which was accepted."""
    kept.status.vm_state = "active"
    kept.spec.name = "late"
    tries = {
        "create": store.create(make_network("late")),
        "update_spec": store.update_spec(kept),
        "update_status": store.update_status(kept),
        "delete": store.delete(Server, kept.id),
    }
    accepted = []
    with fence.within(OURS):
        for name, write in tries.items():
            try:
                await write
            except FencedError:
                continue
            accepted.append(name)
        try:
            created, why = await store.create_many([make_network("late")])
        except FencedError as refusal:
            created, why = [], refusal
    return accepted if not created and isinstance(why, FencedError) else [*accepted, "create_many"]


async def test_the_holder_writes(stores: Stores) -> None:
    store = stores.one
    await take(store, "a", 1)
    with fence.within(OURS):
        server = await store.create(make_server(finalizers=["engine"]))
        server.status.vm_state = "active"
        server = await store.update_status(server)
        server.spec.name = "other"
        server = await store.update_spec(server)
        assert await store.delete(Server, server.id) is not None
        current = await store.get(Server, server.id)
        current.metadata.finalizers = []
        await store.update_status(current)
    with pytest.raises(NotFoundError):
        await store.get(Server, server.id)


async def test_no_write_of_the_holder_before_is_accepted(calm: Stores) -> None:
    store = calm.one
    await take(store, "a", 1)
    with fence.within(OURS):
        server = await store.create(make_server(finalizers=["engine"]))
        server.status.vm_state = "building"
        server = await store.update_status(server)
    await take(calm.other, "b", 2)
    await asyncio.sleep(0.2)  # Kubernetes' admission learns of it by a watch
    assert await refused(store, await store.get(Server, server.id), await store.create(make_network())) == []
    stored = await store.get(Server, server.id)
    assert (stored.spec.name, stored.status.vm_state, stored.deleting) == ("web", "building", False)
    assert {network.spec.name for network in (await store.list(Network)).items} == {"net"}
    # The successor goes on, and so does everybody who has no fence: the API, people, an operator's commands.
    with fence.within(Fence(KEY, "b", 2)):
        stored.status.vm_state = "active"
        stored = await store.update_status(stored)
    stored.spec.name = "renamed"
    stored = await store.update_spec(stored)
    stored.status.vm_state = "stopped"
    assert (await store.update_status(stored)).status.vm_state == "stopped"


async def test_a_lease_that_comes_back_is_of_a_new_epoch(calm: Stores) -> None:
    store = calm.one
    await take(store, "a", 1)
    await take(store, "b", 2)
    await take(store, "a", 3)
    await asyncio.sleep(0.2)
    with fence.within(OURS), pytest.raises(FencedError):
        await store.create(make_network())


async def test_who_could_not_renew_in_time_does_not_even_ask(calm: Stores) -> None:
    await take(calm.one, "a", 1)
    with fence.within(Fence(KEY, "a", 1, live=lambda: False)), pytest.raises(FencedError):
        await calm.one.create(make_network())
