"""The play on servers of its own: a control plane and a PostgreSQL that wait for the disk."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

from tests.faults.figures import Figures
from tests.move.filling import fill
from tests.move.journey import Places, travel
from tests.move.leg import Point
from tests.support import kubernetes, postgresql

from gurum.supervisor.kubernetes.store import define

POINTS = {
    "kubernetes": (Point(0.1), Point(0.5), Point(0.9), Point(0.5, verifying=True)),
    "postgresql": (Point(0.2), Point(0.6), Point(0.5, verifying=True)),
    "sqlite": (Point(0.2), Point(0.6), Point(0.5, verifying=True)),
}


def play(directory: Path, figures: Figures, objects: int, lines: int) -> None:
    """Start the servers, fill the first store, and travel."""
    first = directory / "first.sqlite"
    figures.say(f"making {objects:,} objects and {lines:,} lines of history")
    asyncio.run(fill(first, objects, lines))
    with ExitStack() as stack:
        plane = stack.enter_context(kubernetes.control_plane(durable=True))
        asyncio.run(define(plane.kubeconfig))
        server = stack.enter_context(postgresql.postgres("fsync=on"))
        places = Places(
            first=first,
            # With the rights that the role gives and no others.
            cluster=f"kubernetes://{plane.user('gurum-move')}",
            judge=f"kubernetes://{plane.kubeconfig}",
            journal=directory / "journal.sqlite",
            postgresql=server.url,
            last=directory / "last.sqlite",
        )
        travel(places, POINTS, figures.say, figures.put)
