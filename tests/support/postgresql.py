"""A real PostgreSQL for tests: Debian's, started here in a directory of its own, or any by `GURUM_TEST_POSTGRESQL_URL`.

    with server() as url:             # one a run: a second and a half
        with administered(url) as admin, schema(admin) as place:
            await PostgresqlStore.open(place)

Root may not run it, so root's tests run it as the user `postgres` that Debian's package makes. It listens on a Unix
socket alone, and ends with the process that started it. A server that is not there is an error, not a skipped test.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
from tests.support.virtual import VirtualLoop

from gurum.supervisor.process import die_with_parent

URL = "GURUM_TEST_POSTGRESQL_URL"
READY_SECONDS = 60.0
FAST = ("fsync=off", "full_page_writes=off")


@dataclass
class Postgres:
    """A server of our own. It may be stopped and started again, as crashes and upgrades do."""

    directory: Path
    options: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Where its database `postgres` is."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.directory), safe='')}"

    def make(self) -> None:
        """Make the cluster. A user `secretive` needs a password over the same socket, and everybody else none."""
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        (self._data / "pg_hba.conf").write_text(
            "local all secretive scram-sha-256\nlocal all all trust\n", encoding="ascii"
        )

    def start(self) -> None:
        """Start it, unless it runs; return when it answers."""
        if self.process is not None:
            return
        options = [f"-c{option}" for option in (*self.options, "max_connections=300", "listen_addresses=")]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [_program("postgres"), "-D", self._data, "-k", self.directory, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                preexec_fn=die_with_parent(signal.SIGQUIT), **_unprivileged(),
            )  # fmt: skip
        deadline = time.monotonic() + READY_SECONDS
        while self._run("pg_isready", "-q", "-h", str(self.directory), check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.directory / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT orderly, SIGQUIT as a crash does, without writing anything more."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(READY_SECONDS)
            self.process = None

    def administered(self) -> AbstractContextManager[Admin]:
        """Give a connection for statements of a test's own."""
        return administered(self.url)

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _run(self, program: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_program(program), *words], check=check, capture_output=True, text=True, cwd=self.directory,
            **_unprivileged(),
        )  # fmt: skip


@contextmanager
def postgres(*options: str) -> Iterator[Postgres]:
    """Give a running server of one's own; `options` are settings, by default `FAST`."""
    with tempfile.TemporaryDirectory(prefix="gurum-pg-") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        own = Postgres(directory, options or FAST)
        own.make()
        own.start()
        try:
            yield own
        finally:
            own.stop(signal.SIGQUIT)


@contextmanager
def server(*options: str) -> Iterator[str]:
    """Give the URL of a server: the one that the environment names, or one of our own.

    While it lives the environment names it, so that within, and in programs started within, there is only one.
    """
    if given := os.environ.get(URL):
        yield given
        return
    with postgres(*options) as own:
        os.environ[URL] = own.url
        try:
            yield own.url
        finally:
            del os.environ[URL]


class Admin:
    """A connection of the tests' own, beside whatever loop a test runs: its loop is a thread's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgresql-admin", daemon=True)
        self._thread.start()
        self._connection: Any = self._do(asyncpg.connect(url))

    def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """Run a statement; return its rows."""
        return list(self._do(self._connection.fetch(statement, *arguments)))

    def run(self, script: str) -> None:
        """Run statements without arguments."""
        self._do(self._connection.execute(script))

    @contextmanager
    def transaction(self) -> Iterator[Admin]:
        """Hold what is locked inside until the end."""
        self.run("BEGIN")
        try:
            yield self
        finally:
            self.run("ROLLBACK")

    def close(self) -> None:
        """Let go of the connection, if the server has not."""
        if not self._connection.is_closed():
            self._do(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@contextmanager
def administered(url: str) -> Iterator[Admin]:
    """Give a connection for statements of a test's own."""
    admin = Admin(url)
    try:
        yield admin
    finally:
        admin.close()


@contextmanager
def schema(admin: Admin) -> Iterator[str]:
    """Give a URL whose store is an empty schema of its own; it is dropped in the end."""
    name = f"t_{secrets.token_hex(6)}"
    admin.run(f"CREATE SCHEMA {name}")
    try:
        yield within(admin.url, name)
    finally:
        admin.run(f"DROP SCHEMA {name} CASCADE")


def within(url: str, name: str) -> str:
    """Return the URL of a schema."""
    return f"{url}{'&' if '?' in url else '?'}search_path={name}"


def empty(admin: Admin, url: str) -> None:
    """Empty the store in a schema that `schema` gave: much faster than another one."""
    name = url.rpartition("search_path=")[2]
    tables = [row[0] for row in admin.sql("SELECT tablename FROM pg_tables WHERE schemaname = $1", name)]
    script = [f"DELETE FROM {name}.{table};" for table in tables if table not in ("counter", "migrations")]
    if tables:
        admin.run("".join(script) + f"UPDATE {name}.counter SET version = 0, position = 0")


class Timeless(asyncpg.Connection):  # type: ignore[misc]  # the driver publishes no types
    """A connection on a loop of virtual time, which stands still while the server works."""

    async def execute(self, query: str, *args: Any, **more: Any) -> Any:
        with _loop().still():
            return await super().execute(query, *args, **more)

    async def fetch(self, query: str, *args: Any, **more: Any) -> Any:
        with _loop().still():
            return await super().fetch(query, *args, **more)

    async def prepare(self, query: str, **more: Any) -> Any:
        with _loop().still():
            return _TimelessStatement(await super().prepare(query, **more))

    async def close(self, **more: Any) -> None:
        with _loop().still():
            await super().close(**more)


class _TimelessStatement:
    def __init__(self, statement: Any) -> None:
        self._statement = statement

    async def fetch(self, *args: Any) -> Any:
        with _loop().still():
            return await self._statement.fetch(*args)


async def timeless(url: str, **settings: Any) -> Any:
    """Connect, on a loop of virtual time: for `PostgresqlStore.open(connect=...)`."""
    with _loop().still():
        return await asyncpg.connect(url, connection_class=Timeless, **settings)


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def _program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs: of the newest version that Debian's packages have put here."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4].partition(".")[0])
    )
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise RuntimeError(f"PostgreSQL's {name} is missing: apt-get install postgresql, or set {URL}")
    return path


def _unprivileged() -> dict[str, Any]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
