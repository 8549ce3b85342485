"""The control plane as a part of the embedded run: what `gurum up` prepares, starts and looks at."""

from __future__ import annotations

import dataclasses
import sys
from datetime import datetime
from pathlib import Path

from gurum.identity.issuer import KeyRing
from gurum.identity.issuer.documents import DISCOVERY, public
from gurum.identity.issuer.keeper import turn
from gurum.ops import secrets
from gurum.ops.clock import SystemClock
from gurum.ops.config import Config, embedded_kubeconfig
from gurum.supervisor.kubernetes import pki, store
from gurum.supervisor.kubernetes.components import HOST, Plane, authentication, children, listening, require
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Child, Refusal, Row, Task

DEFINITIONS, SIGN_IN = "definitions", "sign-in"
ENVIRON = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR", "TZ")  # of a program of ours


def plane(config: Config, places: Places) -> Plane:
    """Return the control plane of a run: below its state directory, and durable."""
    return Plane(
        directory=places.state / "kubernetes",
        programs=Path(config.embedded.kubernetes_programs),
        port=config.embedded.kubernetes_port,
        audience=config.pia.sign_in.audience if own_sign_in(config) else "",
    )


def own_sign_in(config: Config) -> bool:
    """Whether people sign in at this run's own API server, whose issuer's documents are served beside it."""
    return config.pia.sign_in.url == f"https://{HOST}:{config.embedded.kubernetes_port + 5}"


def prepare(config: Config, places: Places, now: datetime) -> None:
    """Make its keys, certificates and kubeconfigs. Idempotent. Raises Refusal, OSError, SecretError."""
    if not config.embedded.kubernetes_programs:
        raise Refusal("embedded.kubernetes_programs is not set: `make kubernetes` builds them and says where they are")
    ours = plane(config, places)
    require(ours.programs)
    secrets.directory(ours.directory)
    try:
        pki.prepare(ours.pki, ours.url, now)
        if ours.audience:
            secrets.write(ours.authentication, authentication(ours))
            turn(config.pia.sign_in, KeyRing(config.pia.sign_in, SystemClock()))
        pki.shared(ours.pki, ours.url, store.RIGHTS, embedded_kubeconfig(places.state), now)
    except ValueError as error:
        raise Refusal(f"the certificates in {ours.pki.directory} cannot be read: {error}") from error


def rows(config: Config, places: Places) -> tuple[Row, ...]:
    """Return etcd, the API server, the controllers, and what makes a store of them (its users wait for DEFINITIONS)."""
    ours = plane(config, places)
    further = store.sign_in(config.policy) if ours.audience else []
    define = Task(
        name=DEFINITIONS,
        title="Custom resources and rights",
        run=lambda: store.define(ours.kubeconfig, ours.webhook, ours.pki.believed(pki.ADMISSION).read_bytes(), further),
        after=("kube-apiserver",),
    )
    parts = children(ours, places.run)
    if ours.audience:  # what is not served yet when an API server first asks, it asks for again only after a while
        parts = tuple(
            dataclasses.replace(one, after=(*one.after, SIGN_IN)) if one.name == "kube-apiserver" else one
            for one in parts
        )
    return (*_documents(config, ours, places), *parts, define)


def _documents(config: Config, ours: Plane, places: Places) -> tuple[Child, ...]:
    """Return what serves the sign-in's public documents to the API server, which asks over TLS alone."""
    if not ours.audience:
        return ()
    return (
        Child(
            name=SIGN_IN,
            title="Sign-in, public documents",
            argv=(
                *(sys.executable, "-m", "gurum.identity.issuer"),
                *("--directory", str(public(config.pia.sign_in))),
                *("--host", HOST, "--port", str(config.embedded.kubernetes_port + 5)),
                *("--cert-file", str(ours.pki.leaf("sign-in"))),
            ),
            ready=f"{ours.issuer}/{DISCOVERY}",
            trust=ours.pki.trust(pki.SIGN_IN, "probe"),
            output=places.output("sign-in"),
            environ=ENVIRON,
        ),
    )


def ports(config: Config) -> list[tuple[str, str, int]]:
    """Return (what for, host, port) of all that the rows will listen on."""
    return listening(config.embedded.kubernetes_port)
