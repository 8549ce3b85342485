"""Typing commands: run a program as a person would, show the line and what it printed, and mind its exit status."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gurum.ops.clock import Clock
from gurum.supervisor.process import die_with_parent
from gurum.supervisor.rows import Refusal

Write = Callable[[str], None]

PAUSE = 0.5  # seconds between two questions for a status
PATIENCE = 180.0  # seconds until a status that does not come fails the tour


@dataclass(frozen=True)
class Client:
    """The programs beside this Python, in an environment of their own."""

    environ: Mapping[str, str]
    write: Write
    clock: Clock
    elsewhere: Mapping[str, Path] = field(default_factory=dict)  # programs that are not beside this Python

    async def run(self, program: str, *words: str, note: str = "") -> str:
        """Run a command and show it with its output; return the output. Raises Refusal if it fails."""
        line = shlex.join((program, *words))
        self.write(f"\n$ {line}{f'   # {note}' if note else ''}\n")
        output = await self._output(program, words, line)
        self.write(output)
        return output

    async def until(self, wanted: Callable[[str], bool], what: str, program: str, *words: str) -> str:
        """Run a command, which only asks, until its output is as wanted; show it once. Raises Refusal."""
        line = shlex.join((program, *words))
        self.write(f"\n$ {line}\n")
        began, times = self.clock.time(), 1
        while not wanted(output := await self._output(program, words, line)):
            if self.clock.time() - began > PATIENCE:
                raise Refusal(f"the tour waited {PATIENCE:.0f} s in vain until {what}; `{line}` says: {output.strip()}")
            times += 1
            await self.clock.sleep(PAUSE)
        self.write(output)
        if times > 1:
            self.write(f"# asked {times} times until {what}\n")
        return output

    async def _output(self, program: str, words: tuple[str, ...], line: str) -> str:
        path = self.elsewhere.get(program) or Path(sys.executable).with_name(program)
        if not path.exists():
            raise Refusal(f"the tour needs the command `{program}` beside {sys.executable} (scripts/setup installs it)")
        process = await asyncio.create_subprocess_exec(
            path,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self.environ),
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = output.decode("utf-8", "replace")
        if process.returncode != 0:
            self.write(text)
            raise Refusal(f"the tour failed: `{line}` ended with exit status {process.returncode}")
        return text
