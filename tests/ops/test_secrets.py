"""Secrets are made once, at random, for their owner alone."""

import stat
from pathlib import Path

import pytest

from gurum.ops import secrets


def test_made_once_and_only_for_the_owner(tmp_path: Path) -> None:
    path = secrets.directory(tmp_path / "secrets") / "admin"
    made = secrets.make(path)
    assert len(made) >= 43
    assert secrets.make(path) == made
    assert secrets.make(tmp_path / "secrets" / "other") != made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_replacing_keeps_the_mode_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "aws.json"
    path.write_text("old")
    path.chmod(0o644)
    secrets.write(path, "new")
    assert secrets.read(path) == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (b"open", 0o644, "has mode 0644; only its owner may read it"),
        (b"\n", 0o600, "is empty"),
        (b"\xff\xfe", 0o600, "is not UTF-8 text"),
        (None, 0o600, "cannot be read: No such file or directory"),
    ],
)
def test_refused_in_a_sentence_without_the_content(
    tmp_path: Path, content: bytes | None, mode: int, sentence: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(secrets.SecretError, match=sentence) as refused:
        secrets.read(path)
    assert "open" not in str(refused.value)
