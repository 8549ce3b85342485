"""The anchor as a process: what it takes, what it refuses, and that no writer can make it forget."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.audit.chains import Hands, World, event

from gurum.audit.anchor import register
from gurum.audit.anchor.__main__ import main
from gurum.audit.anchor.server import Server
from gurum.audit.anchor.wire import SocketAnchor, packed, unpacked
from gurum.audit.chain import NOTHING, Head, digest, follow
from gurum.audit.errors import RefusedError
from gurum.audit.opening import opened
from gurum.audit.verify import verify
from gurum.ops.audit import AuditConfig

DIGESTS = [digest(b"one"), digest(b"two"), digest(b"three")]


@asynccontextmanager
async def anchor(directory: Path, socket: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gurum.audit.anchor", "--directory", str(directory), "--socket", str(socket)
    )
    try:
        while process.returncode is None:
            try:
                await SocketAnchor(socket).heads()
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.real
async def test_the_process_keeps_heads_across_kills_and_is_somebody_else(tmp_path: Path) -> None:
    # Deeper than a socket's path may be long.
    directory = tmp_path / ("a" * 60) / ("b" * 60)
    socket = directory / "socket"
    kept = SocketAnchor(socket)
    async with anchor(directory, socket) as process:
        head = await kept.extend("pia-1", NOTHING, DIGESTS[:2])
        assert head == Head(2, follow(bytes(32), DIGESTS[:2]).hex())
        if os.geteuid() == 0:
            assert os.stat(f"/proc/{process.pid}").st_uid == pwd.getpwnam("nobody").pw_uid
            assert directory.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert directory.stat().st_mode & 0o777 == 0o700
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with anchor(directory, socket):
        assert await kept.head("pia-1") == head
        with pytest.raises(RefusedError):
            await kept.extend("pia-1", NOTHING, DIGESTS)  # an old copy, that would go on from its beginning
        with pytest.raises(RefusedError):
            await kept.extend("pia-1", Head(2, "00" * 32), DIGESTS)
        further = await kept.extend("pia-1", head, DIGESTS[2:])
        assert further == Head(3, follow(bytes(32), DIGESTS).hex())
        assert await kept.at("pia-1", [2, 3, 7]) == {2: head.hash, 3: further.hash}
        # And a real chain, from a real writer.
        config = AuditConfig(directory=str(tmp_path / "audit"), anchor_socket=str(socket))
        async with opened(config, "engine", Hands(), kept) as writer:
            writer.record(event("one"))
        heads = (await kept.heads()).heads
        assert heads["engine-1"] == writer.head
    (report, gone) = verify(tmp_path / "audit", {name: {h.seq: h.hash} for name, h in heads.items()}, {})
    assert report.findings == []
    assert gone.findings


def test_a_second_anchor_of_a_directory_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fcntl

    (tmp_path / "kept").mkdir()
    held = register.entered(tmp_path / "kept")
    fcntl.flock(held, fcntl.LOCK_EX)
    assert main(["--directory", str(tmp_path / "kept"), "--socket", str(tmp_path / "s")]) == 1
    assert "another one keeps" in capsys.readouterr().err
    os.close(held)


def test_only_the_anchor_s_own_command_accepts(tmp_path: Path) -> None:
    directory = tmp_path / "kept"
    assert main(["--directory", str(directory), "--accept", "pia-1", "--reason", "restored on purpose"]) == 0
    opened_ = register.entered(directory)
    assert [(one.writer, one.reason) for one in register.accepted(opened_)] == [("pia-1", "restored on purpose")]
    kept = register.Register(opened_, Hands())
    answer = Server(kept).answer(b'{"op":"accept","writer":"pia-2"}')
    assert answer.trouble
    os.close(opened_)


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[]", b'{"op":"extend","writer":"w"}', b'{"op":"extend","writer":"w","since":[0,""],"digests":"!"}',
     b'{"op":"extend","writer":"w","since":[0,"00"],"digests":"AAAA"}', b'{"op":"head","secret":"x"}', b"\xff\xfe"],
)  # fmt: skip
def test_whatever_is_sent_is_answered_and_changes_nothing(tmp_path: Path, line: bytes) -> None:
    directory = register.entered(tmp_path)
    kept = register.Register(directory, Hands())
    answer = Server(kept).answer(line)
    assert answer.trouble or answer.refused
    assert kept.heads == {}
    os.close(directory)


def test_a_line_cut_by_a_kill_was_never_acknowledged(tmp_path: Path) -> None:
    world = World(tmp_path)
    head = world.anchor.register.extend("w", NOTHING, DIGESTS[:1])
    with next((tmp_path / "anchor").glob("heads-*")).open("ab") as file:
        file.write(b'{"at":1,"writer":"w","se')
    again = register.Register(world.anchor.directory, world.clock)
    assert again.head("w") == head
    again.extend("w", head, DIGESTS[1:])
    assert register.Register(world.anchor.directory, world.clock).head("w").seq == 3


def test_digests_travel() -> None:
    assert unpacked(packed(DIGESTS)) == DIGESTS
    with pytest.raises(ValueError, match="32 bytes"):
        unpacked("AAAA")
