"""Sixty servers from a cloud that throttles, fails one call in five, loses one answer in ten, and has a full zone."""

from __future__ import annotations

from tests.bench.client import Client
from tests.chaos.ledger import doubles
from tests.faults import servers, verdict
from tests.faults.emulator import Emulator
from tests.faults.figures import Figures

COUNT = 60
WITHIN = 300.0


def play(client: Client, emulator: Emulator, figures: Figures) -> None:
    """Make the weather, the servers, and the count."""
    body = servers.wish(client, "storm")
    # Two kinds of 5xx, in EC2's envelope and without; together a fifth.
    emulator.fault(kind="error", code="InternalError", status=500, probability=0.1)
    emulator.fault(kind="status5xx", status=503, probability=1 / 9)
    emulator.fault(kind="drop-after", probability=0.1)
    emulator.configure(capacity=[{"zone_id": "use1-az1", "limit": 0}])
    figures.say(f"{COUNT} servers: 2 RunInstances/s, 20 % 5xx, 10 % lost answers, use1-az1 full")
    since = emulator.newest()
    ids = servers.make(client, body, COUNT)
    active, took = servers.settle(client, ids, WITHIN, figures.say)
    lines = emulator.calls(since)
    figures.put("storm_active", active)
    figures.put("storm_seconds", took)
    count(emulator, ids, figures, "storm")
    for name, value in verdict.weather(lines).items():
        figures.put(f"storm_{name}", value)
    emulator.mend()


def count(emulator: Emulator, ids: list[str], figures: Figures, part: str) -> None:
    """Count what is there twice or was for a while, and what belongs to no server of these."""
    living = emulator.living()
    figures.put(f"{part}_duplicates", max(verdict.living_twice(living), len(doubles(emulator.calls()))))
    figures.put(f"{part}_instances_without_server", verdict.strays(living, ids))
