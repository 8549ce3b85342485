"""One run: a region, a thousand servers at once, the mix by the clock, and what is left when all of it is over."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from tests.bench.client import Client, Times
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures
from tests.faults.verdict import UID, living_twice, strays
from tests.load.drive import Seen, at_once, by_the_clock, session
from tests.load.memory import Watch, picture
from tests.load.mix import COMPUTE, NETWORK, Asked, Mix, Setting
from tests.load.park import Park
from tests.support.stack import Stack, running

CONNECTIONS = 64
SAMPLE = 10.0  # seconds between two looks at the memory
PATIENCE = 900.0


def change(document: dict[str, Any]) -> None:
    """Give the project room; AWS brings a thousand servers in a minute, because its rates are other suites' matter."""
    document["pia"] = {
        "quotas": {
            "compute": {"instances": 20_000, "cores": 200_000, "ram": 400_000_000, "key_pairs": 10_000},
            "network": {"port": 50_000, "security_group_rule": 10_000},
        }
    }
    document["embedded"]["aws_emulator_settings"] = {
        "time_factor": 0.125, "quotas": {"vcpus": 1_000_000, "rules_per_group": 10_000}, "throttle": {"enabled": False},
    }  # fmt: skip
    for region in document["regions"]:
        if "aws" in region:
            region["aws"]["throttle"] = False


def play(directory: Path, figures: Figures, *, creates: int, rate: int, minutes: float) -> None:
    """Start the whole, load it, and compare at the end."""
    figures.say("starting everything")
    with running(directory, change=change) as stack:
        client = Client(stack.url(REGION), stack.token("gurum"))
        setting = _setting(client)
        asyncio.run(_loaded(stack, client, setting, figures, creates=creates, rate=rate, minutes=minutes))
        _end(
            Client(stack.url(REGION), stack.token("gurum")), Emulator(stack), figures
        )  # the first one's is closed long ago


def _setting(client: Client) -> Setting:
    network = client.json("POST", f"{NETWORK}/networks", {"network": {"name": "load"}})["network"]["id"]
    subnet = {"network_id": network, "cidr": "10.9.0.0/17", "ip_version": 4}
    client.json("POST", f"{NETWORK}/subnets", {"subnet": subnet})
    group = client.json("POST", f"{NETWORK}/security-groups", {"security_group": {"name": "load"}})["security_group"]
    image = client.json("GET", "/image/v2/images")["images"][0]["id"]
    flavor = client.json("GET", f"{COMPUTE}/flavors")["flavors"][0]["id"]
    return Setting(Park(), random.Random(1), network, group["id"], image, flavor)


async def _loaded(
    stack: Stack, client: Client, setting: Setting, figures: Figures, *, creates: int, rate: int, minutes: float
) -> None:
    url, token = stack.url(REGION), stack.token("gurum")
    async with session(url, token, creates) as many:
        await _creates(many, client, setting, figures, creates)
    seen, watch, looked = Seen(say=figures.say), Watch(stack), 0.0

    def tick(seconds: float) -> None:
        nonlocal looked
        if seconds - looked >= SAMPLE or not looked:
            looked = seconds
            watch.look()
            if int(seconds / SAMPLE) % 6 == 0:
                figures.say(f"minute {seconds / 60:4.1f}: {sum(seen.counts.values())} answered, {seen.failed} wrong")

    async with session(url, token, CONNECTIONS) as some:
        sent = await by_the_clock(some, Mix(setting), setting.rng, rate, minutes * 60, seen, tick)
    figures.put("load_requests", sum(seen.counts.values()) + seen.failed)
    figures.put("load_errors", seen.failed)
    figures.put("load_rate_share", sent / rate)
    for name, times in (("reads", seen.reads), ("writes", seen.writes)):
        figures.put(f"load_{name}_p50_ms", Times(sorted(times)).p50)
        figures.put(f"load_{name}_p99_ms", Times(sorted(times)).p99)
    print(f"p99 of each minute {picture(seen.p99_by_minute())}", *watch.told(), sep="\n", file=sys.stderr, flush=True)
    figures.put("restarts", watch.restarts)
    for name, slope in watch.slopes().items():
        figures.put(f"memory_{name.rpartition(' ')[0]}_mib_per_h".replace(" ", "_"), slope)
    figures.put(
        "memory_worst_mib_per_h", max(slope for name, slope in watch.slopes().items() if "emulator" not in name)
    )


async def _creates(many: aiohttp.ClientSession, client: Client, setting: Setting, figures: Figures, count: int) -> None:
    seen, made = Seen(say=figures.say), list[str]()

    def then(document: Any, now: float) -> None:
        made.append(document["server"]["id"])

    wishes = [("server create", Asked("POST", f"{COMPUTE}/servers", 202, setting.server(), then)) for _ in range(count)]
    began = time.monotonic()
    await at_once(many, wishes, seen)
    figures.put("creates_errors", seen.failed)
    figures.put("creates_accepted_s", time.monotonic() - began)
    figures.put("creates_p99_ms", Times(sorted(seen.writes)).p99)
    await asyncio.to_thread(_settled, client)
    figures.put("creates_active_s", time.monotonic() - began)
    figures.put("creates_in_error", len(_servers(client, "ERROR")))
    for id_ in made:
        setting.park["running"].put(id_, time.monotonic())


def _servers(client: Client, status: str = "") -> list[str]:
    """Return the ids of all servers (of a status)."""
    query = f"?status={status}" if status else ""
    return [server["id"] for server in client.pages(f"{COMPUTE}/servers{query}", "servers")]


def _settled(client: Client) -> None:
    """Wait until no server is on its way anywhere. Raises RuntimeError."""
    deadline = time.monotonic() + PATIENCE
    while waiting := len(_servers(client, "BUILD")) + len(_servers(client, "REBOOT")):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{waiting} servers are still under way after {PATIENCE:.0f} s")
        time.sleep(1)


def _end(client: Client, emulator: Emulator, figures: Figures) -> None:
    _settled(client)
    deadline = time.monotonic() + 60  # for the last deletions
    while True:
        servers, living = set(_servers(client)), emulator.living()
        missing = servers - {row["tags"].get(UID, "") for row in living}
        found = {
            "end_duplicates": living_twice(living),
            "end_instances_without_server": strays(living, servers),
            "end_servers_without_instance": len(missing),
        }
        if not any(found.values()) or time.monotonic() > deadline:
            break
        time.sleep(2)
    for name, value in found.items():
        figures.put(name, value)
    used = client.json("GET", f"{COMPUTE}/limits")["limits"]["absolute"]["totalInstancesUsed"]
    figures.put("end_servers", len(servers))
    figures.put("end_quota_off_by", abs(used - len(servers)))
