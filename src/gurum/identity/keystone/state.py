"""The state directory: database, keys, and a stamp that tells what is already done.

Migration and bootstrap take more than half of a start although they change nothing the second
time. The stamp names everything that they depend on; while it is equal they are left out. It
holds no secret and no digest of one: a changed password file is seen by its inode, size and time.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gurum.ops import secrets


class Stamp(msgspec.Struct, kw_only=True, frozen=True):
    """What migration and bootstrap were last done for."""

    keystone: str
    region: str
    auth_url: str
    admin_username: str
    admin_project: str
    password_file: tuple[int, int, int]


class State:
    """Paths below one directory (0700; files 0600), and the few operations on them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.database = self.directory / "keystone.sqlite"
        self.fernet_keys = self.directory / "fernet-keys"
        self.credential_keys = self.directory / "credential-keys"
        self.conf_file = self.directory / "keystone.conf"
        # Read by Keystone if somebody makes it: the place of policy.yaml and of overrides.
        self.conf_dir = self.directory / "keystone.conf.d"
        self.log_file = self.directory / "keystone.log"
        self.ready_file = self.directory / "ready.json"
        self.callback_template = self.directory / "sso_callback_template.html"
        self._stamp = self.directory / "stamp.json"

    def prepare(self) -> None:
        """Make the directories, or set right the modes of those that are there. Idempotent."""
        for path in (self.directory, self.conf_dir, self.fernet_keys, self.credential_keys):
            secrets.directory(path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for this process alone. Raises BlockingIOError if another has it."""
        with (self.directory / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BlockingIOError(error.errno, f"{self.directory} is in use by another Keystone") from error
            yield

    def is_done(self, stamp: Stamp) -> bool:
        """Tell whether migration and bootstrap were completed for just this stamp."""
        try:
            written = self._stamp.read_bytes()
        except FileNotFoundError:
            return False
        keys_there = all(any(path.iterdir()) for path in (self.fernet_keys, self.credential_keys))
        return (
            written == msgspec.json.encode(stamp)
            and keys_there
            and self.database.is_file()
            and self.database.stat().st_size > 0
        )

    def set_done(self, stamp: Stamp) -> None:
        """Record that everything is in place. Called last, so that a kill before it repeats."""
        secrets.write(self._stamp, msgspec.json.encode(stamp))

    def use_write_ahead_log(self) -> None:
        """Let readers go on while a token is revoked; the setting stays in the database file."""
        connection = sqlite3.connect(self.database)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def fingerprint(path: Path) -> tuple[int, int, int]:
    """Give what changes when a file is replaced or rewritten, without reading it."""
    found = path.stat()
    return (found.st_ino, found.st_size, found.st_mtime_ns)
