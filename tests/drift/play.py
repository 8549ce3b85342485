"""The play: a server of ours, two instances of others, and hands at work behind our back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.drift import foreign, verdict
from tests.faults import servers
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures
from tests.support.stack import running

SWEEP = 3.0
WINDOW = 2.0  # between a sweep's two looks
PATIENCE = 60.0  # seconds: later than every bound, so that a late change still gets its figure


def change(document: dict[str, Any]) -> None:
    """Look and sweep every few seconds."""
    document["embedded"]["aws_emulator_settings"] = {"time_factor": verdict.TIME_FACTOR}
    document["engine"]["sweep"] = SWEEP
    for region in document["regions"]:
        if "aws" in region:
            region["aws"] |= {
                "idle_interval": verdict.IDLE_INTERVAL,
                "observe_interval": verdict.OBSERVE_INTERVAL,
                "visibility_window": WINDOW,
            }


def until(there: Callable[[], bool], within: float = PATIENCE) -> float:
    """Wait until it is so, at most `within` seconds; return the seconds."""
    began = time.monotonic()
    while not there() and time.monotonic() - began < within:
        time.sleep(0.1)
    return time.monotonic() - began


def play(directory: Path, figures: Figures) -> None:
    """Start the whole and play."""
    figures.say("starting everything")
    with running(directory, change=change) as stack:
        client, emulator = Client(stack.url(REGION), stack.token("gurum")), Emulator(stack)
        owner = stack.config.engine.deployment
        body = servers.wish(client, "drift")
        [one] = servers.make(client, body, 1)
        active, _ = servers.settle(client, [one], PATIENCE, figures.say)
        if not active:
            raise RuntimeError(f"no server to begin with: {servers.seen(client)[one]}")
        [ours] = emulator.living()
        figures.say("one server ACTIVE; two instances of others come, one with our server's id in its tags")
        stranger, made = foreign.instance(emulator, "10.99.0.0/24")
        bait = {"owner": f"{owner}-of-others", "uid": one, "kind": "Server", "step": "instance"}
        other, also = foreign.instance(emulator, "10.98.0.0/24", bait)
        there, since = {*made, *also}, emulator.newest()
        planted = foreign.leftover(emulator, owner)
        _deeds(client, emulator, one, ours["id"], figures)
        figures.say("sweeps")
        gone = until(lambda: all(vpc["id"] != planted for vpc in emulator.resources("vpc")))
        until(lambda: verdict.sweeps(emulator.calls(since), owner) >= 4)
        figures.put("planted_leftovers_swept", gone < PATIENCE)
        client.call("DELETE", f"{servers.SERVERS}/{one}")
        until(lambda: one not in servers.seen(client))
        _untouched(emulator, owner, {stranger, other}, there, since, figures)


def _deeds(client: Client, emulator: Emulator, server: str, instance: str, figures: Figures) -> None:
    for deed, action, status in (
        ("stop", "StopInstances", "SHUTOFF"),
        ("start", "StartInstances", "ACTIVE"),
        ("terminate", "TerminateInstances", "ERROR"),
    ):
        time.sleep(1.7)  # not in step with the looks
        figures.say(f"{action} behind our back: {status} within {verdict.bound(deed):g} s")
        emulator.external(action, InstanceIds=[instance])
        figures.put(f"{deed}_shown_s", _shown(client, server, status))
        if deed == "stop":
            _rests(emulator, instance)
    text = servers.seen(client)[server].get("fault", {}).get("message", "")
    figures.say(f"fault: {text}")
    figures.put("terminate_says_deleted_outside", "deleted outside" in text)


def _shown(client: Client, server: str, status: str) -> float:
    return until(lambda: servers.seen(client)[server]["status"] == status)


def _rests(emulator: Emulator, instance: str) -> None:
    until(lambda: any(row["id"] == instance and row["state"] == "stopped" for row in emulator.living()))


def _untouched(
    emulator: Emulator, owner: str, instances: set[str], there: set[str], since: int, figures: Figures
) -> None:
    calls = emulator.calls(since)
    named = verdict.naming(calls, there)
    for words in named:
        figures.say(words)
    figures.put("sweeps", verdict.sweeps(calls, owner))
    figures.put("calls", len(calls))
    left = {
        row["id"] for kind in ("vpc", "subnet", "instance", "network-interface") for row in emulator.resources(kind)
    }
    figures.put("foreign_things", len(there & left))
    figures.put("foreign_running", sum(r["state"] == "running" for r in emulator.living() if r["id"] in instances))
    figures.put("calls_naming_foreign_things", len(named))
