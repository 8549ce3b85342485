"""Where secrets may not be, and the search."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.secrets.forms import forms
from tests.support.stack import Stack, command_line

ROOT = Path(__file__).resolve().parents[2]

# What looks like a secret is one, also if nobody recorded it: the tour's clients have logged in, too.
SHAPES = {
    "a Fernet token": re.compile(rb"gAAAA[\w-]{60,}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[\w+/]{40}"),
    "a signature of AWS": re.compile(rb"Signature=[0-9a-f]{64}"),
}


@dataclass(frozen=True)
class Found:
    """A secret where none may be. It is named, never shown."""

    what: str
    form: str
    where: str

    def __str__(self) -> str:
        return f"{self.what} ({self.form}) in {self.where}"


def places(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give (name, content) of all that a run writes or shows and that is not kept as a secret."""
    for directory in (stack.places.state / "log", stack.places.run):
        for path in sorted(directory.iterdir()):
            yield f"{directory.name}/{path.name}", path.read_bytes()
    for directory in (Path(stack.config.audit.directory), Path(stack.config.audit.anchor_directory)):
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            yield f"{directory.name}/{path.relative_to(directory)}", path.read_bytes()
    yield "the terminal", stack.output.encode()
    for pid in (stack.process.pid, *stack.children()):
        name = " ".join(command_line(pid)[:4])
        yield f"environment of {pid} ({name})", _proc(pid, "environ")
        yield f"command line of {pid} ({name})", _proc(pid, "cmdline")


def _proc(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return b""


def tracked() -> Iterator[tuple[str, bytes]]:
    """Give the repository's tracked files."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0")[:-1]:
        path = ROOT / name
        if path.is_file():
            yield f"repository: {name}", path.read_bytes()


def sweep(secrets: Mapping[str, str], texts: Iterable[tuple[str, bytes]], *, shapes: bool) -> list[Found]:
    """Return every secret that is in a text; with `shapes`, also what only looks like one."""
    sought = [(what, form, needle) for what, secret in secrets.items() for form, needle in forms(secret).items()]
    found = []
    for where, text in texts:
        found += [Found(what, form, where) for what, form, needle in sought if needle in text]
        if shapes:
            found += [Found(what, "by its look", where) for what, shape in SHAPES.items() if shape.search(text)]
    return found
