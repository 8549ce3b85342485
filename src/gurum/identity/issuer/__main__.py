"""`python -m gurum.identity.issuer --directory DIR --port N`: the two public documents over HTTP, on loopback.

For one machine, and as what a TLS-terminating proxy may stand before; with `--cert-file` it speaks TLS itself, for API
servers of Kubernetes, which ask nobody without. It reads the published files and nothing else:
the process that answers strangers does not have the private keys open.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
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


def secured(cert_file: str, key_file: str) -> ssl.SSLContext | None:
    """Return what a TLS listener needs; None without a certificate. Raises OSError."""
    if not cert_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert_file, key_file or None)
    return context


async def _run(directory: Path, host: str, port: int, prefix: str, tls: ssl.SSLContext | None) -> None:
    runner = web.AppRunner(application(directory, prefix), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
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
    parser.add_argument("--cert-file", default="", help="speak TLS with this certificate (PEM)")
    parser.add_argument("--key-file", default="", help="its private key, where that is in a file of its own")
    options = parser.parse_args(arguments)
    try:
        tls = secured(options.cert_file, options.key_file)
        asyncio.run(_run(options.directory, options.host, options.port, options.prefix.rstrip("/"), tls))
    except OSError as error:
        sys.stderr.write(f"issuer: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
