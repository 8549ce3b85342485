"""Kubeconfigs: what a process can use, and what it refuses in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gurum.ops.config import ConfigError
from gurum.store.kubernetes.access import access


def kubeconfig(path: Path, *, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None) -> str:
    document = {
        "current-context": "here",
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
            {"name": "gurum-pia", "context": {"cluster": "c", "user": "pia"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}, {"name": "pia", "user": {"token": "p"}}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return f"kubernetes://{path}"


def test_a_token(tmp_path: Path) -> None:
    found = access(kubeconfig(tmp_path / "k"), "")
    assert found.url == "https://127.0.0.1:6443"
    assert found.headers() == {"Authorization": "Bearer t"}


def test_who_has_a_context_of_their_own_uses_it(tmp_path: Path) -> None:
    url = kubeconfig(tmp_path / "k")
    assert access(url, "gurum-pia").headers() == {"Authorization": "Bearer p"}
    assert access(url, "gurum-engine").headers() == {"Authorization": "Bearer t"}
    assert access(f"{url}?context=gurum-pia", "gurum-engine").headers() == {"Authorization": "Bearer p"}


def test_a_token_file_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\n")
    found = access(kubeconfig(tmp_path / "k", user={"tokenFile": "token"}), "")
    assert found.headers() == {"Authorization": "Bearer one"}
    (tmp_path / "token").write_text("two\n")
    assert found.headers() == {"Authorization": "Bearer two"}


@pytest.mark.parametrize(
    ("user", "cluster", "why"),
    [
        ({"exec": {"command": "aws"}}, {}, "signs in by a program"),
        ({}, {"server": "http://127.0.0.1"}, "must be https"),
        ({}, {"insecure-skip-tls-verify": True}, "does not verify the server"),
        ({}, {"certificate-authority": "missing.crt"}, "certificate-authority 'missing.crt'"),
    ],
)
def test_what_is_refused(tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        access(kubeconfig(tmp_path / "k", user=user, cluster=cluster), "")


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no context 'other'"):
        access(f"{kubeconfig(tmp_path / 'k')}?context=other", "")


def test_a_file_that_is_none_shows_nothing_of_itself(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("- token: s3cret\n")
    with pytest.raises(ConfigError) as refusal:
        access(f"kubernetes://{tmp_path / 'k'}", "")
    assert "s3cret" not in str(refusal.value)
    with pytest.raises(ConfigError, match="three slashes"):
        access("kubernetes://k", "")


def test_nowhere_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(ConfigError, match="where is the cluster"):
        access("kubernetes:", "")
