"""`python -m tests.load.addresses`: sixty-four writers want ten thousand addresses; exit status 0 if each got its own.

Two processes of the API serve one region over one store, thirty-two writers each. Ports are made and deleted all the
time, each process is killed once in the middle, and in the end the subnet is filled: no address may have two owners at
any time, and none may be lost for good (the collector frees what a killed process had claimed and not used).
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from tests.bench.client import Client
from tests.bench.reads import process
from tests.faults.emulator import REGION
from tests.faults.figures import Figures, command
from tests.faults.verdict import Limits
from tests.load.drive import session
from tests.load.mix import NETWORK
from tests.support.backend import available
from tests.support.stack import Stack, free_ports, running

from gurum.model.network import AddressClaim
from gurum.ops.clock import SystemClock
from gurum.store.factory import open_store

OPTIONS = {
    "writers": (64, "who ask at the same time, half of them each process of the API"),
    "addresses": (10_000, "in the subnet"),
}
LIMITS: Limits = {
    "kills": ("==", 2),
    "doubles": ("==", 0),  # an address given to somebody while somebody else had it
    "wrong_answers": ("==", 0),
    "holes": ("==", 0),  # addresses that nobody has and nobody can have
    "claims_without_port": ("==", 0),
}
PORTS = f"{NETWORK}/ports"
CHURN = 0.2  # the share of deletions while there is coming and going
FULL_TWICE = 2
SWEEP = 5.0
PATIENCE = 300.0


def change(document: dict[str, Any]) -> None:
    """Give the project room, and have the collector come by often."""
    document["pia"] = {"quotas": {"network": {"port": 1_000_000}}}
    document["engine"]["sweep"] = SWEEP


class Ledger:
    """Who has which address, as the API acknowledged it."""

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}  # address to port
        self.doubles: list[str] = []
        self.wrong: list[str] = []
        self.unknown = self.unready = self.made = self.deleted = self.refused = 0
        self._awaited: list[tuple[int, asyncio.Event]] = []

    def give(self, address: str, port: str) -> None:
        """Take down a creation."""
        self.made += 1
        if address in self.owners:
            self.doubles.append(f"{address}: {self.owners[address]} and {port}")
        self.owners[address] = port
        for count, event in self._awaited:
            if len(self.owners) >= count:
                event.set()

    async def reach(self, count: int) -> None:
        """Wait until so many addresses are given."""
        event = asyncio.Event()
        self._awaited.append((count, event))
        await event.wait()

    def drop(self, address: str) -> None:
        """Take down that a deletion is asked for: from now on somebody else may be given it."""
        self.owners.pop(address, None)


class Writer:
    """One of the sixty-four."""

    def __init__(self, client: aiohttp.ClientSession, ledger: Ledger, network: str, rng: random.Random) -> None:
        self._client, self._ledger, self._network, self._rng = client, ledger, network, rng
        self.mine: list[tuple[str, str]] = []  # port, address

    async def fill(self) -> None:
        """Make ports until the subnet was full twice running."""
        full = 0
        while full < FULL_TWICE:
            full = 0 if await self._create() else full + 1

    async def come_and_go(self, end: asyncio.Event) -> None:
        """Make and delete ports until the end."""
        while not end.is_set():
            if (self.mine and self._rng.random() < CHURN) or not await self._create():
                await self._delete()

    async def _create(self) -> bool:
        """Make a port; return False when there was no address."""
        ledger = self._ledger
        body = {"port": {"network_id": self._network, "security_groups": []}}
        try:
            async with self._client.post(PORTS, json=body) as answer:
                document = await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            ledger.unknown += 1  # the process was killed: perhaps it made one
            await asyncio.sleep(0.1)
            return True
        if answer.status == 503:
            ledger.unready += 1  # the process is new, and not caught up with the store
            await asyncio.sleep(0.1)
            return True
        if answer.status == 409 and document["NeutronError"]["type"] == "IpAddressGenerationFailure":
            ledger.refused += 1
            return False
        if answer.status != 201:
            ledger.wrong.append(f"POST {PORTS}: {answer.status} {document}")
            return True
        port = document["port"]
        address = port["fixed_ips"][0]["ip_address"]
        ledger.give(address, port["id"])
        self.mine.append((port["id"], address))
        return True

    async def _delete(self) -> None:
        if not self.mine:
            return
        port, address = self.mine.pop(self._rng.randrange(len(self.mine)))
        self._ledger.drop(address)
        for _ in range(100):
            try:
                async with self._client.delete(f"{PORTS}/{port}") as answer:
                    if answer.status == 503:
                        raise TimeoutError
                    if answer.status not in (204, 404):  # 404: the try before, whose answer was lost
                        self._ledger.wrong.append(f"DELETE {PORTS}/{port}: {answer.status}")
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.1)
                continue
            self._ledger.deleted += 1
            return


class Second:
    """A second process of the API for the region, over the same store."""

    def __init__(self, stack: Stack) -> None:
        document = yaml.safe_load(stack.places.effective.read_text())
        [port] = free_ports(1)
        for region in document["regions"]:
            if region["name"] == REGION:
                region["port"] = port
        self._config = stack.places.run / "second.yaml"
        self._config.write_text(yaml.safe_dump(document))
        self.url = f"http://127.0.0.1:{port}"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "gurum.pia", "--config", str(self._config), "--region", REGION]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """Kill it, and start another."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def end(self) -> None:
        """Stop it for good."""
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def _second(stack: Stack) -> Iterator[Second]:
    second = Second(stack)
    try:
        yield second
    finally:
        second.end()


def play(directory: Path, figures: Figures, *, writers: int, addresses: int) -> None:
    """Start everything, race, and count."""
    figures.say("starting everything")
    with available(), running(directory, change=change) as stack, _second(stack) as second:
        client = Client(stack.url(REGION), stack.token("gurum"))
        network = client.json("POST", f"{NETWORK}/networks", {"network": {"name": "race"}})["network"]["id"]
        first = ipaddress.ip_address("10.64.0.10")
        subnet = {"network_id": network, "cidr": "10.64.0.0/16", "ip_version": 4,
                  "allocation_pools": [{"start": str(first), "end": str(first + addresses - 1)}]}  # fmt: skip
        made = client.json("POST", f"{NETWORK}/subnets", {"subnet": subnet})["subnet"]
        usable = sum(_size(pool) for pool in made["allocation_pools"])
        figures.put("addresses", usable)
        given_twice = asyncio.run(_race(stack, second, network, usable, figures, writers))
        ports = _ports(Client(stack.url(REGION), stack.token("gurum")), network)
        claims = asyncio.run(_claims(stack, made["id"]))
        held = [ip["ip_address"] for port in ports for ip in port["fixed_ips"]]
        figures.put("doubles", given_twice + len(held) - len(set(held)))
        figures.put("holes", usable - len(held))
        figures.put("claims_without_port", len(claims - set(held)))


def _size(pool: dict[str, str]) -> int:
    return int(ipaddress.ip_address(pool["end"])) - int(ipaddress.ip_address(pool["start"])) + 1


async def _race(stack: Stack, second: Second, network: str, usable: int, figures: Figures, writers: int) -> int:
    """Let them race; return how often an address was given to somebody while somebody else had it."""
    ledger, end, began = Ledger(), asyncio.Event(), time.monotonic()
    token = stack.token("gurum")
    async with (
        session(stack.url(REGION), token, writers // 2) as one,
        session(second.url, token, writers - writers // 2) as other,
    ):
        all_ = [Writer((one, other)[n % 2], ledger, network, random.Random(n)) for n in range(writers)]
        tasks = [asyncio.create_task(writer.come_and_go(end)) for writer in all_]
        kills = 0
        for share in (0.4, 0.7):
            await ledger.reach(int(share * usable))
            figures.say(f"{len(ledger.owners)} addresses given; a process of the API is killed")
            if share < 0.5:
                os.kill(process(stack, "gurum.pia"), signal.SIGKILL)
            else:
                await asyncio.to_thread(second.kill)
            kills += 1
        await ledger.reach(int(0.9 * usable))
        end.set()
        await asyncio.gather(*tasks)
        figures.say(f"{len(ledger.owners)} addresses given; now only creations")
        await asyncio.gather(*(writer.fill() for writer in all_))
        figures.put("seconds_until_full", time.monotonic() - began)
        await _fill_again(stack, all_[0], network, usable, figures)
    for line in (*ledger.doubles[:5], *ledger.wrong[:5]):
        figures.say(line)
    figures.put("ports_made", ledger.made)
    figures.put("ports_deleted", ledger.deleted)
    figures.put("answers_lost", ledger.unknown)
    figures.put("answers_not_ready", ledger.unready)
    figures.put("refused_as_full", ledger.refused)
    figures.put("kills", kills)
    figures.put("wrong_answers", len(ledger.wrong))
    return len(ledger.doubles)


async def _fill_again(stack: Stack, writer: Writer, network: str, usable: int, figures: Figures) -> None:
    """Go on filling until the last address is held: what a killed process had claimed comes free after a minute."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        await writer.fill()
        client = Client(stack.url(REGION), stack.token("gurum"))
        missing = usable - sum(len(port["fixed_ips"]) for port in await asyncio.to_thread(_ports, client, network))
        figures.say(f"{missing} addresses are nobody's")
        if not missing:
            return
        await asyncio.sleep(SWEEP)


def _ports(client: Client, network: str) -> list[dict[str, Any]]:
    return client.pages(f"{PORTS}?network_id={network}&fields=id&fields=fixed_ips", "ports")


async def _claims(stack: Stack, subnet: str) -> set[str]:
    store, journal = await open_store(stack.config.store, SystemClock())
    try:
        found, after = set(), None
        while True:
            page = await store.list(AddressClaim, after=after)
            found |= {claim.spec.address for claim in page.items if claim.spec.subnet_id == subnet}
            after = page.next
            if after is None:
                return found
    finally:
        await store.close()
        await journal.close()


if __name__ == "__main__":
    sys.exit(command("tests.load.addresses", __doc__, LIMITS, play, OPTIONS))
