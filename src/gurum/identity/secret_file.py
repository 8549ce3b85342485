"""Passwords come from files that only their owner can read.

Command lines and environments are visible to other processes and end up in crash reports. A file
is not, if its mode is right; so the mode is checked here, once, for every secret of this package.
"""

import stat
from pathlib import Path

# Others must have no access and nobody but the owner may write. Reading by the group is let
# through: a Kubernetes secret reaches a process that does not run as root only as 0440 with fsGroup.
FORBIDDEN_MODE = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


class SecretFileError(Exception):
    """A secret cannot be used; the text names the file and never its content."""


def read_secret(path: Path) -> str:
    """Give the secret in `path`, without the line end that editors add.

    Raises SecretFileError if the file is missing, unreadable, empty, not UTF-8, or has a mode
    beyond 0640.
    """
    try:
        mode = path.stat().st_mode
        if mode & FORBIDDEN_MODE:
            raise SecretFileError(
                f"{path} has mode {stat.S_IMODE(mode):04o}; a secret may be open to its owner only (chmod 600)"
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretFileError(f"secret file {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without the cause: its text would carry bytes of the secret.
        raise SecretFileError(f"secret file {path} is not UTF-8") from None
    secret = text.rstrip("\r\n")
    if not secret:
        raise SecretFileError(f"secret file {path} is empty")
    return secret
