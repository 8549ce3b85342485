"""Quotas: how a project is kept within its limits by a store that has no transactions.

Counting what exists and then creating would let two requests that count at the same moment both pass. So a request
first puts a reservation into its project's usage object, by compare-and-swap, and only then creates. Requests of one
project queue for that within a process, because hundreds that swap at once would mostly conflict. A reservation is
dropped when what it was for is counted, and expires when that never came to be: a process killed in between leaks
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from gurum.model import codec
from gurum.model.base import Metadata, new_id
from gurum.model.quota import QuotaUsage, Reservation
from gurum.model.quota import QuotaUsageSpec as Spec
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Store, UnavailableError

Amounts = Mapping[str, int]  # by resource: cores, ram, instances, ...

Count = Callable[[], Awaitable[tuple[Amounts, Container[str]]]]  # what exists: its sum, and the ids in that sum

UNLIMITED = -1
_TRIES = 64  # how often other processes may be faster


class OverQuotaError(Exception):
    """A request would go beyond a limit. Numbers are of `resource`, before the request."""

    def __init__(self, resource: str, limit: int, in_use: int, reserved: int, requested: int) -> None:
        super().__init__(
            f"{resource}: {requested} requested, {in_use} in use and {reserved} reserved of at most {limit}"
        )
        self.resource, self.limit = resource, limit
        self.in_use, self.reserved, self.requested = in_use, reserved, requested


@dataclass(frozen=True)
class _Wish:
    """A reservation that somebody waits for."""

    wanted: Reservation
    limits: Amounts
    now: float
    counted: Count | None
    answer: asyncio.Future[QuotaUsage]

    @property
    def free(self) -> bool:
        """Whether nobody waits (any more): answered, or given up."""
        return self.answer.done()


class Quotas:
    """Reservations in a store. One of these a process, so that the requests of a project queue up.

    What has queued while one write ran shares the next: sixteen clients of a project wait for two writes, not sixteen.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, list[_Wish]] = {}  # only of projects that somebody waits for
        self._tasks: set[asyncio.Task[None]] = set()

    async def reserve(
        self,
        *,
        region: str,
        project: str,
        service: str,
        id: str,
        amounts: Amounts,
        limits: Amounts,
        now: float,
        ttl: float = 300.0,
        counted: Count | None = None,
    ) -> QuotaUsage:
        """Reserve `amounts` for the object `id` until now + ttl (seconds); return the usage as it is then.

        `limits` are the defaults; the project's own stand in the usage object and go before. A resource without a limit
        is unlimited (-1), and a request of nothing but unlimited resources writes nothing. Idempotent by `id`: a second
        reservation replaces the first. Raises OverQuotaError, UnavailableError.

        With `counted`, the usage is settled first (see `settle`) with what exists now, so that the answer does not
        depend on when the quota controller last ran. It is called after the usage was read, and must see every object
        acknowledged before its call: counting earlier would miss one whose reservation was dropped in between.
        """
        key = usage_key(region, project, service)
        wish = _Wish(
            wanted=Reservation(id=id, amounts=dict(amounts), until=now + ttl), limits=limits, now=now, counted=counted,
            answer=asyncio.get_running_loop().create_future(),
        )  # fmt: skip
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(wish)
        else:
            self._waiting[key] = [wish]
            fresh = QuotaUsage(metadata=Metadata(id=new_id(), key=key, region=region, project=project), spec=Spec())
            task = asyncio.create_task(self._drain(fresh), name=f"quota {key}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await wish.answer

    async def _drain(self, fresh: QuotaUsage) -> None:
        """Serve everybody who waits for a project's usage, those who came meanwhile together."""
        key = fresh.metadata.key
        while self._waiting[key]:
            batch, self._waiting[key] = self._waiting[key], []
            try:
                await self._swap(fresh, batch)
            except Exception as error:
                # Whatever it is, it is each waiting request's answer: none may wait for ever.
                for wish in batch:
                    if not wish.free:
                        wish.answer.set_exception(error)
        del self._waiting[key]

    async def release(self, *, region: str, project: str, service: str, id: str) -> None:
        """Give back the reservation of an object that was not created after all. Idempotent."""
        for _ in range(_TRIES):
            try:
                usage = await self._store.get_by_key(QuotaUsage, usage_key(region, project, service))
                kept = [reservation for reservation in usage.spec.reservations if reservation.id != id]
                if len(kept) < len(usage.spec.reservations):
                    usage.spec.reservations = kept
                    await self._store.update_spec(usage)
            except ConflictError:
                continue
            except NotFoundError:
                return
            return
        raise UnavailableError(f"the quota of project {project} changes all the time; try again")

    async def _swap(self, fresh: QuotaUsage, batch: Sequence[_Wish]) -> None:
        now = max(wish.now for wish in batch)
        # Servers and server groups share an object, and each request counts its own: one count of each sort.
        counts = {frozenset(wish.wanted.amounts): wish.counted for wish in batch if wish.counted is not None}
        for _ in range(_TRIES):
            try:
                usage = await self._store.get_by_key(QuotaUsage, fresh.metadata.key)
            except NotFoundError:
                usage = codec.copy(fresh)
            for counted in counts.values():
                in_use, present = await counted()
                usage = settle(usage, present, {**usage.spec.in_use, **in_use}, now=now)
            granted, refused = _grant(usage.spec, batch, now)
            try:
                if granted and usage.metadata.resource_version:
                    usage = await self._store.update_spec(usage)
                elif granted:
                    usage = await self._store.create(usage)
            except (ConflictError, ExistsError, NotFoundError):
                continue
            for wish in batch:
                if wish.free:
                    continue
                if wish.wanted.id in refused:
                    wish.answer.set_exception(refused[wish.wanted.id])
                else:
                    wish.answer.set_result(usage)
            return
        raise UnavailableError(f"the quota of project {fresh.metadata.project} changes all the time; try again")


def _grant(spec: Spec, batch: Sequence[_Wish], now: float) -> tuple[bool, dict[str, OverQuotaError]]:
    """Put into `spec` what each in turn may have; return whether something was put in, and who was refused and why."""
    granted, refused = False, {}
    for wish in batch:
        try:
            check(spec, wish.wanted, wish.limits, now)
        except OverQuotaError as error:
            refused[wish.wanted.id] = error
            continue
        if any(_limit(spec, wish.limits, resource) != UNLIMITED for resource in wish.wanted.amounts):
            spec.reservations = [*_valid(spec, now, but=wish.wanted.id), wish.wanted]
            granted = True
    return granted, refused


def usage_key(region: str, project: str, service: str) -> str:
    """Return the key of a project's usage object."""
    return f"{region}/{project}/{service}"


def check(spec: Spec, wanted: Reservation, limits: Amounts, now: float) -> None:
    """Raise OverQuotaError for the first resource of which `wanted` is too much."""
    reserved = recount(reservation.amounts for reservation in _valid(spec, now, but=wanted.id))
    for resource, requested in wanted.amounts.items():
        limit = _limit(spec, limits, resource)
        in_use, held = spec.in_use.get(resource, 0), reserved.get(resource, 0)
        if limit != UNLIMITED and requested > 0 and in_use + held + requested > limit:
            raise OverQuotaError(resource, limit, in_use, held, requested)


def reserved(spec: Spec, now: float) -> dict[str, int]:
    """Return what is reserved at `now`, by resource."""
    return recount(reservation.amounts for reservation in _valid(spec, now))


def recount(objects: Iterable[Amounts]) -> dict[str, int]:
    """Return the sum of what each object uses; resources of which nothing is used are left out."""
    total: dict[str, int] = {}
    for amounts in objects:
        for resource, amount in amounts.items():
            total[resource] = total.get(resource, 0) + amount
    return {resource: amount for resource, amount in sorted(total.items()) if amount}


def settle(usage: QuotaUsage, present: Container[str], in_use: Amounts, *, now: float) -> QuotaUsage:
    """Return the usage as it should be, to be written with `update_spec`: the quota controller's whole decision.

    `present` are the ids of the objects that exist and `in_use` is what they use (see `recount`). Reservations of
    objects that exist are dropped, because these are counted; so are expired ones. Thus an object is in exactly one of
    in_use and reservations. `usage` is not changed; writing a result that is equal to it writes nothing.
    """
    settled = codec.copy(usage)
    settled.spec = msgspec.structs.replace(
        settled.spec,
        in_use={resource: amount for resource, amount in sorted(in_use.items()) if amount},
        reservations=[reservation for reservation in _valid(usage.spec, now) if reservation.id not in present],
    )
    return settled


def _limit(spec: Spec, limits: Amounts, resource: str) -> int:
    return spec.limits.get(resource, limits.get(resource, UNLIMITED))


def _valid(spec: Spec, now: float, *, but: str | None = None) -> list[Reservation]:
    """Return the reservations that count, except the one for the object `but`."""
    return [reservation for reservation in spec.reservations if reservation.until > now and reservation.id != but]
