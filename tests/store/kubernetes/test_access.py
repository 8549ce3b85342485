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


# Of nobody: made for this test, valid for a long time.
def authority(path: Path) -> None:
    from datetime import UTC, datetime

    from gurum.supervisor.kubernetes.authority import authority as made

    path.write_bytes(made(path.with_suffix(".pem"), "nobody", datetime.now(UTC)).pem)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory as a kubelet mounts it: the files are links that it turns to a new directory at once."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    place = tmp_path / "serviceaccount"
    (place / "..one").mkdir(parents=True)
    (place / "..one" / "token").write_text("one")
    authority(place / "..one" / "ca.crt")
    (place / "..data").symlink_to("..one")
    for name in ("token", "ca.crt"):
        (place / name).symlink_to(f"..data/{name}")
    return place


def test_a_pod_s_account(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = access(f"kubernetes://{account}", "gurum-pia")
    assert found.url == "https://10.0.0.1:6443"
    assert found.tls is not None
    assert found.tls.get_ca_certs()[0]["subject"] == ((("commonName", "nobody"),),)
    assert found.headers() == {"Authorization": "Bearer one"}
    monkeypatch.setattr("gurum.store.kubernetes.access._POD", account)
    assert access("kubernetes:", "gurum-pia").token_file == account / "token"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    assert access("kubernetes:", "gurum-pia").url == "https://[fd00::1]:6443"


def test_a_pod_s_token_is_renewed_under_it(account: Path) -> None:
    found = access(f"kubernetes://{account}", "gurum-pia")
    (account / "..two").mkdir()
    (account / "..two" / "token").write_text("two\n")
    (account / "..new").symlink_to("..two")
    (account / "..new").rename(account / "..data")
    assert found.headers() == {"Authorization": "Bearer two"}


def test_what_is_no_account(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (account / "token").unlink()
    with pytest.raises(ConfigError, match="token not found in it"):
        access(f"kubernetes://{account}", "")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    with pytest.raises(ConfigError, match="KUBERNETES_SERVICE_HOST does not say"):
        access(f"kubernetes://{account}", "")
