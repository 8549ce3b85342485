"""Plays the script against one cloud and keeps what was printed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.same import clouds
from tests.same.clouds import Cloud, Wanted
from tests.same.steps import ScriptError, Step
from tests.same.warm import Job, Result

COMMAND = Path(sys.executable).with_name("openstack")
NOT_MADE = -1  # instead of an exit code
PATIENCE = 300.0  # seconds until a command of its own counts as hanging


class WarmError(Exception):
    """The warm process is not the stock client; nothing that it printed can be trusted."""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it was made: the line, what it printed, its exit code; not normalised."""

    name: str
    call: str
    result: Result


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """All calls of a run. `names`: what is this cloud's or this run's own -> what it is called in every transcript."""

    cloud: str
    names: dict[str, str]
    plays: list[Play]


class Warm:
    """A warm process. One job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.same.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ) | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def run(self, job: Job) -> Result:
        """Run a job. Raises RuntimeError if the process has ended."""
        assert self._process.stdin
        assert self._process.stdout
        line = ""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(msgspec.json.encode(job).decode() + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the warm process has ended with {self._process.wait()}")
        return msgspec.json.decode(line, type=Result)

    def kill(self) -> None:
        """End it at once; what it runs, or is still to run, raises RuntimeError."""
        self._process.kill()

    def close(self) -> None:
        """End it."""
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()


class Player:
    """A cloud, a warm process, and the variables of a run. `proxy`: through which the clients go, if any."""

    def __init__(self, cloud: Cloud, warm: Warm, run: str, proxy: str = "") -> None:
        self.cloud = cloud
        self._warm = warm
        self._run = run
        self.environ = {
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "COLUMNS": "200",
            "OS_CLIENT_CONFIG_FILE": str(cloud.file),
            **({"HTTP_PROXY": proxy, "http_proxy": proxy} if proxy else {}),
        }
        self.values: dict[str, str] = {"run": run}
        self.names: dict[str, str] = {}
        self.endpoints: dict[str, str] = {}
        self.last = Job(kind="find")

    def find(self, wanted: Wanted) -> None:
        """Look what the cloud has. Raises CloudError."""
        result = self._warm.run(clouds.find_job(self.cloud, self.environ))
        if result.exit:
            raise clouds.CloudError(f"{self.cloud.label}: {result.stderr.strip()}")
        there = clouds.found(result.stdout)
        used = clouds.usable(there, wanted)
        self.values |= used | {
            "region": there.region,
            "project": there.project,
            "dir": str(Path(__file__).parent / "script"),
        }
        self.endpoints = there.endpoints
        self.names = {
            **_roots(there.endpoints),
            **{name: f"<{what}>" for what, name in used.items()},
            self.cloud.name: "<cloud>",
            **({self.cloud.region: "<cloud>"} if self.cloud.region else {}),
            self._run: "<run>",
            self.values["dir"]: "<dir>",
        }

    def can(self, step: Step, set_by_script: set[str]) -> bool:
        """Whether the cloud has what the step needs: the other person, the discovered thing."""
        missing = step.variables() - self.values.keys() - set_by_script
        return not missing and (not step.as_ or step.as_ in self.cloud.people)

    def job(self, step: Step) -> Job:
        """Return a step's call with the variables as they are now. Raises ScriptError."""
        if step.openstack:
            words = [*self.cloud.words(step.as_), *step.words(self.values)]
            return Job(kind="openstack", words=words, environ=self.environ)
        args, kwargs = step.arguments(self.values)
        call = self.cloud.call(
            step.as_,
            method=step.sdk,
            args=args,
            kwargs=kwargs,
            microversion=step.microversion,
            until=step.until,
            gone=step.gone,
        )
        return Job(kind="sdk", payload=call, environ=self.environ)

    def step(self, step: Step) -> Play:
        """Make a step's call and save what it says to save; without what it needs it is not made, which shows."""
        try:
            job, call = self.job(step), step.call(self.values)
        except ScriptError as error:
            return Play(name=step.name, call="", result=Result(exit=NOT_MADE, stdout="", stderr=f"not made: {error}"))
        self.last = job
        result = self._warm.run(job)
        if step.stock and (stock := self._stock(job)) != result:
            raise WarmError(f"`{call}` prints other things in a process of its own: {stock} instead of {result}")
        self._save(step, result)
        return Play(name=step.name, call=call, result=result)

    def play(self, steps: Sequence[Step], after: Callable[[Step, Play], None]) -> Transcript:
        """Play steps in order; `after` is told of each."""
        plays = []
        for step in steps:
            plays.append(self.step(step))
            after(step, plays[-1])
        return Transcript(cloud=self.cloud.label, names=self.names, plays=plays)

    def again(self, job: Job) -> Result:
        """Run a job once more, saving nothing."""
        return self._warm.run(job)

    def _stock(self, job: Job) -> Result:
        done = subprocess.run(
            [COMMAND, *job.words],
            env=job.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Result(exit=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def _save(self, step: Step, result: Result) -> None:
        for name, path in step.save.items():
            self.values.pop(name, None)
            # What was not printed is not saved: the steps that need it say so, and the difference shows here.
            with contextlib.suppress(ValueError, KeyError, IndexError, TypeError):
                self.values[name] = str(_at(json.loads(result.stdout), path))


def _roots(endpoints: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the services' URLs: as in the catalogue, without the version, and the server alone."""
    names: dict[str, str] = {}
    for service, url in endpoints.items():
        versioned = url.rstrip("/")
        bare = re.sub(r"/v\d[\d.]*(/[0-9a-f]+)?$", "", versioned)
        names |= {versioned: f"<{service}>", bare: f"<{service}>" if bare == versioned else f"<{service} root>"}
    return names


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
