"""`python -m aws_emulator`: the emulator as a process of its own.

It prints one JSON line when it listens ({"listening": "http://127.0.0.1:PORT", ...}) and stops
cleanly on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
from pathlib import Path

import msgspec

from aws_emulator.config import Config
from aws_emulator.control import NOTICE
from aws_emulator.emulator import Emulator
from aws_emulator.http import serve


def main(argv: list[str] | None = None) -> int:
    """Run until told to stop; exit code 2 for a configuration or state that cannot be read."""
    parser = argparse.ArgumentParser(prog="aws-emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    parser.add_argument("--state", type=Path, help="directory of the state; none: in memory")
    parser.add_argument("--config", type=Path, help="JSON file of the configuration")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    try:
        text = options.config.read_bytes() if options.config else b"{}"
        config = msgspec.json.decode(text, type=Config)
    except (OSError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"{options.config}: {error}\n")
        return 2
    quiet_collector()
    try:
        emulator = Emulator(config, directory=options.state)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    asyncio.run(_run(emulator, options.host, options.port, options.state))
    return 0


def quiet_collector() -> None:
    """Let the cyclic collector run rarely.

    Rows form no cycles, and walking 300,000 objects during a describe triples its time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


async def _run(emulator: Emulator, host: str, port: int, state: Path | None) -> None:
    runner = await serve(emulator, host, port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    address, bound = runner.addresses[0][:2]
    line = {
        "listening": f"http://{address}:{bound}",
        "state": str(state) if state else None,
        "notice": NOTICE,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await runner.cleanup()
        emulator.close()


if __name__ == "__main__":
    sys.exit(main())
