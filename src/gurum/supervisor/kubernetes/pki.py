"""Every key and certificate of one control plane, as a table, and the files in which its parts find them.

There are four authorities on purpose. etcd believes whoever its authority signed and asks nothing more, so were there
one, every user of the API server with a certificate could read and write past all rights.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gurum.ops import secrets
from gurum.supervisor.kubernetes import kubeconfig
from gurum.supervisor.kubernetes.authority import Authority, Credentials, authority, read, signing_key
from gurum.supervisor.rows import Trust

HOSTS = ("127.0.0.1", "localhost")
ADMINISTRATORS = "system:masters"  # Kubernetes' own group of those whom no right is refused
API, ETCD, ADMISSION, SIGN_IN = "kubernetes", "etcd", "admission", "sign-in"  # the authorities


@dataclass(frozen=True)
class Leaf:
    """A certificate: whose authority signs it, whom it names, whether a server presents it."""

    file: str
    authority: str
    name: str
    groups: tuple[str, ...] = ()
    server: bool = False
    client: bool = True


LEAVES = (
    Leaf("etcd", ETCD, "etcd", server=True),  # a client too: of its peers, of which it is one
    Leaf("etcd-client", ETCD, "kube-apiserver"),
    Leaf("kube-apiserver", API, "kube-apiserver", server=True, client=False),
    Leaf("kube-controller-manager", API, "kube-controller-manager", server=True, client=False),
    Leaf("admission", ADMISSION, "gurum-admission", server=True, client=False),  # of the API's webhook
    Leaf("admission-client", ADMISSION, "kube-apiserver"),  # who asks it: nobody else is answered
    Leaf("sign-in", SIGN_IN, "gurum-sign-in", server=True, client=False),  # of who tells the API server of its keys
    Leaf("probe", API, "gurum-probe"),  # may ask whether the server is ready, as every user may
)
# Users whose certificates stand in a kubeconfig.
USERS = (
    Leaf("administrator", API, "gurum-administrator", (ADMINISTRATORS,)),
    Leaf("controller-manager", API, "system:kube-controller-manager"),  # the name that Kubernetes' own rights are for
)


@dataclass(frozen=True)
class Pki:
    """Paths below one directory, all 0600."""

    directory: Path

    def authority(self, name: str) -> Path:
        """Return the file of an authority with its key."""
        return self.directory / f"{name}-authority.pem"

    def believed(self, name: str) -> Path:
        """Return the file of an authority's certificate alone."""
        return self.directory / f"{name}-authority.crt"

    def leaf(self, file: str) -> Path:
        """Return the file of a key with its certificate; either is found in it by who wants the other."""
        return self.directory / f"{file}.pem"

    def kubeconfig(self, file: str) -> Path:
        """Return the file by which a user signs in."""
        return self.directory / f"{file}.kubeconfig"

    @property
    def signing_key(self) -> Path:
        """The file of the key for tokens of service accounts."""
        return self.directory / "service-accounts.key"

    @property
    def admission(self) -> Path:
        """The file by which the API server knows as whom it comes to webhooks."""
        return self.directory / "admission.json"

    def trust(self, name: str, file: str) -> Trust:
        """Return whom a client of `name`'s servers believes, and as whom it comes."""
        return Trust(authority=self.believed(name), certificate=self.leaf(file))


def prepare(pki: Pki, url: str, now: datetime) -> None:
    """Make what is missing, broken by a lost authority, or near its end; the rest stays. Idempotent.

    `url` is where the API server will be. Raises OSError, SecretError, ValueError.
    """
    secrets.directory(pki.directory)
    authorities = {
        name: authority(pki.authority(name), f"gurum-{name}", now) for name in (API, ETCD, ADMISSION, SIGN_IN)
    }
    for name, signer in authorities.items():
        secrets.write(pki.believed(name), signer.pem)
    signing_key(pki.signing_key)
    secrets.write(pki.admission, json.dumps(_admission(pki)))
    for leaf in LEAVES:
        _credentials(pki, leaf, authorities[leaf.authority], now)
    asking = read(pki.leaf("admission-client"))
    secrets.write(pki.kubeconfig("admission-client"), kubeconfig.asking(asking))
    for leaf in USERS:
        credentials = _credentials(pki, leaf, authorities[leaf.authority], now)
        secrets.write(pki.kubeconfig(leaf.file), kubeconfig.document(url, authorities[API].pem, credentials))


def _admission(pki: Pki) -> dict[str, object]:
    group = "apiserver.config.k8s.io/v1"
    asking = {
        "apiVersion": group,
        "kind": "WebhookAdmissionConfiguration",
        "kubeConfigFile": str(pki.kubeconfig("admission-client")),
    }
    plugins = [{"name": name, "configuration": asking} for name in ("MutatingAdmissionWebhook",)]
    return {"apiVersion": group, "kind": "AdmissionConfiguration", "plugins": plugins}


def user(pki: Pki, url: str, name: str, groups: tuple[str, ...], now: datetime) -> Path:
    """Return a kubeconfig for a user of that name in those groups, made if it is not there. `prepare` comes first.

    Raises ValueError for a name that would be no name of a file.
    """
    if not name or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} may not name a user")
    leaf = Leaf(f"user-{name}", API, name, groups)
    signer = authority(pki.authority(API), f"gurum-{API}", now)
    credentials = _credentials(pki, leaf, signer, now)
    secrets.write(pki.kubeconfig(leaf.file), kubeconfig.document(url, signer.pem, credentials))
    return pki.kubeconfig(leaf.file)


def shared(pki: Pki, url: str, names: Iterable[str], file: Path, now: datetime) -> None:
    """Write one kubeconfig for these users, the first one's context the current one. `prepare` comes first."""
    signer = authority(pki.authority(API), f"gurum-{API}", now)
    users = {name: _credentials(pki, Leaf(f"user-{name}", API, name), signer, now) for name in names}
    secrets.write(file, kubeconfig.shared(url, signer.pem, users, current=next(iter(users))))


def _credentials(pki: Pki, leaf: Leaf, signer: Authority, now: datetime) -> Credentials:
    path = pki.leaf(leaf.file)
    if path.exists():
        kept = read(path)
        if kept.names(leaf.name, leaf.groups) and kept.good(signer, now):
            return kept
    made = signer.issue(leaf.name, now, groups=leaf.groups, hosts=HOSTS if leaf.server else (), client=leaf.client)
    made.write(path)
    return made
