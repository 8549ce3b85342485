"""Plays a Service: connections to one address go in turn to the pods that it selects and that are ready."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence

Endpoints = Callable[[], Sequence[int]]


class Services:
    """Balancers on a thread of their own, so that whoever uses them may block."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="services", daemon=True)

    def __enter__(self) -> Services:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def serve(self, port: int, endpoints: Endpoints) -> None:
        """Lead connections to 127.0.0.1:`port` to the ports that `endpoints` returns at that moment."""
        turn = itertools.count()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.closing(writer):
                for target in _in_turn(endpoints(), next(turn)):
                    try:
                        there, back = await asyncio.open_connection("127.0.0.1", target)
                    except OSError:
                        continue  # it is going, or has gone
                    with contextlib.closing(back):
                        await asyncio.gather(_copy(reader, back), _copy(there, writer))
                    return

        asyncio.run_coroutine_threadsafe(asyncio.start_server(handle, "127.0.0.1", port), self._loop).result(10)


def _in_turn(targets: Sequence[int], number: int) -> Iterator[int]:
    for offset in range(len(targets)):
        yield targets[(number + offset) % len(targets)]


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # either end may hang up whenever it likes
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.write_eof()
