"""The engine that acts is killed under two hundred pending creations; and one is paused, and wakes up too late."""

from __future__ import annotations

import os
import signal
import time

from tests.failover.sites import Engine, Site
from tests.failover.verdict import PENDING, changing, moment
from tests.faults import servers
from tests.faults.emulator import REGION
from tests.faults.figures import Figures
from tests.faults.storm import count

WITHIN = 300.0
PAUSED = 25.0  # seconds


def play(site: Site, figures: Figures, store: str) -> None:
    """Kill the engine that acts, without a word."""
    client, emulator = site.client, site.emulator
    body = servers.wish(client, "killed")
    servers.settle(client, servers.make(client, body, 1), 120, figures.say)  # the network is there
    before = list(servers.seen(client))
    since = emulator.newest()
    ids = servers.make(client, body, PENDING)
    figures.put(f"{store}_accepted", len(ids))
    site.until(lambda: len([line for line in emulator.calls(since) if line["action"] == "RunInstances"]) >= 20, "begun")
    dead = site.active()
    shown = servers.seen(client)
    figures.put(f"{store}_pending_when_killed", sum(shown[one]["status"] == "BUILD" for one in ids))
    pid = dead.pid()
    os.kill(pid, signal.SIGKILL)
    killed = time.time()
    figures.say(f"{store}: the engine that acts is killed")
    figures.put(f"{store}_lease_moved_s", _moved(site, killed))
    site.until(lambda: changing(emulator.calls(since), killed + 1.0), "somebody calls", 60)
    figures.put(f"{store}_acts_again_s", changing(emulator.calls(since), killed + 1.0)[0]["time"] - killed)
    active, took = servers.settle(client, ids, WITHIN, figures.say)
    figures.put(f"{store}_active", active)
    figures.put(f"{store}_settled_s", took)
    _counted(site, figures, store, [*before, *ids])
    site.revive()


def pause(site: Site, figures: Figures, store: str) -> None:
    """Stop the engine that acts, until another has taken over and longer; then let it go on."""
    client, emulator = site.client, site.emulator
    site.until(lambda: all(engine.notes().startswith("acts for 1 ") for engine in site.engines), "each has a share")
    body = servers.wish(client, "paused")
    servers.settle(client, servers.make(client, body, 1), 120, figures.say)
    before = list(servers.seen(client))
    since = emulator.newest()
    ids = servers.make(client, body, PENDING // 4)
    site.until(lambda: len([line for line in emulator.calls(since) if line["action"] == "RunInstances"]) >= 10, "begun")
    paused = site.active()
    other = next(engine for engine in site.engines if engine is not paused)
    pid = _stopped(paused, other, site)
    stopped = time.time()
    site.until(lambda: other.acts(), "the other acts", 60)
    site.until(lambda: changing(emulator.calls(since), stopped + 3.0), "somebody calls", 60)
    figures.put(f"{store}_paused_acts_again_s", changing(emulator.calls(since), stopped + 3.0)[0]["time"] - stopped)
    figures.put(f"{store}_paused_moved", int(other.acts()))
    time.sleep(max(0.0, stopped + PAUSED - time.time()))
    os.kill(pid, signal.SIGCONT)
    woke = time.time()
    figures.say(f"{store}: the paused engine wakes up after {woke - stopped:.0f} s")
    active, _ = servers.settle(client, ids, WITHIN, figures.say)
    figures.put(f"{store}_paused_active", active)
    # What it had called, it may have been answered; what it then wanted to write was refused, or it did not try.
    taken = [moment(line) for line in paused.lines(woke) if line["event"] == "lease taken"]
    late = [line for line in paused.lines(woke) if line["event"] == "aws call" and _changes(line)]
    figures.put(
        f"{store}_paused_writes_after_waking",
        sum(1 for line in late if moment(line) < min(taken, default=1e12) and line["outcome"] == "ok"),
    )
    figures.put(f"{store}_paused_fenced", sum(1 for line in paused.lines(woke) if line["event"] == "fenced"))
    _counted(site, figures, f"{store}_paused", [*before, *ids])


def _changes(line: dict[str, object]) -> bool:
    return not str(line["action"]).startswith(("Describe", "Get"))


def _stopped(paused: Engine, other: Engine, site: Site) -> int:
    """Stop it where it does not hold the lock of the whole store; return its process id."""
    while True:
        pid = paused.pid()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)
        began = time.monotonic()
        body = {"network": {"name": "probe"}}
        status, _ = site.client.call("POST", "/network/v2.0/networks", body)
        if status < 300 and time.monotonic() - began < 2.0:
            return pid
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.2)


def _moved(site: Site, killed: float) -> float:
    """Return the seconds until another process took the dead one's shard, by its log."""

    def taken() -> list[float]:
        return [
            moment(line)
            for engine in site.engines
            for line in engine.lines(killed)
            if line["event"] == "lease taken" and line["region"] == REGION
        ]

    site.until(taken, "the shard is another's")
    return min(taken()) - killed


def _counted(site: Site, figures: Figures, part: str, ids: list[str]) -> None:
    time.sleep(8)  # two observation periods: what was under way has arrived
    count(site.emulator, ids, figures, part)
