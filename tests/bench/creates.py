"""What a creation costs: the answer, alone and with sixteen clients, and the calls to AWS until all are ACTIVE."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.client import Client, Times
from tests.bench.figures import Figures
from tests.bench.reads import memory, process
from tests.support.stack import Stack, running

REGION = "kakao-usa-east1"
SERVERS = "/compute/v2.1/servers"
CLIENTS = 16


def cpu(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _change(throttled: bool, document: dict[str, Any]) -> None:
    document["pia"] = {
        "quotas": {
            "compute": {"instances": 5000, "cores": 50_000, "ram": 100_000_000},
            "network": {"port": 50_000},
        }
    }
    document["embedded"]["aws_emulator_settings"] = {
        "time_factor": 0.125,  # an instance is pending for one second
        "quotas": {"vcpus": 100_000, "vpcs": 100},
        "throttle": {"enabled": throttled},
    }
    for region in document["regions"]:
        if "aws" in region:
            region["aws"]["throttle"] = throttled


def ledger(stack: Stack) -> list[dict[str, Any]]:
    """Return the emulator's calls."""
    aws = stack.config.region(REGION).aws
    assert aws is not None
    with urllib.request.urlopen(f"{aws.endpoint_url}/_emulator/ledger?since=0", timeout=60) as answer:
        document = json.load(answer)
    calls: list[dict[str, Any]] = document["entries"] if isinstance(document, dict) else document
    return calls


def body_of(client: Client) -> dict[str, Any]:
    """Make a network with a subnet; return what a creation in it says."""
    network = client.json("POST", "/network/v2.0/networks", {"network": {"name": "bench"}})["network"]
    subnet = {"network_id": network["id"], "cidr": "10.9.0.0/20", "ip_version": 4}
    client.json("POST", "/network/v2.0/subnets", {"subnet": subnet})
    image = client.json("GET", "/image/v2/images")["images"][0]["id"]
    flavor = client.json("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
    return {"server": {"name": "b", "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network["id"]}]}}


def _post(client: Client, body: dict[str, Any], count: int, pause: float = 0.0) -> list[float]:
    out = []
    for _ in range(count):
        began = time.perf_counter()
        status, data = client.call("POST", SERVERS, body)
        out.append((time.perf_counter() - began) * 1000)
        if status != 202:
            raise RuntimeError(f"POST {SERVERS}: {status} {data[:300]!r}")
        time.sleep(pause)
    return out


def _count(client: Client, status: str) -> int:
    return len(client.pages(f"{SERVERS}?status={status}", "servers"))


def until_active(client: Client, within: float) -> float:
    """Wait until nothing is in BUILD; return the seconds. Raises RuntimeError if something failed or it is too slow."""
    began = time.monotonic()
    while building := _count(client, "BUILD"):
        if time.monotonic() - began > within:
            raise RuntimeError(f"{building} servers are still in BUILD after {within} s")
        time.sleep(1)
    failed = _count(client, "ERROR")
    if failed:
        raise RuntimeError(f"{failed} servers are in ERROR")
    return time.monotonic() - began


def measure(directory: Path, figures: Figures, count: int) -> None:
    """Create `count` servers with throttles off."""
    with running(directory, change=lambda document: _change(False, document)) as stack:
        token = stack.token("gurum")
        client = Client(stack.url(REGION), token)
        body = body_of(client)
        figures.put("server_create_idle_p50_ms", Times(sorted(_post(client, body, 25, 0.2))).p50)
        until_active(client, 120)
        before, engine = len(ledger(stack)), process(stack, "gurum.engine")
        used, began = cpu(engine), time.monotonic()
        times: list[float] = []
        threads = [
            threading.Thread(
                target=lambda: times.extend(_post(Client(stack.url(REGION), token), body, count // CLIENTS))
            )
            for _ in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = len(times)
        figures.put("server_create_16_clients_p50_ms", Times(sorted(times)).p50)
        figures.put("server_create_16_clients_p99_ms", Times(sorted(times)).p99)
        figures.put("server_create_16_clients_per_s", made / (time.monotonic() - began))
        until_active(client, 600)
        figures.put("servers_created_to_active_s", time.monotonic() - began)
        _calls(figures, ledger(stack)[before:], made)
        figures.put("engine_cpu_ms_per_server", (cpu(engine) - used) * 1000 / made)
        figures.put("engine_rss_mib", memory(engine))


def _calls(figures: Figures, calls: list[dict[str, Any]], made: int) -> None:
    actions = Counter(call["action"] for call in calls)
    reading = sum(count for action, count in actions.items() if action.startswith(("Describe", "Get")))
    sessions = actions["AssumeRoleWithWebIdentity"]  # one a request: AWS's log is to name the request, too
    figures.put("aws_mutating_per_server", (sum(actions.values()) - reading - sessions) / made)
    figures.put("aws_sessions_per_server", sessions / made)
    figures.put("aws_describes_per_server", reading / made)


def throttled(directory: Path, figures: Figures, count: int) -> None:
    """Create `count` servers against AWS's own 2 RunInstances a second."""
    with running(directory, change=lambda document: _change(True, document)) as stack:
        client = Client(stack.url(REGION), stack.token("gurum"))
        body = body_of(client)
        _post(client, body, 1)
        until_active(client, 120)
        before, began = len(ledger(stack)), time.monotonic()
        _post(client, body, count)
        until_active(client, 600)
        took = time.monotonic() - began
        calls = ledger(stack)[before:]
        reading = sum(1 for call in calls if call["action"].startswith(("Describe", "Get")))
        wasted = sum(1 for call in calls if call["outcome"] == "RequestLimitExceeded")
        figures.put("aws_describes_per_3s_throttled", reading / (took / 3))
        figures.put("aws_requests_wasted_throttled", wasted)
        figures.put("servers_throttled_to_active_s", took)
