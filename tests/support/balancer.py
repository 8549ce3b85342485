"""A round-robin balancer before several processes of the API: each request goes to the next.

Whichever connection it came by: so a client that makes something and looks at it asks two processes.

    with balancer({8001: ["http://127.0.0.1:9001", "http://127.0.0.1:9002"]}):
        ...

It is a process of its own, `python -m tests.support.balancer PORT=URL,URL …`. A process that takes no connection is
passed over; an answer that breaks off is the client's to see.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

import aiohttp
from aiohttp import web

HOST = "127.0.0.1"
BODY = 64 * 1024 * 1024  # bytes: what is too much is for the API to say
# Of the connection, not of the request (RFC 9110, 7.6.1); the length is said anew.
HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length", "trailer"})


class RoundRobin:
    """Passes requests on to one process after the other. `served` counts them."""

    def __init__(self, upstreams: Sequence[str], session: aiohttp.ClientSession) -> None:
        self._upstreams, self._session = upstreams, session
        self._turn = count()
        self.served = dict.fromkeys(upstreams, 0)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass one request on, unchanged, and its answer back."""
        body = await request.read()
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOPS]
        for _ in self._upstreams:
            upstream = self._upstreams[next(self._turn) % len(self._upstreams)]
            try:
                answer = await self._session.request(
                    request.method, upstream + request.raw_path, headers=headers, data=body, allow_redirects=False
                )
            except aiohttp.ClientConnectorError:
                continue
            async with answer:
                self.served[upstream] += 1
                kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOPS]
                response = web.Response(status=answer.status, reason=answer.reason, body=await answer.read())
                response.headers.clear()
                response.headers.extend([*kept, ("X-Answered-By", upstream)])
                return response
        return web.Response(status=502, text="no process of the API takes connections\n")


async def serve(places: Mapping[int, Sequence[str]]) -> None:
    """Serve until SIGTERM; print `ready` once all ports are open."""
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1.0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        runners = []
        for port, upstreams in places.items():
            balancer = RoundRobin(upstreams, session)
            runner = web.ServerRunner(web.Server(balancer.handle), access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            await web.TCPSite(runner, HOST, port).start()
            runners.append(runner)
        print("ready", flush=True)
        await end.wait()
        for runner in runners:
            await runner.cleanup()


@contextmanager
def balancer(places: Mapping[int, Sequence[str]]) -> Iterator[None]:
    """Have a balancer on each port before these URLs while inside. Raises RuntimeError if it does not start."""
    words = [f"{port}={','.join(urls)}" for port, urls in places.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.balancer", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the balancer did not start")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)


if __name__ == "__main__":
    given = (word.partition("=") for word in sys.argv[1:])
    asyncio.run(serve({int(port): urls.split(",") for port, _, urls in given}))
