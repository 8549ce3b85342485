"""`python -m tests.docs.tour`: play the tour as a newcomer does and put what was printed into the README.

Everything that the README shows (transcript, explanation, log lines, metrics) comes from this one run, so that ids and
times in it belong together. Only paths and the machine's name are replaced. It needs the ports of the shipped
configuration and about two minutes; it is not part of the checks, because two runs never print the same.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.docs.markers import fill
from tests.docs.pages import ROOT

HOME = "/home/you/gurum"
REGION = "kakao-usa-east1"
LAST = "Simulated"  # the heading of the last thing that a run says
WITHIN = 300.0
EXPLAIN = "$ gurum explain"
METRICS = {
    8781: ("process_resident_memory_bytes", "gurum_build_info", 'pia_requests_total{action="compute:servers:'),
    8790: ("process_resident_memory_bytes", "gurum_build_info", "gurum_aws_calls_total", "gurum_queue_length"),
}
Line = dict[str, Any]


def _created(line: Line) -> bool:
    return line.get("action") == "compute:servers:create" and line.get("region") == REGION


def _launched(line: Line) -> bool:
    return line.get("action") == "RunInstances"


LOGS: dict[str, Callable[[Line], bool]] = {
    "pia.log": _created,
    "engine.log": _launched,
    "keystone.log": lambda line: "admin endpoint" in line.get("message", ""),
    "aws-emulator.log": lambda line: "notice" in line,
}


def main() -> int:
    """Play and write; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="gurum-tour-") as name:
        place = Path(name)
        section = _plain(_section(place), place)
    readme = ROOT / "README.md"
    readme.write_text(fill(readme.read_text(encoding="utf-8"), {"tour": section}), encoding="utf-8")
    print("written: README.md")
    return 0


def _section(place: Path) -> str:
    """Return the section, paths as they were."""
    state, output = place / "var", place / "out"
    environ = {"HOME": str(place), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "COLUMNS": "120"}
    words = [str(Path(sys.executable).parent / "gurum"), "up", "--state", str(state)]
    with output.open("wb") as sink:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, env=environ)
        try:
            _wait(process, output)
            metrics = [line for port, names in METRICS.items() for line in _metrics(port, names)]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    told = output.read_text(encoding="utf-8")
    head, heading, tail = told.partition(f"\n{LAST}\n")
    told = head + heading + tail.partition("\n\n")[0]
    return _told(_without_private(told), [_log(state / "log" / name, fits) for name, fits in LOGS.items()], metrics)


def _wait(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + WITHIN
    while f"\n{LAST}\n" not in output.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the tour did not come to its end:\n{output.read_text(encoding='utf-8')}")
        time.sleep(0.5)
    time.sleep(1)  # the lines below the heading


def _without_private(told: str) -> str:
    """Leave out the private region's part: from its heading to the other's."""
    return re.sub(r"^── kr-central-1.*?(?=^── )", "", told, flags=re.DOTALL | re.MULTILINE)


def _metrics(port: int, names: tuple[str, ...]) -> list[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return [line for line in lines if line.startswith(names) and "_created" not in line.partition("{")[0]]


def _log(file: Path, fits: Callable[[Line], bool]) -> str:
    """Return a file's name and its first line that fits."""
    for text in file.read_text(encoding="utf-8").splitlines():
        if fits(json.loads(text)):
            return f"{file.name}\n{text}\n"
    raise RuntimeError(f"{file.name} has no line that fits")


def _told(told: str, logs: list[str], metrics: list[str]) -> str:
    played, _, explained = told.partition(EXPLAIN)
    return "\n".join([
        "What `make run` printed, less the private region's part, which is the same commands with the like answers.",
        "", "```", played.strip("\n"), "```", "",
        "Why is a server as it is? `gurum explain` puts beside each other what was asked for, what was made in",
        "the cloud, and what it waits for (nothing, here):",
        "", "```", (EXPLAIN + explained).strip("\n"), "```", "",
        "One line of each process's log:", "", "```", "\n".join(logs).strip("\n"), "```", "",
        "And some of `/metrics`, of the API and of the engine:", "", "```", *metrics, "```",
    ])  # fmt: skip


def _plain(section: str, place: Path) -> str:
    """Replace this machine's paths and name by anybody's."""
    return section.replace(str(place), HOME).replace(str(ROOT), HOME).replace(f'"{socket.gethostname()}"', '"vm"')


if __name__ == "__main__":
    raise SystemExit(main())
