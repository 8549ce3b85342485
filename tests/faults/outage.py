"""AWS says nothing for a minute: connections are taken, nothing is answered, and what was sent arrives late.

Stopping the emulator's process is crueller than refusing connections: every request that went out during the minute is
executed when it wakes, after its sender has given up and tried again.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.client import Client
from tests.bench.reads import process
from tests.faults import servers, verdict
from tests.faults.emulator import Emulator
from tests.faults.figures import Figures
from tests.faults.storm import count
from tests.support.stack import Stack

COUNT = 10
SECONDS = 60.0


@contextmanager
def _silent(stack: Stack) -> Iterator[None]:
    pid = process(stack, "aws_emulator")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _explained(stack: Stack, ids: list[str]) -> int:
    """Return how many of these servers' conditions tell what they wait for and until when."""
    found = 0
    for one in ids:
        done = stack.gurum("explain", "server", one, "-f", "json")
        if done.returncode:
            raise RuntimeError(f"gurum explain: {done.returncode}: {done.stderr}")
        conditions = json.loads(done.stdout)["conditions"]
        found += any(verdict.tells(c["message"]) and c["until"] for c in conditions)
    return found


def play(stack: Stack, client: Client, emulator: Emulator, figures: Figures) -> None:
    """Silence AWS, use the API meanwhile, and wait for all to converge."""
    before = list(servers.seen(client))
    body = servers.wish(client, "outage")
    # The network of the storm is there at AWS already; one server of the ten's own network makes sure of theirs.
    first = servers.make(client, body, 1)
    servers.settle(client, first, 120, figures.say)
    reads: list[float] = []
    told: set[str] = set()
    texts: set[str] = set()
    explained = 0
    with _silent(stack):
        began = time.monotonic()
        figures.say(f"AWS is silent for {SECONDS:.0f} s")
        ids = servers.make(client, body, COUNT)
        figures.put("outage_accepted", len(ids))
        while time.monotonic() - began < SECONDS:
            asked = time.monotonic()
            shown = servers.seen(client)
            reads.append(time.monotonic() - asked)
            for one in ids:
                text = shown[one].get("fault", {}).get("message", "")
                if verdict.tells(text):
                    told.add(one)
                    texts.add(text)
            if told and not explained:
                explained = _explained(stack, sorted(told)[:2])
            time.sleep(0.1)
        building = [one for one in ids if shown[one]["status"] == "BUILD"]
        figures.put("outage_built_meanwhile", COUNT - len(building))
        figures.put("outage_silent_s", time.monotonic() - began)
    figures.put("outage_reads", len(reads))
    figures.put("outage_read_max_s", max(reads))
    figures.put("outage_told_by_fault", len(told))
    figures.put("outage_told_by_conditions", explained)
    for text in sorted(texts)[:2]:
        figures.say(f"told: {text}")
    active, took = servers.settle(client, ids, 120, figures.say)
    figures.put("outage_active", active)
    figures.put("outage_recovery_s", took)
    time.sleep(8)  # what was sent during the silence has arrived by now, and two observation periods have passed
    count(emulator, [*before, *first, *ids], figures, "outage")
