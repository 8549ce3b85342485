"""A whole site: a control plane, Keystone, a cloud, a journal; and in it the chart, installed and running.

What is outside of the cluster (Keystone, AWS's emulator, PostgreSQL) is started as `gurum up` and the tests start it;
the processes of the chart are started by `kubelet` alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import yaml
from tests.chart.kubelet import READY_SECONDS, Kubelet, Pod
from tests.chart.render import CHART, NAMESPACE, RELEASE
from tests.chart.rights import Asked, Right, asked, granted
from tests.chart.service import Services
from tests.support import postgresql
from tests.support.kubernetes import control_plane, helm, kubectl, programs
from tests.support.stack import document

from gurum.ops import secrets
from gurum.ops.config import Config, embedded_kubeconfig, load
from gurum.store.kubernetes.kinds import USER_DATA
from gurum.supervisor import people, plan
from gurum.supervisor.kubernetes import pki
from gurum.supervisor.kubernetes.plane import ControlPlane
from gurum.supervisor.places import Places
from gurum.supervisor.prepare import prepare
from gurum.supervisor.process import die_with_parent
from gurum.supervisor.rows import Child, Row

Document = dict[str, Any]

# Who works with the cluster beside the processes, by their contexts' names: who looks, and who types commands.
PEOPLE = {"operator": "gurum-operator", "gurum": "gurum-commands"}
RESTRICTED = {f"pod-security.kubernetes.io/{how}": "restricted" for how in ("enforce", "warn")}
# What a site in a hurry has otherwise than a company's: shorter waits, for nobody's AWS is that slow here.
HASTE: Document = {"sweep": 5.0, "resync": 30.0, "backoff_max": 2.0}
CLOUD = {"idle_interval": 4.0, "observe_interval": 1.0, "visibility_window": 2.0}


@dataclass
class Site:
    """What stands, and what runs in it."""

    plane: ControlPlane
    places: Places
    config: Config
    values: Document
    kubelet: Kubelet
    directory: Path
    pods: list[Pod] = field(default_factory=list)
    forgiving: bool = False  # a pod that ends by itself is started again, as a kubelet does; else that is an error

    def kubectl(self, *words: str, stdin: str = "") -> str:
        """Run kubectl as the administrator; return what it says."""
        return kubectl(self.plane.kubeconfig, *words, stdin=stdin).stdout

    def gurum(self, *words: str) -> str:
        """Run an operator's command; return what it says. Raises RuntimeError if it fails."""
        command = [str(Path(sys.executable).parent / "gurum"), *words, "--state", str(self.places.state)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"gurum {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout + done.stderr

    def install(self) -> str:
        """Install the chart, or bring the release to the values as they are now; return what Helm says."""
        file = self.directory / "values.yaml"
        file.write_text(yaml.safe_dump(self.values))
        words = ("upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", str(file))
        done = helm(*words, kubeconfig=self.plane.kubeconfig)
        return done.stdout + done.stderr

    def roll(self) -> float:
        """Replace every pod by one of its Deployment as it is now, as a rolling upgrade does; return the slowest stop.

        The first call starts them.
        """
        slowest = 0.0
        for deployment in self.kubelet.deployments():
            selected = deployment["spec"]["selector"]["matchLabels"]
            old = [pod for pod in self.pods if selected.items() <= pod.labels.items()]
            new = [self.kubelet.start(deployment) for _ in range(deployment["spec"]["replicas"])]
            self.pods += new
            if "engine" in selected.values():
                slowest = max(slowest, *(self._end(pod) for pod in old), 0.0)
                old = []
            self._until_available(deployment, new)
            slowest = max(slowest, *(self._end(pod) for pod in old), 0.0)
        return slowest

    def crash(self, component: str) -> Document:
        """Kill the pods of a Deployment at once; return it, for `start`."""
        deployment = next(
            one for one in self.kubelet.deployments()
            if one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] == component
        )  # fmt: skip
        selected = deployment["spec"]["selector"]["matchLabels"]
        for pod in [pod for pod in self.pods if selected.items() <= pod.labels.items()]:
            pod.kill()
            self.pods.remove(pod)
        return deployment

    def start(self, deployment: Document) -> None:
        """Start the pods of a Deployment; return when they are ready."""
        new = [self.kubelet.start(deployment) for _ in range(deployment["spec"]["replicas"])]
        self.pods += new
        self._until_available(deployment, new)

    def rewind(self, lost: Callable[[], None], after: Callable[[], bool]) -> None:
        """Crash the cluster and put it back from a copy of a moment ago.

        lost: does what will not have happened; after: whether the processes have seen to it.
        """
        plane, data = self.plane, self.plane.plane.directory / "etcd"
        copy = self.directory / "copy"
        plane.signal("etcd", signal.SIGSTOP)  # what it has written by now, as a snapshot of its disk would show it
        try:
            shutil.copytree(data, copy)
        finally:
            plane.signal("etcd", signal.SIGCONT)
        lost()
        for component in reversed(plane.components):
            plane.kill(component)
        shutil.rmtree(data)
        copy.rename(data)
        plane.start()
        self.until(after)

    @staticmethod
    def until(there: Callable[[], object], patience: float = 120.0) -> None:
        """Return when it holds. Raises TimeoutError."""
        deadline = time.monotonic() + patience
        while not there():
            if time.monotonic() > deadline:
                raise TimeoutError("it does not come to that")
            time.sleep(0.2)

    def endpoints(self, service: Document) -> list[int]:
        """Return where the pods are that a Service leads to."""
        selector, (port,) = service["spec"]["selector"].items(), service["spec"]["ports"]
        chosen = [pod for pod in self.pods if selector <= pod.labels.items() and pod.process is not None]
        return [pod.port(port["targetPort"]) for pod in chosen]

    def granted(self) -> set[Right]:
        """Return what the service accounts may do, as the API server has it."""
        bindings = json.loads(self.kubectl("get", "clusterrolebindings", "-o", "json"))["items"]
        roles = json.loads(self.kubectl("get", "clusterroles", "-o", "json"))["items"]
        everywhere = granted(bindings, {role["metadata"]["name"]: role for role in roles}, NAMESPACE)
        return everywhere | self._sealed()

    def _sealed(self) -> set[Right]:
        """Return what they may do in the namespace of the Secrets that keep user data."""
        kinds = ("get", "rolebindings,roles", "--namespace", USER_DATA, "-o", "json")
        found = json.loads(self.kubectl(*kinds))["items"]
        roles = {one["metadata"]["name"]: one for one in found if one["kind"] == "Role"}
        return granted([one for one in found if one["kind"] == "RoleBinding"], roles, NAMESPACE)

    def asked(self, offset: int = 0) -> Asked:
        """Return what they did since the audit log was so long."""
        return asked(self.plane.plane.audit_log, NAMESPACE, offset)

    def token(self, cloud: str) -> str:
        """Log in as the user of a cloud of `clouds.yaml`."""
        auth = yaml.safe_load(self.places.clouds.read_text())["clouds"][cloud]["auth"]
        user = {"name": auth["username"], "domain": {"id": "default"}, "password": auth["password"]}
        scope = {"project": {"name": auth["project_name"], "domain": {"id": "default"}}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        request = urllib.request.Request(
            f"{self.config.identity.url}/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.headers["X-Subject-Token"])

    def kill(self) -> None:
        """End every pod at once."""
        for pod in self.pods:
            pod.kill()

    def _until_available(self, deployment: Document, pods: list[Pod]) -> None:
        """Return when as many are ready as Kubernetes wants before it calls a Deployment available."""
        wanted = len(pods) - deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
        deadline = time.monotonic() + READY_SECONDS
        while True:
            for pod in pods:
                if self.forgiving and pod.ended:
                    pod.run()
            if sum(not self._missing(pod) for pod in pods) >= wanted:
                return
            if time.monotonic() > deadline:
                raise RuntimeError("\n".join(f"{pod.name}: {pod.missing()}\n{pod.output[-2000:]}" for pod in pods))
            time.sleep(0.2)

    def _missing(self, pod: Pod) -> str:
        """Return why a pod is not ready. Raises RuntimeError if it has ended and nobody starts it again."""
        return "it has ended" if self.forgiving and pod.ended else pod.missing()

    def _end(self, pod: Pod) -> float:
        self.pods.remove(pod)
        try:
            return pod.stop()
        except RuntimeError:
            if not self.forgiving:
                raise
            return 0.0  # it could not do what it does before it goes


@contextmanager
def standing(directory: Path) -> Iterator[Site]:
    """Give a site with the chart installed in it; `roll` starts its pods. In the end nothing is left."""
    with ExitStack() as ends:
        plane = ends.enter_context(control_plane(audit=True))
        url = ends.enter_context(postgresql.server())
        admin = ends.enter_context(postgresql.administered(url))
        journal = ends.enter_context(postgresql.schema(admin))
        places = Places(directory / "var")
        places.state.mkdir(parents=True)
        kubeconfig = embedded_kubeconfig(places.state)
        written = document(lambda made: _hasten(made, f"kubernetes://{kubeconfig}", journal))
        places.config.write_text(yaml.safe_dump(written))
        config = load(places.config, {}, state=places.state)
        prepare(config, places)
        secrets.directory(kubeconfig.parent)
        pki.shared(plane.plane.pki, plane.url, PEOPLE, kubeconfig, datetime.now(UTC))
        for row in plan.rows(config, places):
            if row.name not in ("engine", "pia"):
                _start(row, ends)
        claim = directory / "claims"
        claim.mkdir()
        directory.chmod(0o755)  # pods have a user of their own, and way leads through here
        if socket := parse_qs(urlsplit(journal).query).get("host"):
            Path(socket[0]).chmod(0o755)
        kubelet = Kubelet(plane, NAMESPACE, directory / "pods", {"simulated": claim})
        cluster = msgspec.structs.replace(
            config.embedded, kubernetes=True, kubernetes_programs=str(programs())
        )  # the tour shows kubectl's answers where there is a control plane
        shown = msgspec.structs.replace(config, embedded=cluster)
        site = Site(plane, places, shown, _values(written, config, journal), kubelet, directory)
        _prepared(site, config)
        site.install()
        services = ends.enter_context(Services())
        for region in config.regions:
            service = next(
                one for one in kubelet.services()
                if one["metadata"]["labels"].get("gurum.cloud/region") == region.name
            )  # fmt: skip
            services.serve(region.port, lambda service=service: site.endpoints(service))  # type: ignore[misc] # mypy and defaults
        ends.callback(site.kill)
        yield site


def _hasten(written: Document, store: str, journal: str) -> None:
    written.pop("audit", None)  # a directory of a machine that stays, which no pod has
    written["embedded"]["aws_emulator_settings"]["quotas"] = {"vpcs": 20, "addresses": 50}
    written["store"] = {"url": store, "journal_url": journal}
    for region in written["regions"]:
        if "aws" in region:
            numbers = [account["number"] for account in region["aws"]["accounts"]]
            stored = [{"number": n, "credentials_file": f"${{state}}/secrets/aws-{n}.json"} for n in numbers]
            region["aws"] |= CLOUD | {"accounts": stored}  # the chart knows accounts by stored keys alone


def _values(written: Document, config: Config, journal: str) -> Document:
    """Return what the chart is told of this site."""
    regions, credentials = [], []
    for region in written["regions"]:
        told = {name: value for name, value in region.items() if name not in ("port", "host", "simulation")}
        told["public_url"] = people.base_url(config.region(region["name"]))
        if region["provider"] == "simulated":
            told["simulation"] = {"state": "/simulated/cloud.sqlite"}
        for account in told.get("aws", {}).get("accounts", ()):
            told["aws"] = {**told["aws"], "accounts": [{"number": account["number"]}]}
            name = f"aws-{account['number']}"
            credentials.append({"account": account["number"], "existingSecret": {"name": name}})
        regions.append(told)
    return {
        "identity": {"url": config.identity.url, "existingSecret": {"name": "identity"}},
        "journal": {"url": journal},
        "tokenKey": {"existingSecret": {"name": "token-key"}},
        "awsCredentials": credentials,
        "engine": {
            "volumes": [{"name": "simulated", "persistentVolumeClaim": {"claimName": "simulated"}}],
            "volumeMounts": [{"name": "simulated", "mountPath": "/simulated"}],
        },
        "config": {"engine": HASTE, "regions": regions},
    }


def _prepared(site: Site, config: Config) -> None:
    """Make what an administrator makes before the chart, and what a whole cluster has that this one lacks."""
    texts = {
        ("ConfigMap", "kube-root-ca.crt"): {"ca.crt": site.plane.plane.pki.believed(pki.API).read_text()},
        ("Secret", "identity"): {"password": secrets.read(Path(config.identity.service_password_file))},
        ("Secret", "token-key"): {"token-key": secrets.read(Path(config.engine.token_key_file))},
        **{
            ("Secret", f"aws-{account.number}"): {"credentials.json": Path(account.credentials_file).read_text()}
            for region in config.regions if region.aws for account in region.aws.accounts
        },
    }  # fmt: skip
    documents: list[Document] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": RESTRICTED}}
    ]
    for (kind, name), data in texts.items():
        field_ = "stringData" if kind == "Secret" else "data"
        meta = {"name": name, "namespace": NAMESPACE}
        documents.append({"apiVersion": "v1", "kind": kind, "metadata": meta, field_: data})
    for user, role in PEOPLE.items():
        documents.append({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"person-{user}"},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}],
            "roleRef": {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": role},
        })  # fmt: skip
    site.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(documents))


def _start(row: Row, ends: ExitStack) -> None:
    """Start a part that is not the chart's, or do a task; return when it is ready."""
    if not isinstance(row, Child):
        asyncio.run(row.run())  # type: ignore[arg-type] # a coroutine, which is all that tasks have
        return
    with row.output.open("ab") as output:
        environ = {name: os.environ[name] for name in row.environ if name in os.environ}
        process = subprocess.Popen(
            row.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ,
            preexec_fn=die_with_parent(),
        )  # fmt: skip
    ends.callback(process.wait)
    ends.callback(process.terminate)
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(row.ready, timeout=5):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{row.title}: {row.output.read_text()[-2000:]}") from None
            time.sleep(0.1)
