"""What the supervisor runs, as rows of data: adding a part to the embedded run is adding a row."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


class Refusal(Exception):  # noqa: N818 - it is not an error of the program
    """The run cannot start, or go on; the text is one sentence for the person at the terminal."""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How a child is asked over TLS: which authority is believed, and as whom one comes. PEM files.

    certificate: the certificate and its private key, in one file.
    """

    authority: Path
    certificate: Path

    def context(self) -> ssl.SSLContext:
        """Return what a connection needs. Raises OSError, also for files that hold something else."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.certificate)
        return context


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process that is kept running.

    ready: URL that answers 200 once it can serve; trust: how it is asked, if over https. after: names of rows that must
    be ready before it is started. environ: names of environment variables handed on; no other is. output: file for what
    it prints beside its log.
    """

    name: str
    title: str
    argv: tuple[str, ...]
    ready: str
    output: Path
    after: tuple[str, ...] = ()
    environ: tuple[str, ...] = ()
    trust: Trust | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """Work done once, in this process. It returns what it did in a few words, and raises what stopped it."""

    name: str
    title: str
    run: Callable[[], Awaitable[str]]
    after: tuple[str, ...] = ()


Row = Child | Task


def check(rows: tuple[Row, ...]) -> None:
    """Raise ValueError unless names are unique and every `after` names an earlier row (hence no cycle)."""
    seen: set[str] = set()
    for row in rows:
        if row.name in seen:
            raise ValueError(f"two rows are called {row.name!r}")
        for name in row.after:
            if name not in seen:
                raise ValueError(f"{row.name!r} waits for {name!r}, which is not an earlier row")
        seen.add(row.name)
