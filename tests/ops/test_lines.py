"""Losing a line is counted, never raised, and old files are bounded."""

import json
import os
from pathlib import Path

import pytest

from gurum.ops.lines import Lines


def test_lost_lines_are_told_when_there_is_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log" / "api.log"
    lines = Lines(path, max_bytes=0, keep=0)
    lines.write(b'{"n":1}')
    real = os.write

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    lines.write(b'{"n":2}')
    lines.write(b'{"n":3}')
    assert lines.lost == 2
    monkeypatch.setattr(os, "write", real)
    lines.write(b'{"n":4}')
    lines.write(b'{"n":5}')
    lines.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"n": 1},
        {"event": "log lines lost", "level": "error", "lost": 2},
        {"n": 4},
        {"n": 5},
    ]


def test_files_are_renamed_by_size_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    lines = Lines(path, max_bytes=10, keep=2)
    for number in range(5):
        lines.write(b'{"n":%d}' % number)
    lines.close()
    kept = {file.name: json.loads(file.read_text())["n"] for file in tmp_path.iterdir()}
    assert kept == {"api.log": 4, "api.log.1": 3, "api.log.2": 2}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in tmp_path.iterdir())


def test_without_old_files(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    lines = Lines(path, max_bytes=10, keep=0)
    for number in range(3):
        lines.write(b'{"n":%d}' % number)
    lines.close()
    assert [file.name for file in tmp_path.iterdir()] == ["api.log"]
    assert path.read_text() == '{"n":2}\n'
