"""The journal: append-only, idempotent, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.store import StepClock, make_server

from gurum.store.contract import Journal, Record, UnavailableError
from gurum.store.memory import HOSTILE, PEACEFUL, MemoryJournal
from gurum.store.postgresql import PostgresqlJournal
from gurum.store.sqlite import SqliteJournal, SqliteStore


def record(
    n: int = 0, *, type: str = "event", kind: str = "Server", object_id: str = "s1", project: str = "p1"
) -> Record:
    return Record(
        at=1000.0 + n,
        type=type,
        kind=kind,
        object_id=object_id,
        region="r1" if n % 2 else "r2",
        project=project,
        data=b'{"n": %d}' % n,
        request_id=f"req-{n}",
    )


@pytest.fixture(params=["sqlite", "memory", pytest.param("postgresql", marks=pytest.mark.real)])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    opened: Journal
    if request.param == "sqlite":
        opened = await SqliteJournal.open(tmp_path / "journal.db")
    elif request.param == "postgresql":
        opened = await PostgresqlJournal.open(request.getfixturevalue("postgresql_url"))
    else:
        opened = MemoryJournal()
    yield opened
    await opened.close()


async def test_records_come_back_as_they_were_in_order(journal: Journal) -> None:
    for n in range(5):
        await journal.append(record(n), unique=str(n))
    found = await journal.read()
    assert [(each.at, each.data, each.request_id) for each in found] == [
        (1000.0 + n, b'{"n": %d}' % n, f"req-{n}") for n in range(5)
    ]
    positions = [each.position for each in found]
    assert positions == sorted(set(positions))
    assert positions[0] > 0


async def test_appending_again_changes_nothing(journal: Journal) -> None:
    await journal.append(record(1), unique="once")
    await journal.append(record(2), unique="once")
    await journal.append(record(3), unique="another")
    await journal.append(record(4, type="action"), unique="once")
    await journal.append(record(5, object_id="s2"), unique="once")
    assert [each.at for each in await journal.read()] == [1001.0, 1003.0, 1004.0, 1005.0]


async def test_concurrent_repetition_appends_once(journal: Journal) -> None:
    await asyncio.gather(*(journal.append(record(1), unique="once") for _ in range(20)))
    assert len(await journal.read()) == 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"kind": "Port"}, [3]),
        ({"object_id": "s2"}, [4]),
        ({"project": "p2"}, [5]),
        ({"region": "r1"}, [1, 3, 5]),
        ({"type": "action"}, [2]),
        ({"since": 1003.0}, [3, 4, 5]),
        ({"kind": "Server", "region": "r2", "since": 1001.0}, [2, 4]),
        ({"limit": 2}, [0, 1]),
        ({"object_id": "nothing"}, []),
        ({"object_id": "nul\0"}, []),
    ],
    ids=str,
)
async def test_reading_a_part(journal: Journal, asked: dict[str, str], expected: list[int]) -> None:
    records = [
        record(0),
        record(1),
        record(2, type="action"),
        record(3, kind="Port"),
        record(4, object_id="s2"),
        record(5, project="p2"),
    ]
    for n, each in enumerate(records):
        await journal.append(each, unique=str(n))
    found = await journal.read(**asked)  # type: ignore[arg-type]  # the table has strings, floats and integers
    assert [each.at - 1000.0 for each in found] == expected


async def test_reading_on_from_a_position(journal: Journal) -> None:
    for n in range(10):
        await journal.append(record(n), unique=str(n))
    seen: list[float] = []
    position = 0
    while page := await journal.read(after=position, limit=3):
        seen += [each.at for each in page]
        position = page[-1].position
    assert seen == [1000.0 + n for n in range(10)]


async def test_pruning_takes_the_old_and_never_reuses_a_position(journal: Journal) -> None:
    for n in range(4):
        await journal.append(record(n), unique=str(n))
    last = (await journal.read())[-1].position
    assert await journal.prune(1003.0) == 3
    assert [each.at for each in await journal.read()] == [1003.0]
    assert await journal.prune(2000.0) == 1
    await journal.append(record(9), unique="9")
    [only] = await journal.read()
    assert only.position > last


async def test_a_journal_beside_a_store_survives_with_it(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "both.db")
    journal = SqliteJournal(store.database)
    statements: list[str] = []
    store.trace(statements.append)
    await asyncio.gather(store.create(make_server()), journal.append(record(1), unique="1"))
    store.trace(None)
    assert statements.count("COMMIT") == 1  # a state and its record share a flush
    await journal.close()
    await store.create(make_server())  # the journal did not close what is not its own
    await store.close()
    again = await SqliteJournal.open(tmp_path / "both.db")
    assert len(await again.read()) == 1
    await again.close()


async def test_a_hostile_journal_still_appends_once() -> None:
    journal = MemoryJournal(clock=StepClock(), seed=3, hostility=HOSTILE)
    throttled = 0
    for n in range(30):
        for _ in range(3):
            try:
                await journal.append(record(n), unique=str(n))
            except UnavailableError:
                throttled += 1
    assert throttled
    journal.hostility = PEACEFUL
    assert [each.at for each in await journal.read()] == [1000.0 + n for n in range(30)]
