"""Real processes: what they are given, and that none of them stays behind."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gurum.supervisor.process import spawn, start
from gurum.supervisor.rows import Child

pytestmark = pytest.mark.real

# A child with a child of its own, both deaf to SIGTERM.
FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open(sys.argv[1] + "/grandchild", "w").write(str(os.getpid()))
else:
    open(sys.argv[1] + "/child", "w").write(str(os.getpid()))
while True:
    time.sleep(60)
"""

# Starts that child as the supervisor does, tells so, and is then killed from outside.
SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from gurum.supervisor.process import start
async def main():
    directory = Path(sys.argv[1])
    await start((sys.executable, "-c", sys.argv[2], sys.argv[1]), {}, directory / "out")
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


def _pid(path: Path) -> int:
    return int(path.read_text()) if path.exists() and path.read_text() else 0


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_only_the_allowed_environment_and_one_private_file_of_output(tmp_path: Path) -> None:
    child = Child(
        name="env",
        title="Env",
        argv=(sys.executable, "-c", "import os, sys; print(sorted(os.environ)); sys.stderr.write('err')"),
        ready="http://127.0.0.1/",
        output=tmp_path / "out",
        environ=("PATH", "GURUM_ABSENT"),
    )
    environ = {"PATH": "/usr/bin", "OS_PASSWORD": "x", "HOME": "/root"}
    process = await spawn(child, environ)
    assert await process.wait() == 0
    # Python itself may add LC_CTYPE.
    assert child.output.read_text().replace("'LC_CTYPE', ", "") == "['PATH']\nerr"
    assert child.output.stat().st_mode & 0o777 == 0o600


async def test_a_signal_reaches_the_whole_group(tmp_path: Path) -> None:
    process = await start((sys.executable, "-c", FAMILY, str(tmp_path)), {}, tmp_path / "out")
    await _until(lambda: bool(_pid(tmp_path / "child") and _pid(tmp_path / "grandchild")))
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    process.signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    await _until(lambda: not _alive(_pid(tmp_path / "grandchild")))
    process.signal(signal.SIGTERM)  # harmless


async def test_what_a_child_leaves_when_it_ends_is_ended(tmp_path: Path) -> None:
    leaves = FAMILY.replace("while True:", "while os.getppid() != 1 and sys.argv[1] and not os.path.exists('x'):", 1)
    leaves = leaves.replace('    open(sys.argv[1] + "/child"', '    sys.exit(0)\n    open(sys.argv[1] + "/child"')
    process = await start((sys.executable, "-c", leaves, str(tmp_path)), {}, tmp_path / "out")
    assert await process.wait() == 0
    await _until(lambda: not _alive(_pid(tmp_path / "grandchild")))


async def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    supervisor = await start((sys.executable, "-c", SUPERVISOR, str(tmp_path), FAMILY), {}, tmp_path / "supervisor")
    await _until(lambda: bool(_pid(tmp_path / "child")))
    os.kill(supervisor.pid, signal.SIGKILL)
    await _until(lambda: not _alive(_pid(tmp_path / "child")))
    await supervisor.wait()
    # What the child itself started is its own to arrange for; ours starts nothing.
    if grandchild := _pid(tmp_path / "grandchild"):
        os.kill(grandchild, signal.SIGKILL)
