"""Plays the kubelet: starts what a Deployment of the API server says, as local processes.

As in a cluster: command, arguments and environment are the container's and nothing is added but what a kubelet adds;
volumes are filled from the ConfigMaps and Secrets that the API server holds, with their modes; the token is the service
account's own, asked for by TokenRequest; probes and the grace period are the pod's.

Not as in a cluster: a volume lies below the pod's directory, so its path is replaced wherever it is named; the pod's
address is 127.0.0.1 and each of its ports another; there is no image but this environment's programs, and the file
system is not read-only (what is open for writing is looked at instead). Where this user is root and the pod's may run
this Python, it is the pod's; else this one. Nothing limits the memory.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from tests.support.kubernetes import kubectl
from tests.support.stack import free_ports

from gurum.supervisor.kubernetes.plane import ControlPlane
from gurum.supervisor.process import die_with_parent

Document = dict[str, Any]

ANY_ADDRESS, HERE = "0.0.0.0", "127.0.0.1"
READY_SECONDS = 600.0


@functools.cache
def may_be(user: int) -> bool:
    """Whether a process may run as that user here: root alone may say so, and it must reach this Python."""
    if os.geteuid() != 0:
        return False
    try:
        return subprocess.run([sys.executable, "-c", ""], user=user, group=user, extra_groups=[]).returncode == 0
    except PermissionError:
        return False


class Pod:
    """A running pod. `labels` are what Services choose it by."""

    def __init__(self, name: str, document: Document, directory: Path, ports: Mapping[int, int]) -> None:
        self.name, self.directory = name, directory
        self.labels: dict[str, str] = document["metadata"]["labels"]
        self._spec: Document = document["spec"]
        (self._container,) = self._spec["containers"]
        self._ports = ports
        self.command: list[str] = []
        self.environ: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start its process: for the first time, or again."""
        with (self.directory / "output").open("ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.directory,
                env=self.environ, preexec_fn=die_with_parent(), **self.identity(),
            )  # fmt: skip

    @property
    def ended(self) -> bool:
        """Whether its process has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    @property
    def account(self) -> str:
        """Its service account."""
        return str(self._spec["serviceAccountName"])

    def identity(self) -> dict[str, Any]:
        """Return as whom its process runs, in subprocess's words; nothing where that is not ours to choose."""
        security = self._spec["securityContext"]
        assert security["runAsNonRoot"]
        who = {"user": security["runAsUser"], "group": security["runAsGroup"], "extra_groups": [security["fsGroup"]]}
        return who if may_be(security["runAsUser"]) else {}

    def own(self, path: Path, mode: int) -> None:
        """Give a file or directory of a volume the owner and mode that a kubelet gives it."""
        if self.identity():
            writable = path.is_dir()
            group = self._spec["securityContext"]["fsGroup"]
            os.chown(path, self._spec["securityContext"]["runAsUser"] if writable else 0, group)
            path.chmod(mode)
        else:
            path.chmod(mode | stat.S_IWUSR)

    def port(self, name: str) -> int:
        """Return where a port of the container is on this machine. Raises StopIteration for one that it has not."""
        return next(self._ports[one["containerPort"]] for one in self._container["ports"] if one["name"] == name)

    @property
    def output(self) -> str:
        """What it printed so far: its log."""
        return (self.directory / "output").read_text()

    def probe(self, kind: str) -> str:
        """Return why a probe fails, empty if it does not."""
        http = self._container[kind]["httpGet"]
        url = f"{http.get('scheme', 'HTTP').lower()}://{HERE}:{self.port(http['port'])}{http['path']}"
        try:
            with urllib.request.urlopen(url, timeout=self._container[kind]["timeoutSeconds"]):
                return ""
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read().decode()}"
        except OSError as error:
            return str(error)

    def trouble(self, lines: int = 5) -> str:
        """Return the last lines of its log that are worse than information."""
        worse = [line for line in self.output.splitlines() if not line.startswith("{") or '"level":"info"' not in line]
        return "\n".join(worse[-lines:])

    def missing(self) -> str:
        """Return why it is not ready, empty if it is. Raises RuntimeError with its log if it has ended."""
        if self.process is None or self.ended:
            raise RuntimeError(f"{self.name} has ended: {self.output[-3000:]}")
        return self.probe("startupProbe") or self.probe("livenessProbe") or self.probe("readinessProbe")

    def stop(self) -> float:
        """Tell it to go, as a kubelet does after preStop; return the seconds that it took.

        Raises RuntimeError if it has to be killed or ends otherwise than in order.
        """
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        grace = self._spec["terminationGracePeriodSeconds"]
        sleep = self._container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        try:
            status = self.process.wait(grace - sleep)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"{self.name} is not gone within its grace period: {self.output[-2000:]}") from None
        self.process = None
        if status:
            raise RuntimeError(f"{self.name} ended with exit status {status}: {self.output[-2000:]}")
        return time.monotonic() - began

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Kubelet:
    """Starts pods of one namespace. `claims`: where the PersistentVolumeClaims are on this machine."""

    def __init__(self, plane: ControlPlane, namespace: str, directory: Path, claims: Mapping[str, Path]) -> None:
        self._plane, self._namespace, self._directory, self._claims = plane, namespace, directory, claims
        self._number = 0

    def deployments(self) -> list[Document]:
        """Return the Deployments as the API server holds them."""
        return list(self._ask("get", "deployments")["items"])

    def services(self) -> list[Document]:
        """Return the Services."""
        return list(self._ask("get", "services")["items"])

    def start(self, deployment: Document) -> Pod:
        """Start a pod of it. It is ended with this process, however that ends."""
        self._number += 1
        template, name = deployment["spec"]["template"], f"{deployment['metadata']['name']}-{self._number}"
        (container,) = template["spec"]["containers"]
        root = self._directory / name
        root.mkdir(parents=True)
        numbers = [one["containerPort"] for one in container["ports"]]
        pod = Pod(name, template, root, dict(zip(numbers, free_ports(len(numbers)), strict=True)))
        mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert set(mounts) == {one["name"] for one in template["spec"]["volumes"]}, "a volume that is not mounted"
        for volume in template["spec"]["volumes"]:
            place = root / mounts[volume["name"]].lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            self._fill(volume, place, pod, list(mounts.values()))
        host = self._plane.url.removeprefix("https://")
        given = {one["name"]: self._moved(one["value"], root, mounts.values()) for one in container.get("env", ())}
        environ = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "KUBERNETES_SERVICE_HOST": host.partition(":")[0],
            "KUBERNETES_SERVICE_PORT": host.partition(":")[2],
            **given,
        }
        words = [self._moved(one, root, mounts.values()) for one in (*container["command"], *container.get("args", ()))]
        pod.command = [shutil.which(words[0], path=environ["PATH"]) or words[0], *words[1:]]
        pod.environ = environ
        pod.run()
        return pod

    def _fill(self, volume: Document, place: Path, pod: Pod, mounts: list[str]) -> None:
        if "persistentVolumeClaim" in volume:
            claim = self._claims[volume["persistentVolumeClaim"]["claimName"]]
            pod.own(claim, 0o770)
            place.symlink_to(claim)
            return
        place.mkdir()
        if "emptyDir" in volume:
            pod.own(place, 0o770)
            return
        sources = volume["projected"]["sources"] if "projected" in volume else [volume]
        mode = (volume.get("projected") or volume.get("secret") or volume["configMap"]).get("defaultMode", 0o644)
        for source in sources:
            for name, content in self._files(source, pod):
                if name.endswith(".yaml"):
                    content = self._document(content, pod, mounts)
                file = place / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                pod.own(file, mode)

    def _files(self, source: Document, pod: Pod) -> Iterator[tuple[str, bytes]]:
        if "serviceAccountToken" in source:
            wanted = source["serviceAccountToken"]
            yield wanted["path"], self._token(pod, wanted).encode()
            return
        kind = "secret" if "secret" in source else "configMap"
        said = source[kind]
        held = self._ask("get", kind.lower(), said.get("secretName") or said["name"])["data"]
        for key, path in [(o["key"], o["path"]) for o in said.get("items", ())] or [(key, key) for key in held]:
            yield path, b64decode(held[key]) if kind == "secret" else held[key].encode()

    def _token(self, pod: Pod, wanted: Document) -> str:
        words = ("create", "token", pod.account, "--duration", f"{wanted['expirationSeconds']}s")
        return kubectl(self._plane.kubeconfig, "-n", self._namespace, *words).stdout.strip()

    def _document(self, content: bytes, pod: Pod, mounts: list[str]) -> bytes:
        def here(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: here(inner) for name, inner in value.items()}
            if isinstance(value, list):
                return [here(inner) for inner in value]
            if isinstance(value, str):
                return HERE if value == ANY_ADDRESS else self._moved(value, pod.directory, mounts)
            return pod._ports.get(value, value) if isinstance(value, int) else value

        return yaml.safe_dump(here(yaml.safe_load(content))).encode()

    @staticmethod
    def _moved(text: str, root: Path, mounts: Any) -> str:
        for mount in sorted(mounts, key=len, reverse=True):
            for before in ("", "kubernetes://"):
                if text == f"{before}{mount}" or text.startswith(f"{before}{mount}/"):
                    return f"{before}{root}{text.removeprefix(before)}"
        return text

    def _ask(self, *words: str) -> Document:
        done = kubectl(self._plane.kubeconfig, "-n", self._namespace, *words, "-o", "json")
        found: Document = json.loads(done.stdout)
        return found
