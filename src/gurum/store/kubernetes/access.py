"""How to reach an API server: from a kubeconfig, or from what every pod is given.

Only what a server process needs is understood: certificates and bearer tokens. A kubeconfig that starts a program to
sign in is a person's, and is refused rather than half obeyed.
"""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import yaml

from gurum.ops.config import ConfigError

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SCHEME = "kubernetes"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """An API server and who we are there. `token_file` is read again for every request: its token is short-lived.

    `user`: in whose name an administrator asks (empty: the own).
    """

    url: str
    tls: ssl.SSLContext | None
    token: str = ""
    token_file: Path | None = None
    user: str = ""

    def headers(self) -> dict[str, str]:
        """Return what signs a request in. Raises OSError when the token cannot be read."""
        token = self.token_file.read_text(encoding="ascii").strip() if self.token_file else self.token
        own = {"Authorization": f"Bearer {token}"} if token else {}
        return own | ({"Impersonate-User": self.user} if self.user else {})


def named(url: str) -> bool:
    """Whether a store's URL is of this kind."""
    return urlsplit(url).scheme == SCHEME


def access(url: str, who: str) -> Access:
    """Return how `who` (a process, by its name) reaches what a store's URL names.

    `kubernetes:///path/to/kubeconfig` is a file, and the context is the one called `who`, so that processes which share
    a file have each its own rights; where there is none, the current one; `?context=NAME` names another. A directory is
    one of a service account, as pods have it: `token` and `ca.crt`, and the server is where the pod's environment says.
    `kubernetes:` is the file that KUBECONFIG names, or within a pod its own account. Raises ConfigError.
    """
    parts = urlsplit(url)
    if parts.netloc:
        raise ConfigError(f"store.url is {url!r}: a kubeconfig's path has three slashes before it")
    path = parts.path or os.environ.get("KUBECONFIG", "")
    if not path and (_POD / "token").exists():
        path = str(_POD)
    if not path:
        raise ConfigError(f"store.url is {url!r}, KUBECONFIG is not set, and this is no pod: where is the cluster?")
    if Path(path).is_dir():
        return _pod(Path(path))
    context = parse_qs(parts.query).get("context", [""])[0]
    return _kubeconfig(Path(path), context, who)


def _pod(account: Path) -> Access:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise ConfigError(
            f"{account} is a service account's, and KUBERNETES_SERVICE_HOST does not say where its cluster is"
        )
    missing = [name for name in ("token", "ca.crt") if not (account / name).is_file()]
    if missing:
        raise ConfigError(f"{account} is no service account's: {' and '.join(missing)} not found in it")
    if ":" in host:
        host = f"[{host}]"
    return Access(
        url=f"https://{host}:{port}",
        tls=ssl.create_default_context(cafile=str(account / "ca.crt")),
        token_file=account / "token",
    )


def _kubeconfig(path: Path, context: str, who: str) -> Access:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        own = any(entry.get("name") == who for entry in document.get("contexts") or ())
        wanted = context or (who if own else document.get("current-context", ""))
        chosen = _entry(document, "contexts", "context", wanted, path)
        cluster = _entry(document, "clusters", "cluster", chosen.get("cluster", ""), path)
        user = _entry(document, "users", "user", chosen.get("user", ""), path)
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        raise ConfigError(f"the kubeconfig {path} cannot be read: {type(error).__name__}") from error
    if "exec" in user or "auth-provider" in user:
        raise ConfigError(f"the kubeconfig {path} signs in by a program; a process needs a certificate or a token")
    url = str(cluster.get("server", "")).rstrip("/")
    if not url.startswith("https://"):
        raise ConfigError(f"the kubeconfig {path} names the server {url!r}; it must be https")
    token_file = user.get("tokenFile")
    return Access(
        url=url,
        tls=_tls(cluster, user, path),
        token=user.get("token", ""),
        token_file=path.parent / token_file if token_file else None,
    )


def _entry(document: dict[str, Any], table: str, field: str, name: str, path: Path) -> dict[str, Any]:
    for entry in document.get(table) or ():
        if entry.get("name") == name:
            return dict(entry.get(field) or {})
    raise ConfigError(f"the kubeconfig {path} has no {field} {name!r}")


def _tls(cluster: dict[str, Any], user: dict[str, Any], path: Path) -> ssl.SSLContext:
    if cluster.get("insecure-skip-tls-verify"):
        raise ConfigError(f"the kubeconfig {path} does not verify the server; give it certificate-authority instead")
    authority = _material(cluster, "certificate-authority", path)
    tls = ssl.create_default_context(cadata=authority.decode("ascii") if authority else None)
    certificate, key = _material(user, "client-certificate", path), _material(user, "client-key", path)
    if certificate and key:
        # The ssl module reads a chain from files only; this one is gone before anything else runs.
        with tempfile.NamedTemporaryFile() as both:
            both.write(certificate + b"\n" + key)
            both.flush()
            tls.load_cert_chain(both.name)
    return tls


def _material(entry: dict[str, Any], field: str, path: Path) -> bytes:
    if data := entry.get(f"{field}-data"):
        return base64.b64decode(str(data))
    if name := entry.get(field):
        try:
            return (path.parent / str(name)).read_bytes()
        except OSError as error:
            raise ConfigError(f"the kubeconfig {path} names {field} {name!r}: {error.strerror}") from error
    return b""
