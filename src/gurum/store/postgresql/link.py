"""Connections to the server: how they are made, watched and given up.

One statement runs on a connection at a time, and the driver cancels it at the server when its caller is cancelled,
over a further connection. So every statement runs in a task of its own that nobody cancels: a caller who leaves does
not hurt those who use the connection after it. A connection that broke is never used again; its user decides whether to
try a new one, because only the user knows whether what was sent may be sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from gurum.ops.urls import without_password

Connect = Callable[..., Awaitable[Any]]  # as asyncpg.connect
Row = Sequence[Any]

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0  # after which a statement counts as lost: a server that hangs must not hang its clients for ever

# Every statement of ours has an index and rows of known number; the planner need not think about it at each, nor
# read a table through because it has not been analysed since it was restored.
_SETTINGS = {
    "application_name": "gurum",
    "enable_seqscan": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "plan_cache_mode": "force_generic_plan",
    # A client whose machine is gone holds its locks until the server notices.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


class Place:
    """Where the store is, and how to get there. `str` of it has no password."""

    def __init__(self, url: str, *, password: str = "", connect: Connect = asyncpg.connect) -> None:
        """`url` is libpq's form; `password` goes before one in it. `connect` stands in for the driver's (tests)."""
        self._url, self._password, self._connect = url, password, connect
        self.trace: Callable[[str], None] | None = None

    def __str__(self) -> str:
        return without_password(self._url)

    async def session(self, **settings: str) -> Session:
        """Return a new connection with these server settings; raises what `errors.FAILURES` names, or ValueError."""
        more: dict[str, Any] = {"password": self._password} if self._password else {}
        if "target_session_attrs=" not in self._url:
            more["target_session_attrs"] = "read-write"  # of several hosts, the primary
        connection = await self._connect(
            self._url,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
            server_settings=_SETTINGS | settings,
            **more,
        )
        return Session(self, connection)


class Session:
    """A connection. Its methods may be called one after the other only."""

    def __init__(self, place: Place, connection: Any) -> None:
        self._place = place
        self.connection = connection
        self._under_way: asyncio.Task[Any] | None = None
        self._prepared: dict[str, Any] = {}

    @property
    def broken(self) -> bool:
        """Whether it cannot be used any more."""
        return bool(self.connection.is_closed())

    @property
    def busy(self) -> bool:
        """Whether a statement that nobody waits for any more is still under way."""
        return self._under_way is not None and not self._under_way.done()

    async def fetch(self, statement: str, *arguments: Any) -> list[Row]:
        """Run a statement; return its rows."""
        rows: list[Row] = await self._do(statement, lambda: self.connection.fetch(statement, *arguments))
        return rows

    async def ask(self, statement: str) -> list[Row]:
        """Run a statement without arguments, in the caller's own task: for callers that nobody cancels.

        It is prepared once, and costs no task: what runs before every answer should cost little but the round trip.
        """
        if self._place.trace is not None:
            self._place.trace(statement)
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = await self.connection.prepare(statement)
        rows: list[Row] = await prepared.fetch()
        return rows

    async def run(self, script: str) -> str:
        """Run statements without arguments in one message; return the last one's tag."""
        tag: str = await self._do(script, lambda: self.connection.execute(script))
        return tag

    async def execute(self, statement: str, *arguments: Any) -> int:
        """Run a statement; return how many rows it was about."""
        tag: str = await self._do(statement, lambda: self.connection.execute(statement, *arguments))
        return int(tag.rpartition(" ")[2])

    def give_up(self) -> None:
        """Drop the connection at once; the server undoes what was not committed."""
        self.connection.terminate()

    async def close(self) -> None:
        """Say goodbye, if the server still listens."""
        if self._under_way is not None:
            await asyncio.wait((self._under_way,))
        try:
            await self.connection.close(timeout=CONNECT_SECONDS)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            self.connection.terminate()  # there is nothing to lose: what was acknowledged is on disk

    async def _do(self, statement: str, start: Callable[[], Awaitable[Any]]) -> Any:
        if self._place.trace is not None:
            self._place.trace(statement)
        task = self._under_way = asyncio.ensure_future(start())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_retrieve)
            raise


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Look at what became of a statement whose caller left, so that nobody reports it as forgotten."""
    if not task.cancelled():
        task.exception()
