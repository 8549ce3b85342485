"""Reservations: refused when it does not fit, patient when only the recount is late."""

from __future__ import annotations

import asyncio

from tests.support.pia import ManualClock

from gurum.model.quota import QuotaUsage
from gurum.pia.kernel.claims import PAUSE, TRIES, QuotaClaims
from gurum.pia.kernel.seams import Excess
from gurum.store.memory import MemoryStore
from gurum.store.quotas import Quotas


async def reserve(claims: QuotaClaims, uid: str, *, used: int = 0, amount: int = 1, limit: int = 2) -> Excess | None:
    return await claims.reserve(
        region="r",
        project="p",
        service="compute",
        id=uid,
        amounts={"instances": amount},
        limits={"instances": limit},
        in_use={"instances": used},
    )


async def test_what_fits_is_reserved_and_given_back() -> None:
    clock = ManualClock()
    claims = QuotaClaims(Quotas(MemoryStore(clock=clock)), clock)
    assert await reserve(claims, "a") is None
    assert await reserve(claims, "b") is None
    over = Excess(resource="instances", requested=1, used=2, limit=2)
    began = clock.now
    assert await reserve(claims, "c", used=2) == over
    assert clock.now - began < PAUSE
    await claims.release(region="r", project="p", service="compute", id="a")
    assert await reserve(claims, "c") is None


async def test_where_the_objects_say_that_it_fits_the_recount_is_waited_for() -> None:
    clock = ManualClock()
    claims = QuotaClaims(Quotas(MemoryStore(clock=clock)), clock)
    await reserve(claims, "a", amount=2)
    began = clock.now
    assert await reserve(claims, "b") == Excess(resource="instances", requested=1, used=2, limit=2)
    assert clock.now - began >= PAUSE * (TRIES - 1)

    async def recount() -> None:
        await claims.release(region="r", project="p", service="compute", id="a")

    results = await asyncio.gather(reserve(claims, "b"), recount())
    assert results[0] is None


async def test_a_count_of_ones_own_settles_on_the_way() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    claims = QuotaClaims(Quotas(store), clock)
    exist: set[str] = set()

    async def counted() -> tuple[dict[str, int], set[str]]:
        return {"instances": len(exist)}, set(exist)

    async def ask(uid: str) -> Excess | None:
        return await claims.reserve(
            region="r",
            project="p",
            service="compute",
            id=uid,
            amounts={"instances": 1},
            limits={"instances": 2},
            in_use={},
            counted=counted,
        )

    assert await ask("a") is None
    exist.add("a")
    assert await ask("b") is None
    (usage,) = (await store.list(QuotaUsage)).items
    assert (usage.spec.in_use, [r.id for r in usage.spec.reservations]) == ({"instances": 1}, ["b"])
    began = clock.now
    assert await ask("c") == Excess(resource="instances", requested=1, used=2, limit=2)
    assert clock.now - began < PAUSE  # there is no recount to wait for
    exist.discard("a")
    assert await ask("c") is None  # what is gone makes room at once
