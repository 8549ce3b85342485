"""Copies from one store to another: whole or not at all, whatever happens between."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar, cast

import msgspec
import pytest
from tests.support.store import StepClock, make_network, make_server, metadata

from gurum.model.base import Metadata, Resource, new_id
from gurum.model.engine import Lease, LeaseSpec, Transfer, TransferSpec
from gurum.model.network import Network
from gurum.model.server import Server
from gurum.ops.config import StoreConfig
from gurum.store.contract import Record, UnavailableError, WatchExpiredError
from gurum.store.factory import open_store
from gurum.store.moving import files
from gurum.store.moving.contract import Instant, Restorable
from gurum.store.moving.copying import Report, Silent, copy
from gurum.store.moving.ends import End, opened
from gurum.store.moving.giving_up import discard
from gurum.store.moving.transfer import KEY, CopyRefusedError, UnfinishedStoreError, holding

Ends = tuple[End, End]
R = TypeVar("R", bound=Resource)


class Entrance:
    """Another's second entrance, with something done before each batch that is put back."""

    def __init__(
        self, inner: Restorable, before: Callable[[Sequence[Resource]], Awaitable[Sequence[Resource]]]
    ) -> None:
        self._inner, self._before = inner, before

    def instant(self) -> AbstractAsyncContextManager[Instant]:
        return self._inner.instant()

    async def restore(self, objs: Sequence[Resource]) -> None:
        await self._inner.restore(await self._before(objs))

    async def discard(self, kind: type[Resource], ids: Collection[str]) -> None:
        await self._inner.discard(kind, ids)

    async def settle(self) -> None:
        await self._inner.settle()


def beside(target: End, before: Callable[[Sequence[Resource]], Awaitable[Sequence[Resource]]]) -> End:
    return msgspec.structs.replace(target, restorable=Entrance(target.restorable, before))


def record(n: int) -> Record:
    return Record(at=float(n), type="event", kind="Server", object_id=f"s{n}", region="r", project="p", data=b"{}")


async def fill(end: End, number: int = 12) -> None:
    """Give a store something of several kinds, and a history."""
    servers = [make_server(str(n), finalizers=["engine"]) for n in range(number)]
    for n, server in enumerate(servers):
        server.metadata.generation, server.status.vm_state = n + 1, "active"
    await end.restorable.restore(servers)
    await end.restorable.restore([make_network(str(n), key=f"k{n}") for n in range(number)])


@pytest.fixture
async def ends(tmp_path: Path) -> AsyncIterator[Ends]:
    """A filled store, and an empty one."""
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(opened(_config(tmp_path, "source"), make=True))
        target = await stack.enter_async_context(opened(_config(tmp_path, "target"), make=True))
        await fill(source)
        store, journal = await open_store(_config(tmp_path, "source"))
        for n in range(20):
            await journal.append(record(n), unique="u")
        await journal.prune(3.0)
        await journal.close()
        await store.close()
        yield source, target


def _config(directory: Path, name: str) -> StoreConfig:
    return StoreConfig(url=f"sqlite:///{directory}/{name}.sqlite")


async def _copied(source: End, target: End, clock: StepClock | None = None) -> Report:
    return await copy(source, target, clock or StepClock(), Silent())


async def test_a_copy_is_equal_and_then_an_ordinary_store(ends: Ends, tmp_path: Path) -> None:
    source, target = ends
    report = await _copied(source, target)
    assert (report.held, report.objects, report.written, report.journal.count) == (True, 24, 24, 17)
    assert (report.resumed, report.removed, report.changed) == (False, 0, [])
    store, journal = await open_store(_config(tmp_path, "target"))
    assert [one.position for one in await journal.read()] == list(range(4, 21))
    await journal.append(record(99), unique="u")
    assert (await journal.read(object_id="s99"))[0].position == 21
    server = (await store.list(Server)).items[0]
    server.spec.name = "changed"
    assert (await store.update_spec(server)).metadata.generation == server.metadata.generation + 1
    await journal.close()
    await store.close()


async def test_what_is_not_whole_is_not_opened(ends: Ends, tmp_path: Path) -> None:
    source, target = ends

    async def breaks(objs: Sequence[Resource]) -> Sequence[Resource]:
        raise UnavailableError("gone")

    with pytest.raises(UnavailableError, match="gone"):
        await _copied(source, beside(target, breaks))
    with pytest.raises(UnfinishedStoreError, match=r"not whole.*source\.sqlite"):
        await open_store(_config(tmp_path, "target"))
    async with opened(_config(tmp_path, "third"), make=True) as third:
        with pytest.raises(UnfinishedStoreError):
            await _copied(target, third)
        with pytest.raises(CopyRefusedError, match="go on with that one"):
            await _copied(third, target)
    assert (await _copied(source, target)).held
    store, journal = await open_store(_config(tmp_path, "target"))
    await journal.close()
    await store.close()


@pytest.mark.parametrize("written", [0, 1])
async def test_cut_off_anywhere_it_goes_on(ends: Ends, written: int) -> None:
    source, target = ends
    clock = StepClock()
    for survived in range(4):
        batches: list[int] = []

        async def cut(objs: Sequence[Resource], left: int = survived, done: list[int] = batches) -> Sequence[Resource]:
            if len(done) == left:
                await target.restorable.restore(objs[: len(objs) // 2 * written])
                raise UnavailableError("cut off")
            done.append(len(objs))
            return objs

        try:
            report = await _copied(source, beside(target, cut), clock)
        except UnavailableError:
            continue
        break
    assert report.held
    assert report.resumed
    assert report.written < 24
    assert len((await target.store.list(Server)).items) == 12


async def test_what_the_source_has_become_meanwhile_is_copied_too(ends: Ends) -> None:
    source, target = ends

    async def breaks(objs: Sequence[Resource]) -> Sequence[Resource]:
        if isinstance(objs[0], Server):
            raise UnavailableError("gone")
        return objs

    clock = StepClock()
    with pytest.raises(UnavailableError):
        await _copied(source, beside(target, breaks), clock)
    first, second, *_ = (await source.store.list(Network)).items
    await source.store.delete(Network, first.id)
    await source.store.create(make_network("takes over", key=first.metadata.key))
    second.spec.name = "changed"
    await source.store.update_spec(second)
    report = await _copied(source, target, clock)
    assert (report.held, report.removed, report.written) == (True, 1, 12 + 2)


async def test_a_source_that_is_written_to_is_a_refusal(ends: Ends) -> None:
    source, target = ends
    network = make_network("meanwhile")

    async def meanwhile(objs: Sequence[Resource]) -> Sequence[Resource]:
        if isinstance(objs[0], Server):  # its networks are copied by now
            await source.store.create(network)
        return objs

    report = await _copied(source, beside(target, meanwhile))
    assert not report.held
    assert report.changed == [f"Network: 1 objects, {network.id} among them"]
    assert (await _copied(source, target)).held


class Forgetful:
    """A source that forgets the moment that is being read, in the middle of some kind, a few times."""

    def __init__(self, inner: Restorable, times: int) -> None:
        self._inner, self.left = inner, times
        self.position: int | None = None

    @asynccontextmanager
    async def instant(self) -> AsyncIterator[Instant]:
        async with self._inner.instant() as instant:
            self._instant, self.position = instant, instant.position
            yield self

    async def count(self, kind: type[Resource]) -> int:
        return await self._instant.count(kind)

    async def objects(self, kind: type[R]) -> AsyncIterator[Sequence[R]]:
        async for page in self._instant.objects(kind):
            yield page
            if kind is Server and self.left:
                self.left -= 1
                raise WatchExpiredError("compacted")


@pytest.mark.parametrize("times", [3, 100])
async def test_a_source_that_forgets_is_read_again(ends: Ends, times: int) -> None:
    source, target = ends
    forgetful = Forgetful(source.restorable, times)
    there = msgspec.structs.replace(source, restorable=cast("Restorable", forgetful))
    if times == 100:
        with pytest.raises(WatchExpiredError):
            await _copied(there, target)
        return
    report = await _copied(there, target)
    assert (report.held, report.written, forgetful.left) == (True, 24, 0)


async def test_what_differs_is_named(ends: Ends) -> None:
    source, target = ends
    names: list[str] = []

    async def careless(objs: Sequence[Resource]) -> Sequence[Resource]:
        if isinstance(objs[0], Network):
            return objs
        lost, changed, *rest = sorted(objs, key=lambda obj: obj.id)
        names.extend([lost.id, changed.id])
        other = msgspec.structs.replace(changed, metadata=msgspec.structs.replace(changed.metadata, revision=99))
        return [other, *rest]

    report = await _copied(source, beside(target, careless))
    assert not report.held
    assert report.kinds["Server"].different == 2
    assert report.kinds["Server"].differences == [
        f"Server {names[0]} is missing",
        f"Server {names[1]} differs in metadata.revision",
    ]
    await target.ledger.restore([], 4, 6)
    report = await _copied(source, target)
    assert (report.held, report.written, report.lines_written) == (True, 2, 17)


async def test_not_while_an_engine_works(ends: Ends) -> None:
    source, target = ends
    clock = StepClock()
    spec = LeaseSpec(holder="engine-1", epoch=3, renewed_at=clock.now - 1.0, duration=15.0)
    await source.store.create(Lease(metadata=metadata("r/1"), spec=spec))
    with pytest.raises(CopyRefusedError, match=r"an engine works.*engine-1 \(r/1\)"):
        await _copied(source, target, clock)
    clock.now += 20.0
    assert (await _copied(source, target, clock)).held
    # Who was killed before it could say so is told the same; what anybody has changed since is not written over.
    report = await _copied(source, target, clock)
    assert (report.held, report.resumed, report.written, report.objects) == (True, True, 0, 25)
    await source.store.create(make_network("later"))
    with pytest.raises(CopyRefusedError, match="not empty"):
        await _copied(source, target, clock)
    first = (await target.store.list(Network)).items[0]
    first.spec.name = "changed"
    await target.store.update_spec(first)
    await target.store.create(make_network("another"))
    with pytest.raises(CopyRefusedError, match="not empty"):
        await _copied(source, target, clock)
    assert (await target.store.get(Network, first.id)).spec.name == "changed"


async def test_a_history_alone_is_something_too(ends: Ends, tmp_path: Path) -> None:
    source, target = ends
    store, journal = await open_store(_config(tmp_path, "target"))
    await journal.append(record(1), unique="theirs")
    await journal.close()
    await store.close()
    with pytest.raises(CopyRefusedError, match="not empty"):
        await _copied(source, target)
    with pytest.raises(CopyRefusedError, match="to itself"):
        await _copied(source, source)


class Renewing(StepClock):
    """A clock during whose sleep another process renews its mark."""

    def __init__(self, end: End) -> None:
        super().__init__()
        self._end = end

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        mark = await self._end.store.get_by_key(Transfer, KEY)
        mark.spec.renewed_at = self.now
        await self._end.store.update_spec(mark)


async def test_two_do_not_copy_at_once(ends: Ends) -> None:
    source, target = ends
    clock = Renewing(target)
    spec = TransferSpec(source=source.name, begun_at=1.0, holder="elsewhere/7/x", renewed_at=clock.now, duration=15.0)
    await target.store.create(Transfer(metadata=Metadata(id=new_id(), key=KEY), spec=spec))
    with pytest.raises(CopyRefusedError, match="another process"):
        await _copied(source, target, clock)
    # Of a process of this machine it is known at once that it ended.
    mark = await target.store.get_by_key(Transfer, KEY)
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    mark.spec.holder = f"{socket.gethostname()}/{gone.pid}/x"
    mark = await target.store.update_spec(mark)
    still = StepClock(clock.now)
    async with holding(target.store, source.name, still, empty=False) as (_, resumed):
        assert (resumed, still.now) == (True, clock.now)


async def test_who_was_held_up_writes_no_more(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    _, target = ends
    clock = StepClock()
    async with holding(target.store, "x", clock, empty=True) as (holder, _):
        holder.check()
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 16.0)
        with pytest.raises(CopyRefusedError, match="held up"):
            holder.check()


async def test_what_is_given_up_is_empty_again(ends: Ends, tmp_path: Path) -> None:
    source, target = ends
    clock = StepClock()

    async def breaks(objs: Sequence[Resource]) -> Sequence[Resource]:
        if isinstance(objs[0], Server):
            raise UnavailableError("gone")
        return objs

    with pytest.raises(UnavailableError):
        await _copied(source, beside(target, breaks), clock)
    await target.ledger.restore(await source.ledger.lines(0, 100), 0, 20)
    assert await discard(target, clock) == 12
    assert await target.ledger.count(100) == 0
    store, journal = await open_store(_config(tmp_path, "target"))
    assert (await store.list(Network)).items == []
    await journal.close()
    await store.close()
    for whole in (source, target):
        with pytest.raises(CopyRefusedError, match="nothing is removed"):
            await discard(whole, clock)


async def test_a_file_of_any_store_and_back(ends: Ends, tmp_path: Path) -> None:
    source, target = ends
    report = await files.take(_config(tmp_path, "source"), tmp_path / "copy")
    assert (report.held, report.objects) == (True, 24)
    assert [name for name in os.listdir(tmp_path) if name.startswith("copy")] == ["copy"]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    report = await files.put_back(tmp_path / "copy", _config(tmp_path, "target"), "the backup of Monday")
    assert (report.held, report.written, report.journal.count) == (True, 24, 17)
    await target.store.create(make_network("later"))
    with pytest.raises(CopyRefusedError, match="not empty"):
        await files.put_back(tmp_path / "copy", _config(tmp_path, "target"), "the backup of Monday")
    assert source.name != target.name
