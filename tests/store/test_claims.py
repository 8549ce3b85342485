"""Claims: exactly one owner, whoever retries, releases late or is killed in between."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from tests.support.store import Stores, make_network

from gurum.model.network import AddressClaim, Network
from gurum.store import claims
from gurum.store.contract import NotFoundError

claim = partial(claims.claim_address, region="r1", project="p1", subnet_id="s1", address="10.0.0.5", owner_kind="Port")
release = partial(claims.release_address, subnet_id="s1", address="10.0.0.5", owner_kind="Port")


async def test_sixty_four_claimants_and_one_winner(stores: Stores) -> None:
    views = (stores.one, stores.other)
    results = await asyncio.gather(*(claim(views[n % 2], owner_id=f"port-{n}") for n in range(64)))
    [winner] = [result for result in results if result is not None]
    assert (await stores.one.get_by_key(AddressClaim, "s1/10.0.0.5")).id == winner.id


async def test_the_same_owner_and_attempt_finds_its_claim_again(stores: Stores) -> None:
    first = await claim(stores.one, owner_id="port-1", attempt=1)
    assert first is not None
    assert await claim(stores.other, owner_id="port-1", attempt=1) == first
    assert await claim(stores.other, owner_id="port-1", attempt=2) is None
    assert await claim(stores.other, owner_id="port-2", attempt=1) is None


async def test_one_owner_claiming_many_times_at_once_has_one_claim(stores: Stores) -> None:
    results = await asyncio.gather(*(claim(stores.one, owner_id="port-1") for _ in range(16)))
    assert len({result.id for result in results if result is not None}) == 1
    assert None not in results


async def test_only_the_holder_releases(stores: Stores) -> None:
    held = await claim(stores.one, owner_id="port-1", attempt=2)
    assert held is not None
    assert not await release(stores.other, owner_id="port-2", attempt=2)
    assert not await release(stores.other, owner_id="port-1", attempt=1)
    assert await stores.one.get(AddressClaim, held.id) == held
    assert await release(stores.other, owner_id="port-1", attempt=2)
    assert not await release(stores.other, owner_id="port-1", attempt=2)
    with pytest.raises(NotFoundError):
        await stores.one.get(AddressClaim, held.id)
    assert await claim(stores.one, owner_id="port-2") is not None


async def test_two_spellings_of_an_address_are_one_claim(stores: Stores) -> None:
    assert await claim(stores.one, address="2001:db8::1", owner_id="port-1") is not None
    assert await claim(stores.one, address="2001:0DB8:0::0001", owner_id="port-2") is None
    with pytest.raises(ValueError, match="IPv4 or IPv6"):
        await claim(stores.one, address="10.0.0.300", owner_id="port-1")


async def test_any_kind_can_be_claimed_by_its_key(stores: Stores) -> None:
    first = await claims.claim(stores.one, make_network("default", key="r1/p1/default"))
    assert first is not None
    assert await claims.claim(stores.other, make_network("default", key="r1/p1/default")) == first
    assert await claims.claim(stores.other, make_network("other", key="r1/p1/default")) is None
    anybody = await claims.claim(
        stores.other, make_network("other", key="r1/p1/default"), same=lambda held, wanted: True
    )
    assert anybody == first


async def test_what_is_being_deleted_is_nobodys(stores: Stores) -> None:
    network = make_network("default", key="k")
    network.metadata.finalizers = ["cloud"]
    held = await claims.claim(stores.one, network)
    assert held is not None
    await stores.one.delete(Network, held.id)
    assert await claims.claim(stores.one, make_network("default", key="k")) is None


async def test_claims_taken_and_released_all_the_time_have_one_holder_at_a_time(stores: Stores) -> None:
    holders = 0

    async def use(n: int) -> None:
        nonlocal holders
        store = (stores.one, stores.other)[n % 2]
        for _ in range(5):
            if await claim(store, owner_id=f"port-{n}") is not None:
                holders += 1
                assert holders == 1
                await asyncio.sleep(0)
                holders -= 1
                assert await release(store, owner_id=f"port-{n}")
            await asyncio.sleep(0)

    await asyncio.gather(*(use(n) for n in range(6)))
