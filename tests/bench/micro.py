"""What the parts cost by themselves: SQL statements a request, a policy decision, an event of the audit."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.bench.figures import Figures
from tests.support.backend import run_url
from tests.support.pia import Kit, flavor, image, region

from gurum.audit.opening import opened
from gurum.ops.audit import AuditConfig
from gurum.ops.clock import SystemClock
from gurum.ops.config import PiaConfig, StoreConfig
from gurum.pia.services import SERVICES
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import PolicyInput, Principal, Target
from gurum.store.factory import open_store

POLICY = Path(__file__).parents[2] / "policy"


async def statements(figures: Figures) -> None:
    """Count SQL statements in process: the kit's app on a real store."""
    with tempfile.TemporaryDirectory() as directory:
        store: Any = (await open_store(StoreConfig(url=run_url(Path(directory)))))[0]
        quotas = {"compute": {"instances": 100}}
        kit = Kit(SERVICES, config=PiaConfig(quotas=quotas), store=store)
        await kit.cache.start()
        small, picture = flavor("small", id="1"), image()
        await kit.seed(region(), small, picture)
        network = (await kit.call("POST", "/network/v2.0/networks", {"network": {"name": "n"}})).json["network"]
        subnet = {"network_id": network["id"], "cidr": "10.9.0.0/16", "ip_version": 4}
        await kit.call("POST", "/network/v2.0/subnets", {"subnet": subnet})
        wish = {"name": "x", "imageRef": picture.id, "flavorRef": "1", "networks": [{"uuid": network["id"]}]}
        made = (await kit.call("POST", "/compute/v2.1/servers", {"server": wish}, version="2.53")).json["server"]
        counted = 0

        def count(statement: str) -> None:
            nonlocal counted
            counted += 1

        async def of(ask: Callable[[], Awaitable[Any]]) -> int:
            nonlocal counted
            await asyncio.sleep(0.05)
            counted = 0
            store.trace(count)
            answer = await ask()
            store.trace(None)
            assert answer.status < 300, answer.body
            return counted

        post = await of(lambda: kit.call("POST", "/compute/v2.1/servers", {"server": wish}, version="2.53"))
        show = await of(lambda: kit.call("GET", f"/compute/v2.1/servers/{made['id']}", version="2.53"))
        detail = await of(lambda: kit.call("GET", "/compute/v2.1/servers/detail?limit=1000", version="2.53"))
        figures.put("sql_statements_server_create", post)
        figures.put("sql_statements_server_show", show)
        figures.put("sql_statements_servers_detail", detail)
        await kit.cache.stop()
        await store.close()


QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "server_show": ("compute:servers:show", {}),
    "servers_list": ("compute:servers:detail", {}),
    "networks_list": ("network:networks:list", {}),
    "server_create": ("compute:servers:create", {"attributes": ("attach_network", "attach_volume")}),
    "port_create": (
        "network:ports:create",
        {"parent_project_id": "", "attributes": ("name", "network_id", "fixed_ips", "fixed_ips:subnet_id")},
    ),
}
"""Kinds of questions: the action, and what its target says beyond the owners ("": the principal's project)."""


def policy(figures: Figures) -> None:
    """Time decisions: the first of a principal for an action (the worst of some kinds), and the same asked again.

    In CPU time of the process, so that others on the machine count for less; the kinds take turns for the same reason.
    """
    point = EmbeddedDecisionPoint(POLICY)
    first: dict[str, list[float]] = {kind: [] for kind in QUESTIONS}
    remembered: list[float] = []
    for number in range(400):
        user, project = f"{number:032x}", f"{number + 1:032x}"
        principal = Principal(roles=("member", "reader"), user_id=user, project_id=project)
        for kind, (action, more) in QUESTIONS.items():
            told: dict[str, Any] = {key: value or project for key, value in more.items()}
            target = Target(project_id=project, user_id=user, **told)
            wish = PolicyInput(action=action, principal=principal, target=target)
            for times in (first[kind], remembered):
                began = time.process_time_ns()
                decision = point.decide(wish)
                times.append((time.process_time_ns() - began) / 1e6)
                assert decision.allow
    medians = {kind: statistics.median(times) for kind, times in first.items()}
    for kind, median in medians.items():
        figures.put(f"policy_first_{kind}_p50_ms", median)
    figures.put("policy_first_p50_ms", max(medians.values()))
    figures.put("policy_remembered_p50_ms", statistics.median(remembered))


async def audit(figures: Figures) -> None:
    """Time what a request costs more with the audit chain than without: CPU time of all threads of the process.

    The two take turns in blocks, so that others on the machine count for both alike. Creations are of sixteen clients
    at once, who share flushes; what one alone waits for its flush is told beside it: that is the disk's.
    """
    with tempfile.TemporaryDirectory() as directory:
        settings = AuditConfig(directory=f"{directory}/audit", anchor_socket="none")
        config = PiaConfig(quotas={"network": {"network": -1}})
        async with opened(settings, "bench", SystemClock(), None) as writer:
            kits = (Kit(SERVICES, config=config), Kit(SERVICES, config=config, audit=writer))
            for kit in kits:
                await kit.cache.start()
                await kit.seed(region(), flavor("small", id="1"), image())
            reads: tuple[list[float], list[float]] = ([], [])
            writes: tuple[list[float], list[float]] = ([], [])
            waits: tuple[list[float], list[float]] = ([], [])
            for _ in range(BLOCKS):
                for kit, read, write, wait in zip(kits, reads, writes, waits, strict=True):
                    read.append((await _spent(kit, "GET", "/compute/v2.1/flavors/1", None))[0])
                    network = {"network": {"name": "n"}}
                    write.append((await _spent(kit, "POST", "/network/v2.0/networks", network, 16))[0])
                    wait.append((await _spent(kit, "POST", "/network/v2.0/networks", network))[1])
            figures.put("audit_read_cpu_ms", statistics.median(reads[1]) - statistics.median(reads[0]))
            figures.put("audit_write_16_clients_cpu_ms", statistics.median(writes[1]) - statistics.median(writes[0]))
            figures.put("audit_write_waits_ms", statistics.median(waits[1]) - statistics.median(waits[0]))
            for kit in kits:
                await kit.cache.stop()


BLOCKS, BLOCK = 12, 48


async def _spent(kit: Kit, method: str, path: str, body: Any, clients: int = 1) -> tuple[float, float]:
    """Return CPU and wall time of a request, in milliseconds, of so many clients at once."""

    async def client() -> None:
        for _ in range(BLOCK // clients):
            answer = await kit.call(method, path, body)
            assert answer.status < 300, answer.body

    began, at = time.process_time_ns(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return (time.process_time_ns() - began) / 1e6 / BLOCK, (time.perf_counter() - at) * 1000 / BLOCK


def measure(figures: Figures) -> None:
    """Measure all of it."""
    asyncio.run(statements(figures))
    policy(figures)
    asyncio.run(audit(figures))
