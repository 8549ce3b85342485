"""What the chain costs: a request of the API, a call to AWS, and the verification of a million events."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.audit.chains import event
from tests.bench import figures as bench
from tests.bench import micro
from tests.faults.figures import Figures

from gurum.audit import words
from gurum.audit.opening import opened
from gurum.model.conditions import Reason
from gurum.ops.audit import AuditConfig
from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig
from gurum.providers.aws.caller import Caller
from gurum.providers.aws.recorded import Recorder, Signature
from gurum.providers.behalf import Behalf, Subject, acting_for, working_on
from gurum.providers.contract import Place

BLOCKS, CALLS, AT_ONCE = 12, 256, 16
BATCH = 5000
VERIFY = """
import json, resource, sys, time
from pathlib import Path
from gurum.audit.verify import verify
began = time.monotonic()
reports = verify(Path(sys.argv[1]), {}, {})
print(json.dumps({"seconds": time.monotonic() - began, "events": sum(r.events for r in reports),
    "findings": sum(len(r.findings) for r in reports),
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
LAUNCH = {
    "ImageId": "ami-0c0d0315010483b99", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1,
    "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0abc12345678", "Groups": ["sg-0abc12345678"]}],
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "pia:uid", "Value": "1" * 32}]}],
}  # fmt: skip


def measure(directory: Path, figures: Figures, events: int) -> None:
    """Measure all of it."""
    asyncio.run(_api(figures))
    asyncio.run(_calls(directory / "calls", figures))
    _verified(directory / "many", figures, events)


async def _api(figures: Figures) -> None:
    """Take over what `make bench` measures of a request."""
    taken = bench.Figures(budgets={})
    await micro.audit(taken)
    figures.put("api_read_cpu_ms", taken.values["audit_read_cpu_ms"])
    figures.put("api_write_cpu_ms", taken.values["audit_write_16_clients_cpu_ms"])
    figures.put("api_write_waits_ms", taken.values["audit_write_waits_ms"])


class _Nowhere:
    """A wire that answers at once: what is left is our own."""

    async def ready(self, account: str, action: str) -> None:
        """Nothing is needed."""

    def signature(self, account: str, action: str) -> Signature:
        """Return a person's."""
        return Signature("a" * 32, "ASIA1234567890123456")

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Answer."""
        return {"Instances": [{"InstanceId": "i-0abc12345678"}], "ResponseMetadata": {"RequestId": "1" * 36}}

    async def close(self) -> None:
        """Nothing is open."""


async def _calls(directory: Path, figures: Figures) -> None:
    """Time a call with a chain and without, by turns: CPU time of all threads, and what one alone waits."""
    settings = AuditConfig(directory=str(directory), anchor_socket="none")
    config = AwsConfig(accounts=[AwsAccountConfig(number="1" * 12, credentials_file="unused")], throttle=False)
    async with opened(settings, "engine", SystemClock(), None) as writer:
        recorder = Recorder(writer, "region", words.system("engine"))
        callers = [Caller(_Nowhere(), config, SystemClock(), recorder=one) for one in (None, recorder)]
        spent: tuple[list[float], list[float]] = ([], [])
        waits: tuple[list[float], list[float]] = ([], [])
        for _ in range(BLOCKS):
            for caller, cpu, wait in zip(callers, spent, waits, strict=True):
                cpu.append((await _block(caller, AT_ONCE))[0])
                wait.append((await _block(caller, 1))[1])
    figures.put("call_cpu_ms", statistics.median(spent[1]) - statistics.median(spent[0]))
    figures.put("call_waits_ms", statistics.median(waits[1]) - statistics.median(waits[0]))


async def _block(caller: Caller, at_once: int) -> tuple[float, float]:
    """Return CPU and wall time of a call, in milliseconds, of so many objects at once."""
    count = CALLS if at_once > 1 else CALLS // 8

    async def worker() -> None:
        for _ in range(count // at_once):
            behalf = Behalf("a" * 32, "p" * 32, "req-" + "1" * 32, "d" * 32)
            with acting_for(behalf), working_on(Subject("Server", "1" * 32, 1, "p" * 32)):
                answer = await caller.call(Place("region", "1" * 12), "RunInstances", LAUNCH, who="x")
            assert getattr(answer, "reason", Reason.SUCCESS) is Reason.SUCCESS, answer

    began, at = time.process_time_ns(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return (time.process_time_ns() - began) / 1e6 / count, (time.perf_counter() - at) * 1000 / count


async def _many(directory: Path, count: int) -> None:
    async with opened(AuditConfig(directory=str(directory)), "engine", SystemClock(), None) as writer:
        for begin in range(0, count, BATCH):
            for number in range(begin, min(begin + BATCH, count)):
                writer.record(event(f"{number:032x}", call=f"{number:032x}", access_key="ASIA1234567890123456"))
            await writer.durable()


def _verified(directory: Path, figures: Figures, count: int) -> None:
    """Write so many events, and verify them in a process of its own."""
    figures.say(f"writing {count:,} events")
    began = time.monotonic()
    asyncio.run(_many(directory, count))
    figures.put("events_written_per_s", count / (time.monotonic() - began))
    done = subprocess.run([sys.executable, "-c", VERIFY, str(directory)], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    if told["findings"] or told["events"] < count:
        raise RuntimeError(f"verify says: {told}")
    size = sum(path.stat().st_size for path in directory.rglob("*.jsonl"))
    figures.put("events_verified", told["events"])
    figures.put("verify_s", told["seconds"])
    figures.put("verify_mib", told["mib"])
    figures.put("bytes_an_event", size / told["events"])
