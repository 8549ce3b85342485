"""`python -m tests.scale`: fill a cluster with 10,000 servers, start on it, read it, change it, create in it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from tests.bench.client import Client
from tests.bench.figures import Figures
from tests.bench.reads import DETAIL, REGION, memory, process, project_of
from tests.bench.seed import seed
from tests.scale.changes import change
from tests.scale.creates import create
from tests.scale.fill import fill
from tests.scale.starting import Starting
from tests.support import backend
from tests.support.stack import running

from gurum.supervisor.kubernetes import rows
from gurum.supervisor.kubernetes.plane import ControlPlane

BUDGETS: dict[str, float] = json.loads((Path(__file__).parent / "budgets.json").read_text())
REPEAT = 60
MODULES = ("gurum.pia", "gurum.engine")


@contextmanager
def store(name: str) -> Iterator[None]:
    """Have what is started inside run on this store; empty: on SQLite."""
    before = os.environ.get(backend.STORE)
    os.environ[backend.STORE] = name
    try:
        yield
    finally:
        del os.environ[backend.STORE]
        if before is not None:
            os.environ[backend.STORE] = before


def on_sqlite(directory: Path, figures: Figures, servers: int) -> float:
    """Return what `servers/detail?limit=1000` costs on SQLite with as many servers: the yardstick. Milliseconds."""
    with store(""):
        with running(directory) as stack:
            project, url = project_of(stack, stack.token("gurum")), stack.config.store.url
        asyncio.run(seed(url, REGION, project, servers))
        with running(directory) as stack:
            times = Client(stack.url(REGION), stack.token("gurum")).times(DETAIL, REPEAT)
    figures.put("sqlite_servers_detail_1000_p50_ms", times.p50)
    return times.p50


def on_kubernetes(directory: Path, figures: Figures, servers: int, seconds: float, yardstick: float) -> None:
    """Measure."""
    with store("kubernetes"):
        with running(directory) as stack:
            places, config = stack.places, stack.config
            project = project_of(stack, stack.token("gurum"))
            bare = {module: memory(process(stack, module)) for module in MODULES}
        ours = rows.plane(config, places)
        with ControlPlane(ours.directory, ours.programs, port=ours.port) as plane:
            filled = asyncio.run(fill(plane, config.store, REGION, project, servers))
        objects = filled.objects
        figures.note(f"{objects} objects of {filled.bytes / objects / 1024:.1f} KiB written into etcd, not created")
        starting = Starting(ours, config)
        with starting, running(directory) as stack:
            figures.put("ready_after_first_list_s", starting.pia_after_first_list())
            figures.put("refused_429_at_start", starting.refused)
            client = Client(stack.url(REGION), stack.token("gurum"))
            times = client.times(DETAIL, REPEAT)
            figures.put("servers_detail_1000_p50_ms", times.p50)
            figures.put("servers_detail_1000_to_sqlite", times.p50 / yardstick)
            for module, before in bare.items():
                name, grown = module.removeprefix("gurum."), memory(process(stack, module)) - before
                figures.put(f"{name}_rss_mib", before + grown)
                figures.put(f"{name}_bytes_per_object", grown * 1024 * 1024 / objects)
            change(stack, figures, ours, client, seconds)
            create(stack, figures, ours)


def main() -> int:
    """Run; exit non-zero when a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=300.0, help="of a hundred changes each")
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    figures = Figures(BUDGETS)
    if options.format == "json":
        sys.stdout, out = sys.stderr, sys.stdout  # progress is not the answer
    else:
        out = sys.stdout
    with tempfile.TemporaryDirectory(prefix="gurum-scale-") as name:
        for part in ("sqlite", "kubernetes"):
            (Path(name) / part).mkdir()
        yardstick = on_sqlite(Path(name) / "sqlite", figures, options.servers)
        on_kubernetes(Path(name) / "kubernetes", figures, options.servers, options.seconds, yardstick)
    whole = options.servers >= 10_000 and options.seconds >= 300
    return figures.finish(whole, out, as_json=options.format == "json")


if __name__ == "__main__":
    sys.exit(main())
