"""Every way in which somebody may change what was recorded is found, and what a crash leaves is not taken for one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.audit.chains import World, event

from gurum.audit import chain, files


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _segments(directory: Path) -> list[Path]:
    return [segment.path for segment in files.segments(directory)]


def _edited(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def _forged(path: Path) -> None:
    """Change an event and make all that follows in the file fit again, as whoever may write there can."""
    lines = path.read_bytes().splitlines(keepends=True)
    parted = [chain.parts(line) for line in lines]
    first = parted[0]
    assert first is not None
    link = bytes.fromhex(json.loads(first[1])["attachments"][0]["content"]["previousHash"])
    made = []
    for part in parted:
        assert part is not None
        body = part[1].replace(b"1111111", b"2222222")
        link = chain.follow(link, [chain.digest(body)])
        made.append(chain.line(link, body))
    path.write_bytes(b"".join(made))


async def test_what_was_written_is_found_whole(world: World) -> None:
    directory = await world.written()
    assert len(_segments(directory)) > 2
    (report,) = world.verified()
    assert (report.findings, report.notes) == ([], [])
    assert report.anchored == report.head.seq == report.events == 12 + len(_segments(directory))


async def test_an_edited_event(world: World) -> None:
    directory = await world.written()
    path = _segments(directory)[1]
    _edited(path, lambda lines: [lines[0], lines[1].replace(b"pia-", b"pib-", 1), *lines[2:]])
    assert any(found.startswith("edited") for found in world.found())


async def test_every_byte_counts(world: World) -> None:
    directory = await world.written(2)
    for path in _segments(directory):
        whole = path.read_bytes()
        for at in range(0, len(whole), 7):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert world.found(), f"byte {at} of {path.name}"
        path.write_bytes(whole)
    assert world.found() == []


async def test_a_removed_event(world: World) -> None:
    directory = await world.written()
    _edited(_segments(directory)[1], lambda lines: lines[:1] + lines[2:])
    assert any(found.startswith("removed") for found in world.found())


async def test_reordered_events(world: World) -> None:
    directory = await world.written()
    _edited(_segments(directory)[0], lambda lines: [lines[0], lines[2], lines[1], *lines[3:]])
    assert any(found.startswith(("reordered", "removed")) for found in world.found())


@pytest.mark.parametrize("lines", [1, 2])
async def test_a_truncated_tail(world: World, lines: int) -> None:
    directory = await world.written()
    _edited(_segments(directory)[-1], lambda whole: whole[:-lines])
    assert any(found.startswith("cut, or put back") for found in world.found())


async def test_a_tail_truncated_within_an_event(world: World) -> None:
    directory = await world.written()
    path = _segments(directory)[-1]
    path.write_bytes(path.read_bytes()[:-20])
    assert any(found.startswith("cut, or put back") for found in world.found())


async def test_a_removed_file(world: World) -> None:
    directory = await world.written()
    _segments(directory)[1].unlink()
    assert any(found.startswith("removed") for found in world.found())


async def test_the_first_file_removed(world: World) -> None:
    directory = await world.written()
    _segments(directory)[0].unlink()
    assert any(found.startswith("removed: its files begin with") for found in world.found())


@pytest.mark.parametrize("which", [0, 1, -1])
async def test_a_replaced_file_that_fits_in_itself(world: World, which: int) -> None:
    directory = await world.written()
    _forged(_segments(directory)[which])
    assert world.found() != []


async def test_a_whole_chain_written_anew(world: World, tmp_path: Path) -> None:
    await world.written()
    other = World(tmp_path / "other")
    other.clock.now += 1.5
    shutil.rmtree(world.chains)
    shutil.copytree((await other.written(20)).parent, world.chains)
    assert any(found.startswith("replaced") for found in world.found())


async def test_everything_but_the_anchor_put_back(world: World, tmp_path: Path) -> None:
    await world.written(5)
    shutil.copytree(world.chains, tmp_path / "copy")
    await world.written(5)
    shutil.rmtree(world.chains)
    shutil.copytree(tmp_path / "copy", world.chains)
    assert any(found.startswith("cut, or put back") for found in world.found())
    # It is seen by the next writer, too, which leaves that chain as it is and says so in another.
    async with world.writing() as writer:
        assert writer.name == "pia-2"
        writer.record(event("later"))
    first, second = world.verified()
    assert first.findings
    assert second.findings == []
    assert any("pia-1" in note for note in second.notes)


async def test_a_removed_chain(world: World) -> None:
    directory = await world.written()
    await world.written(3, role="engine")
    shutil.rmtree(directory)
    assert [found for found in world.found() if "whole chain" in found] == ["removed: the whole chain is gone [0]"]


async def test_events_moved_from_one_chain_to_another(world: World) -> None:
    mine, other = await world.written(3), await world.written(3, role="engine")
    _edited(
        _segments(mine)[0], lambda lines: [*lines, *_segments(other)[0].read_bytes().splitlines(keepends=True)[1:2]]
    )
    assert any("another chain" in found for found in world.found())


async def test_what_somebody_looked_into_is_no_finding_any_more(world: World) -> None:
    directory = await world.written()
    _segments(directory)[1].unlink()
    (report,) = world.verified({"pia-1": "the disk lost it"})
    assert report.findings == []
    assert any("the disk lost it" in note for note in report.notes)


async def test_a_form_with_another_field_is_no_event(world: World) -> None:
    directory = await world.written(2)
    path = _segments(directory)[-1]
    link = bytes.fromhex(world.verified()[0].head.hash)
    seq = world.verified()[0].head.seq + 1
    parted = chain.parts(path.read_bytes().splitlines(keepends=True)[-1])
    assert parted is not None
    document = json.loads(parted[1]) | {"id": f"pia-1/{seq}", "body": "secret"}
    body = json.dumps(document).encode()
    with path.open("ab") as file:
        file.write(chain.line(chain.follow(link, [chain.digest(body)]), body))
    assert any("not the form" in found for found in world.found())
