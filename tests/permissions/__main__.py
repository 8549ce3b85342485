"""`python -m tests.permissions`: exit status 0 if the tour runs under the policy that `gurum aws policy` prints.

The whole embedded run, with the emulator enforcing the policy on every call; then everything that a driver can do, in
virtual time, under the same. No call may lie outside, and no action or resource type of the policy may go unused.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import structlog
import yaml
from tests.faults.emulator import Emulator
from tests.faults.figures import Figures, command
from tests.faults.verdict import Limits
from tests.permissions import verdict
from tests.permissions.scenario import everything_a_driver_does
from tests.support.stack import BIN, document, running
from tests.support.virtual import run_virtual
from tests.support.world import World

from gurum.providers.aws import policy
from gurum.supervisor import tour
from gurum.supervisor.rows import Refusal

LIMITS: Limits = {
    "tour_status": ("==", 0),
    "tour_calls": (">=", 20),
    "calls_outside": ("==", 0),
    "parts_unused": ("==", 0),
    "characters": ("<=", policy.MANAGED_LIMIT),
}


def printed(directory: Path) -> dict[str, Any]:
    """Return what `gurum aws policy` prints for the shipped configuration."""
    file = directory / "policy.yaml"
    file.write_text(yaml.safe_dump(document()))
    done = subprocess.run(
        [BIN / "gurum", "aws", "policy", "--config", str(file)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def toured(directory: Path, under: dict[str, Any], figures: Figures) -> list[dict[str, Any]]:
    """Play the tour on a run whose emulator enforces the policy; return the calls."""

    def change(settings: dict[str, Any]) -> None:
        settings["embedded"]["aws_emulator_settings"] = {"time_factor": 0.05, "policies": {"*": under}}
        settings["engine"]["sweep"] = 5.0

    with running(directory, change=change) as stack:
        emulator = Emulator(stack)
        shown = io.StringIO()
        try:
            asyncio.run(tour.play(stack.config, stack.places, os.environ, shown))
            figures.put("tour_status", 0)
        except Refusal as error:
            figures.say(f"{shown.getvalue()[-2000:]}\n{error}")
            figures.put("tour_status", 1)
        time.sleep(6.0)  # a sweep
        return emulator.calls(0)


def play(directory: Path, figures: Figures) -> None:
    """Tour, then everything, under the policy."""
    under = printed(directory)
    figures.put("characters", policy.size(under))
    calls = toured(directory, under, figures)
    figures.put("tour_calls", len(calls))

    async def whole() -> None:
        world = World()
        world.emulator.configure({"policies": {"*": under}})
        await world.start()
        try:
            await everything_a_driver_does(world)
        finally:
            calls.extend(world.calls())
            await world.kill()
            await world.store.close()

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    run_virtual(whole())
    figures.put("calls", len(calls))
    for words in verdict.outside(calls):
        figures.say(words)
    figures.put("calls_outside", len(verdict.outside(calls)))
    for words in verdict.unused(under, calls):
        figures.say(f"unused: {words}")
    figures.put("parts_unused", len(verdict.unused(under, calls)))


if __name__ == "__main__":
    sys.exit(command("tests.permissions", __doc__, LIMITS, play))
