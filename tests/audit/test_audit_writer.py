"""What the writer promises: on disk before it says so, never cut, one writer a chain, gone on with after any end."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from tests.audit.chains import World, event, events

from gurum.audit import files
from gurum.audit import writer as module
from gurum.audit.errors import AuditUnavailableError


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, segment_bytes=100_000)


async def test_durable_is_on_disk(world: World) -> None:
    async with world.writing() as writer:
        writer.record(event("one"))
        await writer.durable()
        assert [one.target.id for one in events(writer.directory)] == ["segment/1", "one"]
        assert [one.id for one in events(writer.directory)] == ["pia-1/1", "pia-1/2"]


async def test_who_waits_at_the_same_time_shares_a_flush(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes = 0
    real = os.fdatasync

    def counted(descriptor: int) -> None:
        nonlocal flushes
        flushes += 1
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", counted)
    async with world.writing() as writer:

        async def one(number: int) -> None:
            writer.record(event(f"e{number}"))
            await writer.durable()

        await asyncio.gather(*(one(number) for number in range(100)))
        assert flushes <= 2
        assert len(events(writer.directory)) == 101


async def test_two_writers_have_two_chains(world: World) -> None:
    async with world.writing() as one, world.writing() as other:
        assert (one.name, other.name) == ("pia-1", "pia-2")
        one.record(event("a"))
        other.record(event("b"))
    assert world.found() == []


async def test_two_writers_with_one_id_are_told_by_the_anchor(world: World, tmp_path: Path) -> None:
    """On a disk whose locks do not work, or on copies of it: the second is refused, and writes no more."""
    import shutil

    await world.written(2)
    twin = World(tmp_path / "twin")
    shutil.copytree(world.chains, twin.chains)
    async with world.writing() as one, twin.writing(anchor=world.anchor) as other:
        assert one.name == other.name == "pia-1"
        one.record(event("mine"))
        await one.durable()
        other.record(event("its"))
        await other.durable()
        from gurum.audit.anchoring import Anchoring

        await Anchoring(one, world.anchor, world.clock, 10).once()
        await Anchoring(other, world.anchor, world.clock, 10).once()
        assert not one.broken
        with pytest.raises(AuditUnavailableError, match="was changed"):
            other.record(event("more"))
    assert world.found() == []


async def test_a_torn_tail_is_sealed_and_stays(world: World) -> None:
    directory = await world.written(3)
    path = files.segments(directory)[-1].path
    with path.open("ab") as file:
        file.write(b'{"hash":"00')
    (report,) = world.verified()
    assert report.findings == []
    assert any("never acknowledged" in note for note in report.notes)
    await world.written(2)
    assert path.read_bytes().endswith(b'{"hash":"00')
    (report,) = world.verified()
    assert (report.findings, report.notes) == ([], [])
    # Who takes it away later, or changes it, is found.
    path.write_bytes(path.read_bytes()[:-1])
    assert any("no writer left" in found for found in world.found())


async def test_a_file_that_is_torn_as_a_whole(world: World) -> None:
    directory = await world.written(3)
    (directory / files.name(2, 5)).write_bytes(b'{"ha')
    await world.written(2)
    assert world.found() == []
    assert len(events(directory)) == 3 + 1 + 2 + 1


async def test_a_full_disk_refuses_and_then_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    room = [True]

    def full(descriptor: int, data: bytes) -> int:
        if b"pia-1/" not in data or room[0]:
            return real(descriptor, data)
        raise OSError(errno.ENOSPC, "No space left on device")

    async with world.writing() as writer:
        writer.record(event("before"))
        await writer.durable()
        monkeypatch.setattr(os, "write", full)
        room[0] = False
        writer.record(event("refused"))
        with pytest.raises(AuditUnavailableError, match="No space left"):
            await writer.durable()
        assert writer.trouble
        room[0] = True
        writer.record(event("after"))
        await writer.durable()
        assert not writer.trouble
    assert [one.target.id for one in events(writer.directory)][1:] == ["before", "refused", "after"]
    assert world.found() == []


async def test_a_line_cut_by_a_full_disk_stays_and_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    left = [1_000_000]

    def short(descriptor: int, data: bytes) -> int:
        if b"pia-1/" not in data:
            return real(descriptor, data)
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(descriptor, data[: left[0]])
        left[0] -= written
        return written

    async with world.writing() as writer:
        writer.record(event("before"))
        await writer.durable()
        monkeypatch.setattr(os, "write", short)
        left[0] = 700
        for number in range(3):
            writer.record(event(f"batch-{number}"))
        for _ in range(3):
            with pytest.raises(AuditUnavailableError):
                await writer.durable()
        left[0] = 300  # not even room for the next file's first line
        with pytest.raises(AuditUnavailableError):
            await writer.durable()
        left[0] = 1_000_000
        await writer.durable()
    names = [one.target.id for one in events(writer.directory)]
    assert [name for name in names if not name.startswith("segment")] == ["before", "batch-0", "batch-1", "batch-2"]
    assert world.found() == []
    assert sum(len(one.links.torn) for one in events(writer.directory)) == 2


async def test_no_more_is_kept_in_memory_than_has_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 5)
    async with world.writing() as writer:
        for number in range(5):
            writer.record(event(f"e{number}"))
        with pytest.raises(AuditUnavailableError):
            writer.record(event("one too many"))


async def test_a_failed_flush_ends_the_chain(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async with world.writing() as writer:
        monkeypatch.setattr(os, "fdatasync", failing)
        writer.record(event("one"))
        with pytest.raises(AuditUnavailableError, match="flushed"):
            await writer.durable()
        with pytest.raises(AuditUnavailableError, match="flushed"):
            writer.record(event("two"))


async def test_a_clock_that_goes_back_is_mentioned(world: World) -> None:
    async with world.writing() as writer:
        writer.record(event("one"))
        world.clock.now -= 3600
        writer.record(event("two"))
        writer.record(event("three"))
    actions = [one.action for one in events(writer.directory)]
    assert actions == ["enable/segment", "create", "monitor/clock", "create", "create"]
    assert world.found() == []


async def test_the_anchor_away_and_back(world: World) -> None:
    world.anchor.away = True
    await world.written(3)
    assert world.anchor.anchored() == {}
    world.anchor.away = False
    await world.written(3)
    (report,) = world.verified()
    assert report.findings == []
    assert report.anchored == report.head.seq


async def test_a_file_replaced_under_its_writer_is_found_within_an_interval(world: World) -> None:
    from gurum.audit.anchoring import Anchoring

    async with world.writing() as writer:
        anchoring = Anchoring(writer, world.anchor, world.clock, 10)
        writer.record(event("one"))
        await writer.durable()
        await anchoring.once()
        path = files.segments(writer.directory)[-1].path
        path.write_bytes(path.read_bytes()[:-5])
        await anchoring.once()
        with pytest.raises(AuditUnavailableError, match="was changed"):
            writer.record(event("two"))


@pytest.mark.parametrize("name", ["eve\nroot", "\x1b[2J\x1b[31m", "구름이", "a" * 500, "../../etc/passwd", "x y"])
def test_a_hostile_id_is_recorded_as_a_digest(name: str) -> None:
    from gurum.audit.event import encode, opaque

    made = opaque(name)
    assert made.startswith("sha256:")
    assert name.encode() not in encode(event(made))


def test_an_ordinary_id_is_itself() -> None:
    from gurum.audit.event import opaque

    for name in ("7f1d2c", "req-8c5a", "user@example.org", "arn:aws:sts::1:assumed-role/x/y"):
        assert opaque(name) == name
