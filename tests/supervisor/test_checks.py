"""One clear sentence for each thing that cannot work."""

import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gurum.supervisor import checks
from gurum.supervisor.lock import locked
from gurum.supervisor.rows import Refusal


def _raises(number: int) -> Any:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return refuse


def test_python() -> None:
    checks.python()
    with pytest.raises(Refusal, match=r"this is Python 3\.10; Python 3\.11 is needed"):
        checks.python((3, 10))


def test_the_state_directory_is_made_for_its_owner(tmp_path: Path) -> None:
    checks.directory(tmp_path / "a" / "var")
    assert (tmp_path / "a" / "var").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "a" / "var").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EACCES, "Permission denied; choose another with --state"),
        (errno.EROFS, "Read-only file system; choose another with --state"),
        (errno.ENOSPC, "No space left on device; free some space"),
    ],
)
def test_a_directory_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", _raises(number))
    with pytest.raises(Refusal) as refused:
        checks.directory(tmp_path / "var")
    assert str(refused.value) == f"cannot write to the state directory {tmp_path / 'var'}: {sentence}"


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(Refusal, match=r"cannot write to the state directory .*/var: File exists; choose another"):
        checks.directory(tmp_path / "var")


def test_a_nearly_full_disk(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    checks.disk(tmp_path, needed=1)
    with pytest.raises(Refusal, match=rf"only \d+ MB are free where the state directory {tmp_path} is; at least"):
        checks.disk(tmp_path, needed=free * 2)


def test_a_taken_port_names_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Refusal) as refused:
            checks.ports([("Keystone", "127.0.0.1", port)])
        assert str(refused.value).startswith(f"port {port} on 127.0.0.1, wanted for Keystone, is in use by ")
        assert f"(process {os.getpid()}): stop that, or configure another port" in str(refused.value)
    checks.ports([("Keystone", "127.0.0.1", port), ("any", "127.0.0.1", 0), ("any", "127.0.0.1", 0)])


def test_a_port_that_two_parts_want() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Refusal, match=f"Keystone and the engine are both configured for port {port} of 127.0.0.1"):
        checks.ports([("Keystone", "127.0.0.1", port), ("the engine", "127.0.0.1", port)])


def test_an_address_that_is_not_of_this_machine() -> None:
    # 192.0.2.0/24 is reserved for documentation (RFC 5737).
    with pytest.raises(Refusal, match=r"cannot listen on port 5000 of 192\.0\.2\.1 for Keystone: Cannot assign"):
        checks.ports([("Keystone", "192.0.2.1", 5000)])


def test_one_supervisor_a_directory(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        locked(lock),
        pytest.raises(Refusal, match=rf"another gurum \(process {os.getpid()}\) uses {tmp_path}: stop it, or"),
        locked(lock),
    ):
        raise AssertionError("two at once")
    with locked(lock):
        assert lock.read_text() == f"{os.getpid()}\n"
