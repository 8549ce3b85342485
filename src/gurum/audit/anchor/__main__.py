"""`python -m gurum.audit.anchor`: keep heads until a signal ends it; or accept what was found wrong with a chain."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import fcntl
import os
import pwd
import signal
import socket
import sys
from pathlib import Path

from gurum.audit.anchor import register
from gurum.audit.anchor.server import Server
from gurum.audit.anchor.wire import short
from gurum.ops.clock import SystemClock

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become(user: str) -> None:
    """Go on as another user, if this is root: what writers leave lying about is then no more ours than theirs is."""
    if os.geteuid() != 0:
        return
    entry = pwd.getpwnam(user)
    parent = os.getppid()
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    # The kernel forgets at this change that we are to end with who started us.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def own(path: Path, user: str) -> None:
    """Make the directory, its user's alone. Raises OSError, KeyError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    if os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def bound(path: Path) -> socket.socket:
    """Return the socket, bound while we may still enter where it lies. Raises OSError."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    with short(path) as reached:
        made.bind(reached)
    path.chmod(0o660)
    return made


async def keep(directory: int, listening: socket.socket, user: str) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    become(user)
    server = await Server(register.Register(directory, SystemClock())).serve(listening)
    async with server:
        await stop.wait()


def main(argv: list[str] | None = None) -> int:
    """Run the anchor, or accept a chain as it is; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gurum.audit.anchor", description="Keep the heads of audit chains.")
    parser.add_argument("--directory", type=Path, required=True, help="where the heads are kept")
    parser.add_argument("--socket", type=Path, help="where writers reach it")
    parser.add_argument("--user", default="nobody", help="who it becomes when it is started as root")
    parser.add_argument("--accept", metavar="WRITER", help="say that a broken chain was looked into, and end")
    parser.add_argument("--reason", default="", help="what was found")
    options = parser.parse_args(argv)
    try:
        own(options.directory, options.user)
        directory = register.entered(options.directory)
        if options.accept:
            if not options.reason:
                parser.error("--accept needs --reason")
            register.accept(directory, register.Accepted(SystemClock().time(), options.accept, options.reason))
            return 0
        if options.socket is None:
            parser.error("--socket is needed")
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        asyncio.run(keep(directory, bound(options.socket), options.user))
    except BlockingIOError:
        print(f"gurum audit anchor: another one keeps {options.directory}", file=sys.stderr)  # noqa: T201 - as below
        return 1
    except (OSError, KeyError) as error:
        print(f"gurum audit anchor: {error}", file=sys.stderr)  # noqa: T201 - the process's last word
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
