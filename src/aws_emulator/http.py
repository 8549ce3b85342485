"""The emulator behind aiohttp.web: AWS's protocol on `/`, the control API under `/_emulator/`."""

import asyncio

from aiohttp import web

from aws_emulator.control import routes
from aws_emulator.emulator import Emulator
from aws_emulator.federation import fetch

_LARGEST = 4 * 1024 * 1024


def application(emulator: Emulator) -> web.Application:
    """Return the web application of an emulator."""

    async def aws(request: web.Request) -> web.StreamResponse:
        posted = (await request.read()).decode("utf-8", "replace")
        body = posted if request.method == "POST" else request.query_string
        issuer = emulator.wanted_keys(body)
        if issuer:
            emulator.learn(issuer, await fetch(issuer))
        reply = emulator.handle(
            authorization=request.headers.get("Authorization"),
            security_token=request.headers.get("X-Amz-Security-Token"),
            body=body,
            user_agent=request.headers.get("User-Agent", ""),
        )
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.cut and request.transport is not None:
            # Nothing may reach the caller: a lost answer is a closed connection without a byte.
            request.transport.abort()
        return web.Response(
            status=reply.status,
            body=reply.body,
            content_type=reply.content_type,
            headers={"x-amzn-requestid": reply.request_id},
        )

    app = web.Application(client_max_size=_LARGEST)
    app.add_routes(routes(emulator))
    app.router.add_route("*", "/", aws)
    return app


async def serve(emulator: Emulator, host: str = "127.0.0.1", port: int = 0) -> web.AppRunner:
    """Serve an emulator and return its runner; `runner.addresses` has the port.

    `await runner.cleanup()` stops it; the emulator itself is closed by its owner.
    """
    runner = web.AppRunner(application(emulator), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
