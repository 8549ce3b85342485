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
from itertools import cycle

from tests.bench.client import Client
from tests.bench.reads import process
from tests.faults import servers, verdict
from tests.faults.emulator import Emulator
from tests.faults.figures import Figures
from tests.faults.storm import count
from tests.support.stack import Stack

COUNT = 10
SECONDS = 60.0
TOLD_AFTER = 20.0  # seconds of silence from which on `gurum explain` is asked, one server after the other


@contextmanager
def _silent(stack: Stack) -> Iterator[None]:
    pid = process(stack, "aws_emulator")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _explained(stack: Stack, server: str) -> str:
    """Return what a server's conditions tell of what it waits for and until when, or nothing."""
    done = stack.gurum("explain", "server", server, "-f", "json")
    if done.returncode:
        raise RuntimeError(f"gurum explain: {done.returncode}: {done.stderr}")
    conditions = json.loads(done.stdout)["conditions"]
    return next((c["message"] for c in conditions if verdict.tells(c["message"]) and c["until"]), "")


def play(stack: Stack, client: Client, emulator: Emulator, figures: Figures) -> None:
    """Silence AWS, use the API meanwhile, and wait for all to converge."""
    before = list(servers.seen(client))
    body = servers.wish(client, "outage")
    # The network is there before the silence, its other zones' subnets are not: they are asked for and doubted, too.
    first = servers.make(client, body, 1)
    servers.settle(client, first, 120, figures.say)
    reads: list[float] = []
    told: set[str] = set()
    texts: list[str] = []
    explained: list[str] = []
    with _silent(stack):
        began = time.monotonic()
        figures.say(f"AWS is silent for {SECONDS:.0f} s")
        ids = servers.make(client, body, COUNT)
        turn = cycle(ids)
        figures.put("outage_accepted", len(ids))
        while time.monotonic() - began < SECONDS:
            asked = time.monotonic()
            shown = servers.seen(client)
            reads.append(time.monotonic() - asked)
            for one in ids:
                text = shown[one].get("fault", {}).get("message", "")
                if verdict.tells(text):
                    told.add(one)
                    texts.append(text)
            if not explained and asked - began > TOLD_AFTER:
                explained = [text for text in [_explained(stack, next(turn))] if text]
            time.sleep(0.1)
        building = [one for one in ids if shown[one]["status"] == "BUILD"]
        figures.put("outage_built_meanwhile", COUNT - len(building))
        figures.put("outage_silent_s", time.monotonic() - began)
    figures.put("outage_reads", len(reads))
    figures.put("outage_read_max_s", max(reads))
    figures.put("outage_told_by_fault", len(told))
    figures.put("outage_told_by_conditions", len(explained))
    for text in [*texts[:1], *explained]:
        figures.say(f"told: {text}")
    active, took = servers.settle(client, ids, 120, figures.say)
    figures.put("outage_active", active)
    figures.put("outage_recovery_s", took)
    time.sleep(8)  # what was sent during the silence has arrived by now, and two observation periods have passed
    count(emulator, [*before, *first, *ids], figures, "outage")
