"""The control plane as rows: three programs, what each is told, and how one sees that it can serve.

Everything listens on loopback alone. Nobody is let in without a certificate, not even to read the version; the one
exception is the controllers' own port, which answers only whether they live.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gurum.store.kubernetes import people
from gurum.supervisor.kubernetes.pki import API, ETCD, SIGN_IN, Pki
from gurum.supervisor.rows import Child, Refusal

HOST = "127.0.0.1"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
PORTS = (  # in the order of their numbers; the last two are not of this plane's, but asked by it
    *("the API server", "etcd", "etcd's peers", "the controllers of Kubernetes"),
    *("the API's admission webhook", "the sign-in's documents"),
)
ENVIRON = ("HOME", "TMPDIR", "TZ")  # no proxy: they talk to each other alone

# What Gurum stands on: objects go with their owners and their namespace, and counts are limited. No nodes, no pods.
CONTROLLERS = "garbage-collector-controller,namespace-controller,resourcequota-controller"
# Who did what, without what was said; a watch is told of when it begins.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, omitManagedFields: true}]
"""
DATABASE_BYTES = 8 * 2**30  # above it etcd takes no more writes; the most that it is made for


@dataclass(frozen=True, kw_only=True)
class Plane:
    """One control plane: where it keeps what it keeps, where its programs are, the first of its ports.

    durable: etcd waits for the disk before it acknowledges. Without, a crash of the machine loses what was promised.
    audit: the API server writes down who asked for what and what became of it.
    audience: of the tokens of Keystone's people that it takes, whose issuer is at `issuer`; empty: it takes none.
    """

    directory: Path
    programs: Path
    port: int
    durable: bool = True
    audit: bool = False
    audience: str = ""

    @property
    def url(self) -> str:
        """Where the API server is."""
        return f"https://{HOST}:{self.port}"

    @property
    def webhook(self) -> str:
        """Where the API's processes answer it."""
        return f"https://{HOST}:{self.port + 4}"

    @property
    def issuer(self) -> str:
        """Where the sign-in's documents are."""
        return f"https://{HOST}:{self.port + 5}"

    @property
    def authentication(self) -> Path:
        """How it knows people by tokens; read again when it changes."""
        return self.directory / "authentication.json"

    @property
    def pki(self) -> Pki:
        """Its keys and certificates."""
        return Pki(self.directory / "pki")

    @property
    def kubeconfig(self) -> Path:
        """By which its administrator signs in."""
        return self.pki.kubeconfig("administrator")

    @property
    def audit_policy(self) -> Path:
        """What is written down."""
        return self.directory / "audit.yaml"

    @property
    def audit_log(self) -> Path:
        """What was: a line of JSON a request."""
        return self.directory / "audit.log"


def listening(port: int) -> list[tuple[str, str, int]]:
    """Return (what for, host, port) of everything that a control plane with that first port listens on."""
    return [(what, HOST, port + number) for number, what in enumerate(PORTS)]


def authentication(plane: Plane) -> str:
    """Return the document by which the API server knows people by tokens; `pki.prepare` comes first. Raises OSError."""
    return json.dumps(
        people.authentication(plane.issuer, plane.audience, plane.pki.believed(SIGN_IN).read_text("ascii"))
    )


def require(programs: Path) -> None:
    """Raise Refusal unless all programs are in the directory."""
    missing = [name for name in PROGRAMS if not (programs / name).is_file()]
    if missing:
        raise Refusal(f"{', '.join(missing)} not found in {programs}: `make kubernetes` builds a control plane")


def children(plane: Plane, output: Path) -> tuple[Child, ...]:
    """Return the rows; what they print goes to files in the directory `output`."""
    etcd, apiserver, manager = PROGRAMS
    return (
        Child(
            name=etcd,
            title="etcd",
            argv=(str(plane.programs / etcd), *_etcd(plane)),
            ready=f"https://{HOST}:{plane.port + 1}/readyz",
            trust=plane.pki.trust(ETCD, "etcd-client"),
            output=output / f"{etcd}.out",
            environ=ENVIRON,
        ),
        Child(
            name=apiserver,
            title="Kubernetes, API server",
            argv=(str(plane.programs / apiserver), *_apiserver(plane)),
            ready=f"{plane.url}/readyz",
            trust=plane.pki.trust(API, "probe"),
            output=output / f"{apiserver}.out",
            environ=ENVIRON,
            after=(etcd,),
        ),
        Child(
            name=manager,
            title="Kubernetes, controllers",
            argv=(str(plane.programs / manager), *_manager(plane)),
            ready=f"https://{HOST}:{plane.port + 3}/healthz",
            trust=plane.pki.trust(API, "probe"),
            output=output / f"{manager}.out",
            environ=ENVIRON,
            after=(apiserver,),
        ),
    )


def _etcd(plane: Plane) -> tuple[str, ...]:
    pki = plane.pki
    clients, peers = (f"https://{HOST}:{plane.port + number}" for number in (1, 2))
    return (
        "--name=gurum",
        f"--data-dir={plane.directory / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=gurum={peers}",
        "--client-cert-auth",
        f"--trusted-ca-file={pki.believed(ETCD)}",
        f"--cert-file={pki.leaf('etcd')}",
        f"--key-file={pki.leaf('etcd')}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={pki.believed(ETCD)}",
        f"--peer-cert-file={pki.leaf('etcd')}",
        f"--peer-key-file={pki.leaf('etcd')}",
        f"--quota-backend-bytes={DATABASE_BYTES}",
        "--log-level=warn",
        *(() if plane.durable else ("--unsafe-no-fsync",)),
    )


def _apiserver(plane: Plane) -> tuple[str, ...]:
    pki = plane.pki
    return (
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        f"--secure-port={plane.port}",
        f"--etcd-servers=https://{HOST}:{plane.port + 1}",
        f"--etcd-cafile={pki.believed(ETCD)}",
        f"--etcd-certfile={pki.leaf('etcd-client')}",
        f"--etcd-keyfile={pki.leaf('etcd-client')}",
        f"--tls-cert-file={pki.leaf('kube-apiserver')}",
        f"--tls-private-key-file={pki.leaf('kube-apiserver')}",
        f"--client-ca-file={pki.believed(API)}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        # Nothing gives a namespace its default account, which that plugin would wait for.
        "--disable-admission-plugins=ServiceAccount",
        # As whom it comes to the API's webhook, which answers nobody else.
        f"--admission-control-config-file={pki.admission}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki.signing_key}",
        f"--service-account-signing-key-file={pki.signing_key}",
        # No pods: nobody asks for the service `kubernetes`, so nobody keeps its addresses.
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--profiling=false",
        *((f"--authentication-config={plane.authentication}",) if plane.audience else ()),
        *((f"--audit-policy-file={plane.audit_policy}", f"--audit-log-path={plane.audit_log}") if plane.audit else ()),
    )


def _manager(plane: Plane) -> tuple[str, ...]:
    pki = plane.pki
    return (
        f"--bind-address={HOST}",
        f"--secure-port={plane.port + 3}",
        f"--tls-cert-file={pki.leaf('kube-controller-manager')}",
        f"--tls-private-key-file={pki.leaf('kube-controller-manager')}",
        "--authorization-always-allow-paths=/healthz",
        f"--kubeconfig={pki.kubeconfig('controller-manager')}",
        "--leader-elect=false",  # there is one
        f"--controllers={CONTROLLERS}",
        # Each with the rights that Kubernetes ships for it, and no more.
        "--use-service-account-credentials",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    )
