"""Writes and reads of one object: the same answers from every backend."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.store import Stores, make_claim, make_network, make_server

from gurum.model import codec
from gurum.model.base import Cause, Condition
from gurum.model.network import AddressClaim, Network
from gurum.model.server import Server
from gurum.store.contract import ConflictError, ExistsError, Filter, NotFoundError

ALICE = Cause(user_id="alice", request_id="req-1", decision_id="d-1")


async def test_create_sets_the_bookkeeping_and_drops_the_status(stores: Stores) -> None:
    server = make_server()
    server.status.vm_state = "active"
    server.metadata.generation, server.metadata.resource_version = 7, 99
    stored = await stores.one.create(server)
    assert stored.metadata.generation == 1
    assert stored.metadata.resource_version not in (0, 99)
    assert stored.metadata.created_at == stored.metadata.updated_at
    assert stored.metadata.created_at >= 1_800_000_000.0
    assert stored.status.vm_state == "building"
    assert stored.spec == server.spec
    assert await stores.other.get(Server, server.id) == stored


async def test_create_keeps_a_time_that_was_given(stores: Stores) -> None:
    server = make_server()
    server.metadata.created_at = 12.5
    assert (await stores.one.create(server)).metadata.created_at == 12.5


async def test_create_does_not_touch_or_keep_what_was_handed_in(stores: Stores) -> None:
    server = make_server()
    before = codec.copy(server)
    stored = await stores.one.create(server)
    assert server == before
    server.spec.name = "changed by the caller"
    stored.spec.name = "changed by the reader"
    assert (await stores.one.get(Server, server.id)).spec.name == "web"


async def test_no_two_readers_share_an_object(stores: Stores) -> None:
    stored = await stores.one.create(make_server())
    first = await stores.one.get(Server, stored.id)
    first.spec.tags.append("mine")
    assert (await stores.one.get(Server, stored.id)).spec.tags == []
    updated = await stores.one.update_spec(first)
    first.spec.tags.append("more")
    updated.spec.tags.append("other")
    assert (await stores.one.get(Server, stored.id)).spec.tags == ["mine"]


async def test_an_update_without_effect_hands_out_no_shared_object_either(stores: Stores) -> None:
    stored = await stores.one.create(make_server())
    same = await stores.one.update_spec(stored)
    same.spec.tags.append("mine")
    assert stored.spec.tags == []


async def test_the_second_object_of_an_id_or_key_is_refused(stores: Stores) -> None:
    first = await stores.one.create(make_network(key="k"))
    with pytest.raises(ExistsError) as refusal:
        await stores.other.create(make_network(key="k"))
    assert refusal.value.holder in ("", first.id)
    again = make_network(key="another key")
    again.metadata.id = first.id
    with pytest.raises(ExistsError):
        await stores.other.create(again)
    assert await stores.one.get_by_key(Network, "k") == first


async def test_a_key_is_unique_within_its_kind_only(stores: Stores) -> None:
    server = make_server()
    network = make_network(key=server.id)
    network.metadata.id = server.id
    await stores.one.create(server)
    await stores.one.create(network)
    assert (await stores.one.get_by_key(Network, server.id)).spec.name == "net"


async def test_a_key_is_free_again_when_its_holder_is_gone(stores: Stores) -> None:
    first = await stores.one.create(make_network(key="k"))
    await stores.one.delete(Network, first.id)
    second = await stores.other.create(make_network(key="k"))
    assert (await stores.one.get_by_key(Network, "k")).id == second.id


async def test_what_is_not_there_is_not_found(stores: Stores) -> None:
    for call in (
        stores.one.get(Server, "none"),
        stores.one.get_by_key(Server, "none"),
        stores.one.update_spec(make_server()),
        stores.one.update_status(make_server()),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(NotFoundError):
        await stores.one.delete(Server, "none")


async def test_update_spec_replaces_spec_and_never_status(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    server.status.vm_state = "active"
    server = await stores.one.update_status(server)
    stores.clock.now += 10
    server.spec.name = "renamed"
    server.status.vm_state = "error"
    server.metadata.labels = {"a": "b"}
    server.metadata.account = "sneaked in"
    updated = await stores.other.update_spec(server, cause=ALICE)
    assert updated.spec.name == "renamed"
    assert updated.status.vm_state == "active"
    assert updated.metadata.labels == {"a": "b"}
    assert updated.metadata.account == ""
    assert updated.metadata.generation == 2
    assert updated.metadata.cause == ALICE
    assert updated.metadata.updated_at >= updated.metadata.created_at + 10
    assert updated.metadata.resource_version != server.metadata.resource_version
    assert await stores.one.get(Server, server.id) == updated


async def test_it_is_of_the_account_that_it_was_created_for(stores: Stores) -> None:
    server = make_server()
    server.metadata.account = "123456789012"
    created = await stores.one.create(server)
    assert created.metadata.account == "123456789012"
    assert [one.id for one in (await stores.other.list(Server, Filter(account="123456789012"))).items] == [server.id]
    created.spec.name = "renamed"
    renamed = await stores.other.update_spec(created)
    assert renamed.metadata.account == "123456789012"
    renamed.status.vm_state = "active"
    assert (await stores.one.update_status(renamed)).metadata.account == "123456789012"


async def test_labels_are_no_new_generation(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    server.metadata.labels = {"a": "b"}
    updated = await stores.one.update_spec(server, cause=ALICE)
    assert updated.metadata.generation == 1
    assert updated.metadata.cause == Cause()
    assert updated.metadata.labels == {"a": "b"}


async def test_update_status_replaces_status_and_never_spec(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    stores.clock.now += 10
    server.spec.name = "sneaked in"
    server.metadata.labels = {"sneaked": "in"}
    server.metadata.account, server.metadata.revision = "123456789012", 3
    server.status.vm_state = "active"
    server.status.conditions = [Condition(type="Available", status=True)]
    updated = await stores.other.update_status(server)
    assert updated.status == server.status
    assert updated.spec.name == "web"
    assert updated.metadata.labels == {}
    assert (updated.metadata.account, updated.metadata.revision) == ("123456789012", 3)
    assert updated.metadata.generation == 1
    assert updated.metadata.updated_at == updated.metadata.created_at
    assert await stores.one.get(Server, server.id) == updated


async def test_an_update_of_what_changed_meanwhile_is_a_conflict(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    stale = await stores.other.get(Server, server.id)
    server.status.vm_state = "active"
    await stores.one.update_status(server)
    stale.spec.name = "late"
    with pytest.raises(ConflictError):
        await stores.other.update_spec(stale)
    with pytest.raises(ConflictError):
        await stores.other.update_status(stale)
    with pytest.raises(ConflictError):
        await stores.other.delete(Server, server.id, resource_version=stale.metadata.resource_version)
    assert (await stores.one.get(Server, server.id)).spec.name == "web"


async def test_an_update_without_difference_writes_nothing(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    stores.clock.now += 10
    assert await stores.other.update_spec(server, cause=ALICE) == server
    assert await stores.other.update_status(server) == server
    assert await stores.one.get(Server, server.id) == server


async def test_deletion_of_what_nothing_holds_is_done_at_once(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    assert await stores.one.delete(Server, server.id, cause=ALICE) is None
    with pytest.raises(NotFoundError):
        await stores.other.get(Server, server.id)
    with pytest.raises(NotFoundError):
        await stores.other.delete(Server, server.id)


async def test_finalizers_hold_an_object_until_the_last_is_removed(stores: Stores) -> None:
    server = await stores.one.create(make_server(finalizers=["cloud", "volumes"]))
    marked = await stores.other.delete(Server, server.id, cause=ALICE)
    assert marked is not None
    assert marked.deleting
    assert marked.metadata.generation == 2
    assert marked.metadata.deletion_cause == ALICE
    assert marked.metadata.cause == Cause()
    again = await stores.one.delete(Server, server.id, cause=Cause(user_id="bob"))
    assert again == marked  # idempotent: whoever asked first stays the cause
    marked.metadata.finalizers = ["volumes"]
    held = await stores.one.update_status(marked)
    assert (await stores.other.get(Server, server.id)).metadata.finalizers == ["volumes"]
    held.metadata.finalizers = []
    held.status.vm_state = "deleted"
    last = await stores.one.update_status(held)
    assert last.status.vm_state == "deleted"
    with pytest.raises(NotFoundError):
        await stores.other.get(Server, server.id)


async def test_the_last_finalizer_may_also_go_with_a_spec_update(stores: Stores) -> None:
    server = await stores.one.create(make_server(finalizers=["cloud"]))
    marked = await stores.one.delete(Server, server.id)
    assert marked is not None
    marked.metadata.finalizers = []
    await stores.one.update_spec(marked)
    with pytest.raises(NotFoundError):
        await stores.one.get(Server, server.id)


async def test_removing_the_last_finalizer_of_what_nobody_deleted_keeps_it(stores: Stores) -> None:
    server = await stores.one.create(make_server(finalizers=["cloud"]))
    server.metadata.finalizers = []
    await stores.one.update_status(server)
    assert (await stores.one.get(Server, server.id)).metadata.finalizers == []


async def test_create_many_keeps_order_and_stops_at_the_first_refusal(stores: Stores) -> None:
    taken = await stores.one.create(make_claim("10.0.0.2", "somebody"))
    objs = [make_server("a"), make_claim("10.0.0.1", "a"), make_claim("10.0.0.2", "a"), make_server("never")]
    created, refusal = await stores.one.create_many(objs)
    assert [obj.id for obj in created] == [objs[0].id, objs[1].id]
    assert isinstance(refusal, ExistsError)
    assert refusal.key == taken.metadata.key
    assert (await stores.other.get(Server, objs[0].id)) == created[0]
    assert (await stores.other.get(AddressClaim, objs[1].id)) == created[1]
    with pytest.raises(NotFoundError):
        await stores.other.get(Server, objs[3].id)


async def test_create_many_of_all_refuses_nothing(stores: Stores) -> None:
    created, refusal = await stores.one.create_many([make_server(str(n)) for n in range(20)])
    assert refusal is None
    assert [obj.metadata.generation for obj in created] == [1] * 20


@pytest.mark.parametrize(
    "key", ["구름/ü/🦊", "a" * 20_000, "nul\0in it", "nul\0", "' OR 1=1 --", "%", " ", "\n", "a\ud7ff"], ids=ascii
)
async def test_any_key_is_a_key(stores: Stores, key: str) -> None:
    name = key[:255]  # OpenStack's longest name; a schema may refuse more
    stored = await stores.one.create(make_network(key=key, name=name))
    await stores.one.create(make_network(key=key + "x"))
    assert await stores.other.get_by_key(Network, key) == stored
    assert (await stores.other.get(Network, stored.id)).spec.name == name
    with pytest.raises(ExistsError):
        await stores.other.create(make_network(key=key))


async def test_what_cannot_be_stored_fails_alone(stores: Stores) -> None:
    good, bad = make_server("good"), make_server("half a surrogate \ud800")
    results = await asyncio.gather(stores.one.create(bad), stores.one.create(good), return_exceptions=True)
    assert isinstance(results[0], UnicodeEncodeError)
    assert (await stores.other.get(Server, good.id)).spec.name == "good"
    with pytest.raises(NotFoundError):
        await stores.other.get(Server, bad.id)


async def test_sixty_four_claim_one_address_and_one_gets_it(stores: Stores) -> None:
    views = (stores.one, stores.other)
    claims = [make_claim("10.0.0.9", f"port-{n}") for n in range(64)]
    results = await asyncio.gather(
        *(views[n % 2].create(claim) for n, claim in enumerate(claims)), return_exceptions=True
    )
    winners = [result for result in results if isinstance(result, AddressClaim)]
    assert len(winners) == 1
    assert sum(isinstance(result, ExistsError) for result in results) == 63
    assert await stores.other.get_by_key(AddressClaim, "s1/10.0.0.9") == winners[0]


async def test_concurrent_updates_lose_nothing(stores: Stores) -> None:
    server = await stores.one.create(make_server())

    async def add(view: int, tag: str) -> None:
        store = (stores.one, stores.other)[view]
        while True:
            current = await store.get(Server, server.id)
            current.spec.tags.append(tag)
            try:
                await store.update_spec(current)
            except ConflictError:
                await asyncio.sleep(0)
            else:
                return

    await asyncio.gather(*(add(n % 2, f"t{n}") for n in range(24)))
    final = await stores.one.get(Server, server.id)
    assert sorted(final.spec.tags) == sorted(f"t{n}" for n in range(24))
    assert final.metadata.generation == 25


async def test_each_reads_what_the_other_wrote(stores: Stores) -> None:
    for n in range(30):
        writer, reader = (stores.one, stores.other) if n % 2 else (stores.other, stores.one)
        server = await writer.create(make_server(f"s{n}"))
        assert (await reader.get(Server, server.id)).spec.name == f"s{n}"
        listed = (await reader.list(Server, limit=1000)).items
        assert server.id in {obj.id for obj in listed}
