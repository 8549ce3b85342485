"""`python -m tests.failover`: exit status 0 if shards move in time, and nothing is lost, doubled or forgotten.

On SQLite, PostgreSQL and Kubernetes, or on those that --stores names. With Kubernetes also an API server and etcd that
are away for a minute, and an etcd that is put back to an earlier state.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.failover import away, kill, rewound
from tests.failover.sites import Site, cluster
from tests.failover.verdict import limits
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures
from tests.support import backend
from tests.support.stack import running

STORES = ("sqlite", "postgresql", "kubernetes")


def change(document: dict[str, Any]) -> None:
    """Let instances be pending for a while, and AWS's rate leave most of two hundred waiting when an engine dies."""
    document["embedded"]["aws_emulator_settings"] = {
        "time_factor": 0.1,
        "throttle": {"enabled": False},
        "quotas": {"vcpus": 100_000},
    }
    document["pia"] = {"quotas": {"compute": {"instances": -1, "cores": -1, "ram": -1}, "network": {"port": -1}}}
    for region in document["regions"]:
        if "aws" in region:
            region["aws"] |= {"visibility_window": 10.0, "timeout": 5.0, "rates": {"RunInstances": [1.0, 20.0]}}


def play(store: str, directory: Path, figures: Figures, only: frozenset[str]) -> None:
    """Start everything on a store and play all parts that it has."""
    figures.say(f"{store}: starting everything")
    with ExitStack() as ends:
        os.environ[backend.STORE] = "" if store == "kubernetes" else store.removeprefix("sqlite")
        ends.enter_context(backend.available())
        plane, edit = ends.enter_context(cluster(directory)) if store == "kubernetes" else (None, None)

        def written(document: dict[str, Any]) -> None:
            change(document)
            if edit is not None:
                edit(document)

        stack = ends.enter_context(running(directory, change=written))
        site = ends.enter_context(Site(stack, Client(stack.url(REGION), stack.token("gurum")), Emulator(stack), plane))
        if "kill" in only:
            kill.play(site, figures, store)
        if "pause" in only:
            kill.pause(site, figures, store)
        if plane is not None and "away" in only:
            away.play(site, figures, store)
        if plane is not None and "rewound" in only:
            rewound.play(site, figures, store)


def main() -> int:
    """Parse, play, judge; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.failover", description=__doc__)
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table")
    chosen = backend.chosen()
    parser.add_argument("--stores", default=chosen or ",".join(STORES), help="some of them (default: %(default)s)")
    parser.add_argument("--only", default="kill,pause,away,rewound", help="some of the parts (default: %(default)s)")
    options = parser.parse_args()
    stores, only = options.stores.split(","), frozenset(options.only.split(","))
    if not set(stores) <= set(STORES):
        parser.error(f"--stores: some of {', '.join(STORES)}")
    figures = Figures()
    for store in stores:
        with tempfile.TemporaryDirectory(prefix="gurum-") as directory:
            play(store, Path(directory), figures, only)
    wanted: Mapping[str, tuple[str, float]] = {
        name: limit for store in stores for name, limit in limits(store, only).items()
    }
    return figures.end(wanted, options.format == "json")


if __name__ == "__main__":
    sys.exit(main())
