"""A writer that is killed with SIGKILL while it writes: what it acknowledged is there, and the next one goes on."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from tests.audit.chains import World, events

WRITER = """
import asyncio, sys
from tests.audit.chains import Hands, event
from gurum.audit.opening import opened
from gurum.ops.audit import AuditConfig

async def main():
    config = AuditConfig(directory=sys.argv[1], segment_bytes=20_000)
    async with opened(config, "pia", Hands(), None) as writer:
        async def one(number):
            while True:
                name = f"{number}-{writer.head.seq}"
                await writer.durable(writer.record(event(name)))
                print(name, flush=True)
        await asyncio.gather(*(one(number) for number in range(8)))

asyncio.run(main())
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.real
async def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    world = World(tmp_path)
    acknowledged: set[str] = set()
    for kill in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(world.chains), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert process.stdout is not None
        for _ in range(300 + 37 * kill):
            acknowledged.add((await process.stdout.readline()).decode().strip())
        process.send_signal(signal.SIGKILL)
        rest, _ = await process.communicate()
        acknowledged |= set(rest.decode().splitlines()[:-1])  # the last may be cut in its middle
    await world.written(1)
    (report,) = world.verified()
    assert report.findings == []
    assert acknowledged <= {one.target.id for one in events(world.chains / "pia-1")}
    assert len(acknowledged) > 600
