"""Tempest as a child process: its workspace, its command, and its results as they come."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import yaml
from tests.interop import conf
from tests.interop.results import Event
from tests.interop.site import Site
from tests.interop.switches import Switch

HERE = Path(__file__).parent
SAFE = "-P"  # a script's own directory is not searched for modules: what lies there has names of its own
PATIENCE = 300  # seconds for one test
STESTR = """\
[DEFAULT]
test_path={tests}
top_dir={top}
group_regex=([^\\.]*\\.)*
"""


class TempestError(Exception):
    """Tempest could not be run."""


class Tempest:
    """One workspace in `place`, for the Tempest of a virtual environment."""

    def __init__(self, venv: Path, place: Path) -> None:
        self._bin, self._place = venv.absolute() / "bin", place.absolute()
        if not (self._bin / "tempest").exists():
            raise TempestError(f"{venv} has no Tempest; make interop installs it, or scripts/setup interop {venv}")

    def prepare(self, site: Site, switches: Sequence[Switch]) -> None:
        """Write the workspace."""
        booleans = json.loads(self._output("options.py"))
        made = conf.sections(site, booleans, switches, self._place)
        package = Path(self._output("-c", "import tempest; print(tempest.__path__[0])").strip())
        self._place.mkdir(parents=True, exist_ok=True)
        self._write("tempest.conf", conf.text(made))
        self._write("accounts.yaml", yaml.safe_dump(site.rows()))
        self._write(".stestr.conf", STESTR.format(tests=package / "test_discover", top=package.parent))
        self._output("options.py", "check")

    def run(self, tests: Sequence[str], concurrency: int, on: Callable[[Event], None]) -> list[Event]:
        """Run tests by their full names; each event is told at once. Raises TempestError if Tempest itself fails."""
        self._write("load-list", "\n".join(tests) + "\n")
        events = []
        with self._events(concurrency) as lines:
            for line in lines:
                event = msgspec.json.decode(line, type=Event)
                events.append(event)
                on(event)
        if not events:
            raise TempestError(f"Tempest ran nothing:\n{self.said()}")
        return events

    def said(self) -> str:
        """Return the last of what Tempest wrote to standard error."""
        return (self._place / "stderr").read_text(errors="replace")[-3000:]

    @contextmanager
    def _events(self, concurrency: int) -> Iterator[Iterator[bytes]]:
        words = ["run", "--config-file", str(self._place / "tempest.conf"), "--subunit"]
        words += ["--load-list", str(self._place / "load-list"), "--concurrency", str(concurrency)]
        with (
            (self._place / "stderr").open("wb") as errors,
            subprocess.Popen(
                [self._bin / "tempest", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._place,
                env=self._environ(),
            ) as tempest,
            subprocess.Popen(
                [self._bin / "python", SAFE, HERE / "events.py"],
                stdin=tempest.stdout,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._place,
                env=self._environ(),
            ) as reader,
        ):
            assert tempest.stdout is not None
            assert reader.stdout is not None
            tempest.stdout.close()  # the reader's now: when it ends, Tempest is told
            try:
                yield iter(reader.stdout)
            finally:
                for process in (reader, tempest):
                    if process.poll() is None:
                        process.terminate()

    def _output(self, *words: str) -> str:
        """Return what Tempest's interpreter says; a first word that is a file of ours is run."""
        first = [str(HERE / words[0])] if (HERE / words[0]).exists() else [words[0]]
        command = [str(self._bin / "python"), SAFE, *first, *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environ(), check=False, timeout=120)
        if done.returncode:
            raise TempestError(f"{' '.join(map(str, command))}: {done.stderr[-1000:]}")
        return done.stdout

    def _write(self, name: str, text: str) -> None:
        path = self._place / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)  # passwords stand in two of them

    def _environ(self) -> dict[str, str]:
        return {
            "HOME": str(self._place),
            "LANG": "C.UTF-8",
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "OS_TEST_TIMEOUT": str(PATIENCE),
            "TEMPEST_CONFIG": "tempest.conf",
            "TEMPEST_CONFIG_DIR": str(self._place),
        }
