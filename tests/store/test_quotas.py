"""Quotas: never over the limit, never an object counted twice, nothing leaked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, Protocol

import pytest
from tests.support.store import Patient, StepClock, Stores, metadata

from gurum.model.quota import QuotaUsage, QuotaUsageSpec, Reservation
from gurum.store import quotas
from gurum.store.contract import ConflictError, NotFoundError
from gurum.store.memory import HOSTILE, Hostility, MemoryStore
from gurum.store.quotas import OverQuotaError, Quotas, recount, settle

LIMITS = {"instances": 10, "cores": 20, "ram": -1}
KEY = quotas.usage_key("r1", "p1", "compute")


class Ask(Protocol):
    def __call__(
        self, id: str, amounts: dict[str, int], *, project: str = ..., now: float = ..., ttl: float = ...
    ) -> Coroutine[Any, Any, QuotaUsage]: ...


def asking(quota: Quotas) -> Ask:
    def ask(
        id: str, amounts: dict[str, int], *, project: str = "p1", now: float = 1000.0, ttl: float = 300.0
    ) -> Coroutine[Any, Any, QuotaUsage]:
        return quota.reserve(
            region="r1", project=project, service="compute", id=id, amounts=amounts, limits=LIMITS, now=now, ttl=ttl
        )

    return ask


async def usage(stores: Stores) -> QuotaUsage:
    return await stores.other.get_by_key(QuotaUsage, KEY)


async def test_the_first_reservation_makes_the_usage_object(stores: Stores) -> None:
    stored = await asking(Quotas(stores.one))("s1", {"instances": 1, "cores": 2}, ttl=60.0)
    assert stored == await usage(stores)
    assert stored.spec.reservations == [Reservation(id="s1", amounts={"instances": 1, "cores": 2}, until=1060.0)]
    assert (stored.metadata.region, stored.metadata.project) == ("r1", "p1")


async def test_many_at_once_from_two_processes_stay_within_the_limit(stores: Stores) -> None:
    reserves = [asking(Quotas(stores.one)), asking(Quotas(stores.other))]
    results = await asyncio.gather(
        *(reserves[n % 2](id=f"s{n}", amounts={"instances": 1}) for n in range(40)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, OverQuotaError)]
    assert len(results) - len(refused) == 10
    assert len(refused) == 30
    assert {(error.resource, error.limit, error.requested) for error in refused} == {("instances", 10, 1)}
    assert all(error.in_use + error.reserved == 10 for error in refused)
    assert quotas.reserved((await usage(stores)).spec, 1000.0) == {"instances": 10}


async def test_the_resource_that_is_too_much_is_named_and_nothing_is_reserved(stores: Stores) -> None:
    reserve = asking(Quotas(stores.one))
    with pytest.raises(OverQuotaError) as refusal:
        await reserve(id="s1", amounts={"instances": 1, "cores": 21})
    assert (refusal.value.resource, refusal.value.requested) == ("cores", 21)
    with pytest.raises(NotFoundError):
        await usage(stores)


async def test_a_project_s_own_limit_goes_before_the_default(stores: Stores) -> None:
    reserve = asking(Quotas(stores.one))
    await reserve(id="s1", amounts={"instances": 1})
    mine = await usage(stores)
    mine.spec.limits = {"instances": 2, "cores": -1}
    await stores.one.update_spec(mine)
    await reserve(id="s2", amounts={"instances": 1, "cores": 1000})
    with pytest.raises(OverQuotaError, match="at most 2"):
        await reserve(id="s3", amounts={"instances": 1})


async def test_what_is_unlimited_needs_no_write(stores: Stores) -> None:
    await asking(Quotas(stores.one))(id="s1", amounts={"ram": 1 << 40, "unheard-of": 5})
    with pytest.raises(NotFoundError):
        await usage(stores)


async def test_reserving_again_replaces_and_is_not_counted_twice(stores: Stores) -> None:
    reserve = asking(Quotas(stores.one))
    for amount in (10, 10, 7):
        await reserve(id="s1", amounts={"instances": amount})
    assert quotas.reserved((await usage(stores)).spec, 1000.0) == {"instances": 7}
    await reserve(id="s2", amounts={"instances": 3})
    with pytest.raises(OverQuotaError):
        await reserve(id="s1", amounts={"instances": 8})


async def test_expired_reservations_neither_count_nor_stay(stores: Stores) -> None:
    reserve = asking(Quotas(stores.one))
    await reserve(id="s1", amounts={"instances": 10}, ttl=60.0)
    with pytest.raises(OverQuotaError):
        await reserve(id="s2", amounts={"instances": 1}, now=1059.9)
    await reserve(id="s2", amounts={"instances": 1}, now=1060.0)
    assert [each.id for each in (await usage(stores)).spec.reservations] == ["s2"]


async def test_counting_at_once_needs_no_controller(stores: Stores) -> None:
    quota, present = Quotas(stores.one), set[str]()

    async def counted() -> tuple[dict[str, int], set[str]]:
        return {"instances": len(present)}, present

    async def create(name: str, now: float) -> None:
        await quota.reserve(
            region="r1",
            project="p1",
            service="compute",
            id=name,
            amounts={"instances": 1},
            limits=LIMITS,
            now=now,
            counted=counted,
        )
        present.add(name)

    for n in range(10):
        await create(f"s{n}", 1000.0)
    with pytest.raises(OverQuotaError, match="10 in use and 0 reserved"):
        await create("s10", 1000.0 + 86_400.0)  # also long after the reservations expired
    present.discard("s3")
    await create("s10", 1000.0)
    assert (await usage(stores)).spec.in_use == {"instances": 9}


async def test_requests_that_count_different_things_leave_each_other_s_amounts(stores: Stores) -> None:
    quota, present = Quotas(stores.one), {"servers": {"s0", "s1"}, "groups": {"g0"}}

    async def create(what: str, name: str) -> None:
        async def counted() -> tuple[dict[str, int], set[str]]:
            return {what: len(present[what])}, present[what]

        await quota.reserve(
            region="r1",
            project="p1",
            service="compute",
            id=name,
            amounts={what: 1},
            limits={"servers": 3, "groups": 1},
            now=1000.0,
            counted=counted,
        )

    await create("servers", "s2")
    with pytest.raises(OverQuotaError, match="groups"):
        await create("groups", "g1")
    present["groups"].clear()
    await create("groups", "g1")
    assert (await usage(stores)).spec.in_use == {"servers": 2}
    present["groups"].add("g1")
    present["servers"].add("s2")
    outcomes = await asyncio.gather(*(create(*each) for each in (("groups", "g2"), ("servers", "s3"))),
                                    return_exceptions=True)  # fmt: skip
    assert [type(outcome) for outcome in outcomes] == [OverQuotaError, OverQuotaError]


async def test_a_reservation_can_be_given_back(stores: Stores) -> None:
    quota = Quotas(stores.one)
    for name in ("s1", "s2"):
        await asking(quota)(id=name, amounts={"instances": 5})
    for _ in range(2):
        await quota.release(region="r1", project="p1", service="compute", id="s1")
    await quota.release(region="r1", project="nobody", service="compute", id="s1")
    assert [each.id for each in (await usage(stores)).spec.reservations] == ["s2"]


async def test_requests_of_a_project_queue_instead_of_conflicting(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(clock=StepClock(), hostility=Hostility(slow=1.0, early=1.0))
    reserve = asking(Quotas(store))
    swaps = 0

    async def counting(usage: QuotaUsage, **arguments: Any) -> QuotaUsage:
        nonlocal swaps
        swaps += 1
        return await swap(usage, **arguments)

    swap = store.update_spec
    monkeypatch.setattr(store, "update_spec", counting)
    await asyncio.gather(*(reserve(f"s{n}", {"instances": 1}) for n in range(10)))
    assert swaps <= 1  # those who came at once shared the first write; it created the object
    assert (await store.get_by_key(QuotaUsage, KEY)).spec.reservations[-1].id == "s9"
    late = asyncio.create_task(reserve("late", {"instances": 0}))
    await asyncio.sleep(0)
    await asyncio.gather(*(reserve(f"t{n}", {"instances": 0}) for n in range(10)))
    await late
    assert swaps <= 3  # one for the first, and one for all who came while it was written


async def test_projects_do_not_wait_for_each_other_and_leave_no_queue_behind(stores: Stores) -> None:
    quota = Quotas(stores.one)
    await asyncio.gather(*(asking(quota)(id=f"s{n}", project=f"p{n % 5}", amounts={"instances": 1}) for n in range(25)))
    await asyncio.sleep(0)
    assert quota._waiting == {}


def some_usage(**amounts: int) -> QuotaUsage:
    return QuotaUsage(metadata=metadata(KEY), spec=QuotaUsageSpec(in_use=amounts))


def test_settling_moves_an_object_from_reserved_to_counted() -> None:
    before = some_usage(instances=1)
    before.spec.limits = {"cores": 5}
    before.spec.reservations = [
        Reservation(id="exists", amounts={"instances": 1}, until=2000.0),
        Reservation(id="not yet", amounts={"instances": 2}, until=2000.0),
        Reservation(id="never came", amounts={"instances": 4}, until=1000.0),
    ]
    after = settle(before, {"old", "exists"}, {"instances": 2, "cores": 0}, now=1000.0)
    assert after.spec.in_use == {"instances": 2}
    assert [each.id for each in after.spec.reservations] == ["not yet"]
    assert after.spec.limits == {"cores": 5}
    assert len(before.spec.reservations) == 3
    assert settle(after, {"old", "exists"}, {"instances": 2}, now=1000.0) == after


def test_recount_adds_up() -> None:
    assert recount([{"cores": 2, "ram": 1}, {"cores": 3}, {"ports": 0}]) == {"cores": 5, "ram": 1}


async def test_an_object_is_never_in_both_or_over_the_limit_whatever_happens() -> None:
    """Requests, killed requests, deletions and the controller's recounts at random, on a hostile store."""
    clock = StepClock(1000.0)
    store = Patient(MemoryStore(clock=clock, seed=11, hostility=HOSTILE), tries=200)
    quota, rng = Quotas(store), random.Random(11)
    present: set[str] = set()

    async def request(n: int) -> None:
        for step in range(12):
            name = f"{n}-{step}"
            try:
                await asking(quota)(name, {"instances": 1}, now=clock.time(), ttl=1e6)
            except OverQuotaError:
                if present and rng.random() < 0.5:
                    present.discard(rng.choice(sorted(present)))
            else:
                await asyncio.sleep(0)
                if rng.random() < 0.8:
                    present.add(name)
                else:
                    await quota.release(region="r1", project="p1", service="compute", id=name)
            assert len(present) <= LIMITS["instances"]

    async def recounting() -> None:
        while True:
            await asyncio.sleep(0)
            try:
                found = await store.get_by_key(QuotaUsage, KEY)
                settled = settle(found, present, {"instances": len(present)}, now=clock.time())
                assert not {each.id for each in settled.spec.reservations} & present
                await store.update_spec(settled)
            except (ConflictError, NotFoundError):
                continue

    controller = asyncio.create_task(recounting())
    await asyncio.gather(*(request(n) for n in range(6)))
    controller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await controller
    assert present
