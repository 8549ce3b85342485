"""`python -m tests.faults`: two minutes of bad weather at AWS; exit status 0 if nothing is lost, doubled or hidden."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.faults import outage, storm
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures, command
from tests.faults.verdict import OUTAGE, STORM
from tests.support.stack import running


def change(document: dict[str, Any]) -> None:
    """Let an instance be pending for 0.4 s, and AWS be given up after 3 s; the rates are AWS's own, on both sides."""
    document["embedded"]["aws_emulator_settings"] = {"time_factor": 0.05, "throttle": {"enabled": True}}
    for region in document["regions"]:
        if "aws" in region:
            region["aws"] |= {"visibility_window": 5.0, "timeout": 3.0}


def play(directory: Path, figures: Figures) -> None:
    """Start the whole and play both parts."""
    figures.say("starting everything")
    with running(directory, change=change) as stack:
        client, emulator = Client(stack.url(REGION), stack.token("gurum")), Emulator(stack)
        storm.play(client, emulator, figures)
        outage.play(stack, client, emulator, figures)


if __name__ == "__main__":
    sys.exit(command("tests.faults", __doc__, {**STORM, **OUTAGE}, play))
