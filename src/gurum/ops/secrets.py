"""Secrets are files that only their owner can read.

A command line or an environment is visible to other processes and ends up in crash reports; a file with mode 0600 is
not. Every secret a run makes is made here, so that its mode is right from the first byte on and so that one directory
lists them all.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

# Others must have no access and nobody but the owner may write. Reading by the group is let through: a Kubernetes
# secret reaches a process that does not run as root only as 0440 with fsGroup.
FORBIDDEN = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


class SecretError(Exception):
    """A secret cannot be used; the sentence names the file and never its content."""


def directory(path: Path) -> Path:
    """Make a directory that only its owner may enter (0700), with its parents; set its mode right if it exists."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write(path: Path, content: str | bytes) -> None:
    """Replace the file at once: a reader, and a crash, sees the old or the new content. Mode 0600, synced to disk."""
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a process with our id that was killed here
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read(path: Path) -> str:
    """Return the secret without the line end that editors add.

    Raises SecretError if the file is missing, unreadable, empty, not UTF-8, or open to more than its owner.
    """
    try:
        mode = path.stat().st_mode
        if mode & FORBIDDEN:
            raise SecretError(f"{path} has mode {stat.S_IMODE(mode):04o}; only its owner may read it (chmod 600)")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretError(f"the secret file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without the cause: its text would carry bytes of the secret.
        raise SecretError(f"the secret file {path} is not UTF-8 text") from None
    secret = text.rstrip("\r\n")
    if not secret:
        raise SecretError(f"the secret file {path} is empty")
    return secret


def make(path: Path, size: int = 32) -> str:
    """Return the secret in the file, making one of `size` random bytes (URL-safe text) if there is none. Idempotent."""
    if not path.exists():
        write(path, secrets.token_urlsafe(size) + "\n")
    return read(path)
