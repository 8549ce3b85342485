"""What a member writes with kubectl: one of every kind that is taken up, and one that cannot be, of every kind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from tests.chart.cloud import PATIENCE
from tests.chart.site import Site
from tests.support.kubernetes import kubectl

from gurum.store.kubernetes.kinds import PLACES, SERVER_ACTION, namespace_of

Document = dict[str, Any]

USER = "alice"
REGION = "kr-central-1"


class Wishes:
    """Alice's, in a project."""

    def __init__(self, site: Site, project: str, key: str) -> None:
        self._namespace = namespace_of(project)
        self._kubeconfig: Path = site.plane.user(USER)
        # In an order in which each comes after what it names.
        self._specs: dict[str, Document] = {
            "KeyPair": {"publicKey": key},
            "ServerGroup": {"policy": "affinity"},
            "Network": {"description": "wished for"},
            "Subnet": {"networkRef": "wish", "cidr": "10.70.0.0/24"},
            "SecurityGroup": {"description": "wished for"},
            "SecurityGroupRule": {
                "securityGroupRef": "wish", "direction": "ingress", "protocol": "tcp",
                "portRangeMin": 443, "portRangeMax": 443,
            },
            "Router": {"gateway": {"networkRef": "public"}},
            "Port": {"networkRef": "wish"},
            "FloatingIP": {"floatingNetworkRef": "public"},
            "Server": {"flavorRef": "m1.small", "imageRef": "debian-12", "networks": [{"networkRef": "wish"}]},
        }  # fmt: skip
        member = ("create", "rolebinding", USER, "--clusterrole=gurum-member", f"--user={USER}")
        site.kubectl("-n", self._namespace, *member)

    def make(self) -> None:
        """Wish for all of it, and have it."""
        self._apply([self._wish(kind, "wish", {"region": REGION} | spec) for kind, spec in self._specs.items()])
        for kind in self._specs:
            self._until(kind, "wish", lambda one: bool(one["spec"].get("id")))
        self._until("Server", "wish", lambda one: one.get("status", {}).get("vmState") == "active")
        self._apply([self._wish("ServerAction", "reboot",
                                {"serverRef": "wish", "action": "reboot", "ttlSecondsAfterFinished": 1})])  # fmt: skip
        self._until_gone("ServerAction", "reboot")
        self._apply([self._wish(kind, "wrong", {"region": "nowhere"} | spec) for kind, spec in self._specs.items()])
        for kind in self._specs:
            self._until(kind, "wrong", lambda one: bool(one.get("status", {}).get("conditions")))

    def remove(self) -> None:
        """Remove it."""
        for kind in reversed(self._specs):
            self._kubectl("delete", _word(kind), "wish", "wrong", "--wait=false")
            self._until_gone(kind, "wish")

    def _wish(self, kind: str, name: str, spec: Document) -> Document:
        place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
        meta = {"name": name, "namespace": self._namespace}
        return {"apiVersion": place.api_version, "kind": kind, "metadata": meta, "spec": spec}

    def _apply(self, documents: list[Document]) -> None:
        kubectl(self._kubeconfig, "apply", "-f", "-", stdin=yaml.safe_dump_all(documents))

    def _kubectl(self, *words: str) -> str:
        return kubectl(self._kubeconfig, "-n", self._namespace, *words).stdout

    def _until(self, kind: str, name: str, wanted: Callable[[Document], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not wanted(found := json.loads(self._kubectl("get", _word(kind), name, "-o", "json"))):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{kind} {name}: {found.get('status')}")
            time.sleep(0.5)

    def _until_gone(self, kind: str, name: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._kubectl("get", _word(kind), name, "--ignore-not-found", "-o", "name"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{kind} {name} does not go")
            time.sleep(0.5)


def _word(kind: str) -> str:
    place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
    return f"{place.plural}.{place.group}"
