"""The control plane as a part of the embedded run: what `gurum up` prepares, starts and looks at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from gurum.ops import secrets
from gurum.ops.config import Config, embedded_kubeconfig
from gurum.supervisor.kubernetes import pki, store
from gurum.supervisor.kubernetes.components import Plane, children, listening, require
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Refusal, Row, Task

DEFINITIONS = "definitions"


def plane(config: Config, places: Places) -> Plane:
    """Return the control plane of a run: below its state directory, and durable."""
    return Plane(
        directory=places.state / "kubernetes",
        programs=Path(config.embedded.kubernetes_programs),
        port=config.embedded.kubernetes_port,
    )


def prepare(config: Config, places: Places, now: datetime) -> None:
    """Make its keys, certificates and kubeconfigs. Idempotent. Raises Refusal, OSError, SecretError."""
    if not config.embedded.kubernetes_programs:
        raise Refusal("embedded.kubernetes_programs is not set: `make kubernetes` builds them and says where they are")
    ours = plane(config, places)
    require(ours.programs)
    secrets.directory(ours.directory)
    try:
        pki.prepare(ours.pki, ours.url, now)
        pki.shared(ours.pki, ours.url, store.RIGHTS, embedded_kubeconfig(places.state), now)
    except ValueError as error:
        raise Refusal(f"the certificates in {ours.pki.directory} cannot be read: {error}") from error


def rows(config: Config, places: Places) -> tuple[Row, ...]:
    """Return etcd, the API server, the controllers, and what makes a store of them (its users wait for DEFINITIONS)."""
    ours = plane(config, places)
    define = Task(
        name=DEFINITIONS,
        title="Custom resources and rights",
        run=lambda: store.define(ours.kubeconfig, ours.webhook, ours.pki.believed(pki.ADMISSION).read_bytes()),
        after=("kube-apiserver",),
    )
    return (*children(ours, places.run), define)


def ports(config: Config) -> list[tuple[str, str, int]]:
    """Return (what for, host, port) of all that the rows will listen on."""
    return listening(config.embedded.kubernetes_port)
