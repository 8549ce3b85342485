"""`python -m gurum.identity.issuer --directory DIR --port N`: the two public documents over plain HTTP on loopback.

For one machine, and as what a TLS-terminating proxy may stand before. It reads the published files and nothing else:
the process that answers strangers does not have the private keys open.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from gurum.identity.issuer.documents import DISCOVERY, KEYS

AGE = 60  # seconds that a copy may be kept on the way: far less than a key is published ahead of its use


def application(directory: Path, prefix: str = "") -> web.Application:
    """Return the server of the documents in a directory, below a path; anything else is 404."""

    def document(name: str) -> web.RouteDef:
        async def answer(request: web.Request) -> web.Response:
            try:
                body = (directory / name).read_bytes()
            except FileNotFoundError:
                raise web.HTTPNotFound(text="not published yet\n") from None
            headers = {"Cache-Control": f"public, max-age={AGE}"}
            return web.Response(body=body, content_type="application/json", headers=headers)

        return web.get(f"{prefix}/{name}", answer)

    made = web.Application(client_max_size=1024)
    made.add_routes([document(DISCOVERY), document(KEYS)])
    return made


async def _run(directory: Path, host: str, port: int, prefix: str) -> None:
    runner = web.AppRunner(application(directory, prefix), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, host, port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


def main(arguments: list[str]) -> int:
    """Serve until told to stop; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gurum.identity.issuer", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the documents are")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--prefix", default="", help="path of the issuer's URL, where it has one")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_run(options.directory, options.host, options.port, options.prefix.rstrip("/")))
    except OSError as error:
        sys.stderr.write(f"issuer: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
