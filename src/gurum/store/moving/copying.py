"""The copy: until the target says the same as the source did at one moment, and that is proven.

It asks what is different and writes that, so going on after a crash is the same as beginning: what is there already and
right is not written again, what was half written is completed, what the source no longer has is removed. Nothing is
locked in the source. Instead the copy is of one moment, and at the end the source is read once more: if anything was
written to it meanwhile, by whomever, the target is not what the source is by now, and that is a refusal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from gurum.model.base import Resource
from gurum.model.codec import KINDS
from gurum.model.engine import Lease, Transfer
from gurum.ops.clock import Clock
from gurum.store.contract import WatchExpiredError
from gurum.store.moving import compare
from gurum.store.moving.compare import Verdict
from gurum.store.moving.contract import PAGE, Instant
from gurum.store.moving.ends import End
from gurum.store.moving.transfer import CopyRefusedError, Holder, find, holding, refuse_unfinished

# Everything but the mark that a store is being filled, which each store has for itself.
MOVED: Sequence[type[Resource]] = tuple(kind for kind in KINDS.values() if kind is not Transfer)
JOURNAL = "journal"
_AGAIN = 8  # how often the source may forget the moment that is being read (Kubernetes, after some minutes)


class Progress(Protocol):
    """Whom to tell how it goes. `what` is a kind, or JOURNAL for its lines."""

    def plan(self, totals: Mapping[str, int], *, verifying: bool) -> None:
        """So many of each are to be looked at, and written where they are not there; or to be verified."""
        ...

    def begin(self, what: str) -> None:
        """It is the turn of these."""
        ...

    def step(self, number: int) -> None:
        """So many more are done, be it that nothing had to be written."""
        ...


class Silent:
    """Progress that nobody is told of."""

    def plan(self, totals: Mapping[str, int], *, verifying: bool) -> None:
        """See Progress."""

    def begin(self, what: str) -> None:
        """See Progress."""

    def step(self, number: int) -> None:
        """See Progress."""


class Report(msgspec.Struct, kw_only=True):
    """What came of it. `held`: source and target are equal, and the source stood still meanwhile."""

    source: str
    target: str
    resumed: bool
    written: int = 0  # objects, in this run
    removed: int = 0  # objects that the source does not have (any more)
    lines_written: int = 0
    journal_copied: bool = True  # else both have one and the same
    kinds: dict[str, Verdict] = msgspec.field(default_factory=dict)
    journal: Verdict = msgspec.field(default_factory=Verdict)
    changed: list[str] = msgspec.field(default_factory=list)  # what was written to the source meanwhile
    seconds: float = 0.0
    copy_seconds: float = 0.0  # of these, until the verification

    @property
    def objects(self) -> int:
        """Return how many there are in the target."""
        return sum(verdict.count for verdict in self.kinds.values())

    @property
    def held(self) -> bool:
        """Return whether the copy is one."""
        return not self.changed and not any(v.different for v in (*self.kinds.values(), self.journal))


async def copy(
    source: End, target: End, clock: Clock, progress: Progress, *, name: str = "", live: bool = True,
    duration: float = 15.0,
) -> Report:  # fmt: skip
    """Copy, and prove it. Raises CopyRefusedError before anything is written, StoreError, ValueError.

    name: what the source is called in the mark, where its URL is not what identifies it (a backup). live: that
    processes may work on the source, so that engines are looked for and the source must stand still; a backup is of one
    moment anyway, and what it is taken of goes on. duration: seconds after which a copy that says nothing is over.
    """
    began = time.monotonic()
    _refuse_the_same(source, target)
    await refuse_unfinished(source.store)
    if live:
        await _refuse_engines(source, clock)
    report = Report(source=source.name, target=target.name, resumed=False)
    report.journal_copied = source.ledger.place() != target.ledger.place()
    empty = await _empty(target, journal=report.journal_copied)
    if not empty and await find(target.store) is None and await _alike(source, target, journal=report.journal_copied):
        # Perhaps this copy's end, which was killed before it could say so. If not, it is refused below.
        work = _Copy(source, target, progress, report)
        await work.look()
        await work.verify(live=live)
        if report.held:
            report.resumed, report.seconds = True, time.monotonic() - began
            return report
    async with holding(
        target.store, name or source.name, clock, empty=empty, history=report.journal_copied, duration=duration
    ) as (holder, resumed):
        report.resumed = resumed
        work = _Copy(source, target, progress, report, holder)
        await work.run()
        await target.restorable.settle()
        report.copy_seconds = time.monotonic() - began
        await work.verify(live=live)
        if report.held:
            await holder.finish()
    report.seconds = time.monotonic() - began
    return report


class _Copy:
    """One run. What every object of the source was at the moment of the copy is kept as its version and its digest."""

    def __init__(
        self, source: End, target: End, progress: Progress, report: Report, holder: Holder | None = None
    ) -> None:
        """Without a holder of the mark nothing can be written."""
        self._source, self._target, self._holder = source, target, holder
        self._progress, self._report = progress, report
        self._copied: dict[str, dict[str, tuple[int, bytes]]] = {}
        self._until = 0  # the journal's position that belongs to the objects

    async def run(self) -> None:
        """Make the target as the source is at one moment."""
        for again in range(_AGAIN):
            # Before the objects, where the two cannot be read together: a line whose object is not there would lie.
            self._until = await self._source.ledger.last()
            try:
                async with self._source.restorable.instant() as instant:
                    self._until = self._until if instant.position is None else instant.position
                    await self._plan(instant, verifying=False)
                    for kind in MOVED:
                        await self._kind(kind, instant)
                break
            except WatchExpiredError:
                if again == _AGAIN - 1:
                    raise
        if self._report.journal_copied:
            await self._journal()

    async def look(self) -> None:
        """Take the source as it is at one moment, without writing anything."""
        self._until = await self._source.ledger.last()
        async with self._source.restorable.instant() as instant:
            self._until = self._until if instant.position is None else instant.position
            for kind in MOVED:
                self._copied[kind.kind] = {
                    obj.id: (obj.metadata.resource_version, compare.digest(obj))
                    async for page in instant.objects(kind)
                    for obj in page
                }

    async def verify(self, *, live: bool) -> None:
        """Read both once more, and tell what is different. `live`: also what was written to the source meanwhile."""
        for again in range(_AGAIN):
            self._report.changed = []
            try:
                async with (
                    self._source.restorable.instant() as here,
                    self._target.restorable.instant() as there,
                ):
                    await self._plan(here, verifying=True)
                    for kind in MOVED:
                        self._progress.begin(kind.kind)
                        ours = {uid: digest for uid, (_, digest) in self._copied[kind.kind].items()}
                        if live:
                            ours = await self._again(kind, here)
                        verdict = await compare.compare(kind, ours, here, there)
                        self._report.kinds[kind.kind] = verdict
                        self._progress.step(verdict.count)
                break
            except WatchExpiredError:
                if again == _AGAIN - 1:
                    raise
        source, target = self._source.ledger, self._target.ledger
        if live and await source.last() != self._until:
            self._report.changed.append("lines were added to the journal")
        if self._report.journal_copied:
            self._progress.begin(JOURNAL)
            self._report.journal = await compare.compare_lines(source, target, self._until)
            self._progress.step(self._report.journal.count)

    async def _plan(self, instant: Instant, *, verifying: bool) -> None:
        totals = {kind.kind: await instant.count(kind) for kind in MOVED}
        if self._report.journal_copied:
            totals[JOURNAL] = await self._source.ledger.count(self._until)
        self._progress.plan(totals, verifying=verifying)

    async def _kind(self, kind: type[Resource], instant: Instant) -> None:
        self._progress.begin(kind.kind)
        async with self._target.restorable.instant() as there:
            theirs = await compare.digests(there, kind)
        if theirs:
            ours = {obj.id async for page in instant.objects(kind) for obj in page}
            await self._discard(kind, [uid for uid in theirs if uid not in ours])
        copied = self._copied[kind.kind] = {}
        async for page in instant.objects(kind):
            digests = {obj.id: compare.digest(obj) for obj in page}
            copied |= {obj.id: (obj.metadata.resource_version, digests[obj.id]) for obj in page}
            different = [obj for obj in page if theirs.get(obj.id) != digests[obj.id]]
            if different:
                self._check()
                await self._target.restorable.restore(different)
                self._report.written += len(different)
            self._progress.step(len(page))

    async def _discard(self, kind: type[Resource], ids: Sequence[str]) -> None:
        if ids:
            self._check()
            await self._target.restorable.discard(kind, ids)
            self._report.removed += len(ids)

    async def _journal(self) -> None:
        source, target = self._source.ledger, self._target.ledger
        self._progress.begin(JOURNAL)
        after = 0
        while after < self._until:
            page = await source.lines(after, self._until)
            end = page[-1].record.position if len(page) == PAGE else self._until
            if list(page) != list(await target.lines(after, end, PAGE + 1)):
                self._check()
                await target.restore(page, after, end)
                self._report.lines_written += len(page)
            self._progress.step(len(page))
            after = end
        last = await target.last()
        if last > self._until:
            self._check()
            await target.restore([], self._until, last)
        elif last < self._until:
            self._check()
            await target.restore([], self._until, self._until)

    def _check(self) -> None:
        """Raise CopyRefusedError unless we may write now."""
        if self._holder is None:
            raise CopyRefusedError("nobody may write without the mark")
        self._holder.check()

    async def _again(self, kind: type[Resource], instant: Instant) -> dict[str, bytes]:
        """Return the digests of the source as it is now; tell what was written to it since it was copied."""
        now: dict[str, tuple[int, bytes]] = {}
        async for page in instant.objects(kind):
            now |= {obj.id: (obj.metadata.resource_version, compare.digest(obj)) for obj in page}
        then = self._copied[kind.kind]
        written = [uid for uid in now.keys() | then.keys() if now.get(uid) != then.get(uid)]
        if written:
            self._report.changed.append(f"{kind.kind}: {len(written)} objects, {min(written)} among them")
        return {uid: digest for uid, (_, digest) in now.items()}


def _refuse_the_same(source: End, target: End) -> None:
    if source.name == target.name:
        raise CopyRefusedError(f"{source.name} cannot be copied to itself")
    if source.name == target.ledger.place() and source.name.startswith("sqlite:"):
        raise CopyRefusedError(
            f"the new store's journal cannot be in the file of the old one ({source.name}): both would number their"
            " changes there. Name another file; the history is copied into it"
        )


async def _refuse_engines(source: End, clock: Clock) -> None:
    """Raise CopyRefusedError while an engine holds a lease: it writes all the time.

    The target needs no such look: with a lease in it, it is not empty.
    """
    now, found = clock.time(), []
    async with source.restorable.instant() as instant:
        async for page in instant.objects(Lease):
            found += [
                f"{lease.spec.holder} ({lease.metadata.key})"
                for lease in page
                if lease.spec.holder and lease.spec.renewed_at + lease.spec.duration > now
            ]
    if found:
        raise CopyRefusedError(f"an engine works on {source.name}: {', '.join(found)}. Stop it, and the APIs, first")


async def _alike(source: End, target: End, *, journal: bool) -> bool:
    """Whether the two have as many of everything, so that it is worth while to compare them."""
    if journal and await source.ledger.last() != await target.ledger.last():
        return False
    async with source.restorable.instant() as here, target.restorable.instant() as there:
        return all([await here.count(kind) == await there.count(kind) for kind in MOVED])


async def _empty(end: End, *, journal: bool) -> bool:
    if journal and await end.ledger.last():
        return False
    async with end.restorable.instant() as instant:
        return not any([await instant.count(kind) for kind in MOVED])
