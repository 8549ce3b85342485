"""The journey in small, and the verdicts: they can fail."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.faults.verdict import broken, only
from tests.move import rows
from tests.move.filling import fill, made, numbers
from tests.move.journey import Places, travel
from tests.move.leg import Point
from tests.move.verdict import limits
from tests.support.cluster import cluster

OBJECTS, LINES = 250, 600
LIMITS = limits(OBJECTS, LINES, kills=1)
POINTS = {"kubernetes": (Point(0.4),), "postgresql": (Point(0.2),), "sqlite": (Point(0.1),)}


@pytest.mark.real
@pytest.mark.kubernetes
def test_some_hundred_objects_come_back(kubernetes_url: str, postgresql_bare: str, tmp_path: Path) -> None:
    places = Places(
        first=tmp_path / "first.sqlite",
        cluster=kubernetes_url,
        judge=kubernetes_url,
        journal=tmp_path / "journal.sqlite",
        postgresql=postgresql_bare,
        last=tmp_path / "last.sqlite",
    )
    figures: dict[str, float] = {}
    asyncio.run(fill(places.first, OBJECTS, LINES))
    try:
        travel(places, POINTS, print, figures.__setitem__)
    finally:
        asyncio.run(_emptied(kubernetes_url, tmp_path))
    assert broken(figures, LIMITS) == []


async def _emptied(url: str, directory: Path) -> None:
    async with cluster(url, directory):
        pass


def test_every_kind_goes_along_in_every_state() -> None:
    everything = list(made(1000))
    assert len(everything) == 1000
    assert {type(obj) for obj in everything} == set(numbers(1000))
    assert {obj.deleting for obj in everything} == {True, False}
    assert {obj.metadata.key == obj.id for obj in everything} == {True, False}
    assert len({(obj.kind, obj.metadata.key) for obj in everything}) == 1000


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE objects SET key = key || 'x' WHERE kind = 'Port'",
        "DELETE FROM objects WHERE kind = 'Region'",
        "UPDATE objects SET data = replace(data, '\"engine\"', '\"other\"') WHERE kind = 'Server'",
        "UPDATE journal SET position = 1 WHERE position = (SELECT min(position) FROM journal)",
        "UPDATE sqlite_sequence SET seq = seq + 1",
    ],
)
def test_what_was_lost_would_be_seen(tmp_path: Path, change: str) -> None:
    first, last = tmp_path / "first.sqlite", tmp_path / "last.sqlite"
    for file in (first, last):
        asyncio.run(fill(file, 60, 20))
    assert list(rows.differences(first, last)) == []
    connection = sqlite3.connect(last)
    connection.execute(change)
    connection.commit()
    connection.close()
    assert list(rows.differences(first, last)) != []


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_breaks_alone(name: str) -> None:
    assert [line.partition(":")[0] for line in broken(only(name, LIMITS), LIMITS)] == [name]
