"""What reading costs, at 1,000 servers and in a project of 50,000, while twenty of them change every second."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.bench.client import Client
from tests.bench.figures import Figures
from tests.bench.seed import seed
from tests.support.stack import Stack, running

REGION = "kr-central-1"
DETAIL = "/compute/v2.1/servers/detail?limit=1000"
ROOT = Path(__file__).parents[2]


def project_of(stack: Stack, token: str) -> str:
    """Return the id of the token's project."""
    request = urllib.request.Request(
        f"{stack.config.identity.url}/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["token"]["project"]["id"])


def memory(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def process(stack: Stack, module: str) -> int:
    """Return the process id of a child by its module."""
    return next(pid for pid, words in stack.children().items() if module in words)


def measure(directory: Path, figures: Figures, count: int, repeat: int) -> None:
    """Seed `count` servers and read them."""
    with running(directory) as stack:
        project = project_of(stack, stack.token("gurum"))
        bare = {module: memory(process(stack, module)) for module in ("gurum.pia", "gurum.engine")}
        store = stack.config.store.url
    asyncio.run(seed(store, REGION, project, count))
    figures.note(f"{count} servers, ports and addresses seeded through the store contract (not created)")
    with running(directory) as stack:
        client = Client(stack.url(REGION), stack.token("gurum"))
        churn = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.churn", store, project], cwd=ROOT, stdout=subprocess.PIPE
        )
        try:
            assert churn.stdout is not None
            churn.stdout.readline()  # a second's worth of changes has been made
            _reads(client, figures, count, repeat)
        finally:
            churn.kill()
            churn.communicate()
        for module, before in bare.items():
            name = module.removeprefix("gurum.")
            grown = memory(process(stack, module)) - before
            figures.put(f"{name}_rss_{count}_mib", grown + before)
            figures.put(f"{name}_bytes_per_cached_object_{count}", grown * 1024 * 1024 / (3 * count))


def _reads(client: Client, figures: Figures, count: int, repeat: int) -> None:
    first = client.json("GET", DETAIL)["servers"]
    marker = first[-1]["id"]
    if count <= 1000:
        figures.put("servers_detail_1000_p50_ms", client.times(DETAIL, repeat).p50)
        figures.put("server_show_p50_ms", client.times(f"/compute/v2.1/servers/{first[7]['id']}", repeat * 5).p50)
        figures.put("ports_500_p50_ms", client.times("/network/v2.0/ports?limit=500", repeat).p50)
        return
    for _ in range(count // 1000 // 2):
        page = client.json("GET", f"{DETAIL}&marker={marker}")["servers"]
        marker = page[-1]["id"]
    queries = {"first": "", "marker": f"&marker={marker}", "status": "&status=SHUTOFF", "name": "&name=seeded-0.*1$"}
    for name, query in queries.items():
        times = client.times(DETAIL + query, repeat)
        figures.put(f"servers_detail_50k_{name}_p50_ms", times.p50)
        figures.put(f"servers_detail_50k_{name}_p99_ms", times.p99)
    figures.put("ports_500_of_50k_p50_ms", client.times("/network/v2.0/ports?limit=500", max(5, repeat // 4)).p50)
