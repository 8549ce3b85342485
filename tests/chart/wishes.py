"""A project's member with kubectl: what is taken up, what is not and why, and a verb."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.adopt.company import public_key
from tests.chart.site import Site
from tests.support.kubernetes import kubectl

from gurum.store.kubernetes.kinds import PLACES, SERVER_ACTION, namespace_of

Document = dict[str, Any]

PATIENCE = 240.0
# What each kind must say; a region that there is not is why none of them is taken up.
NOWHERE: dict[str, Document] = {
    "Network": {},
    "Subnet": {"networkRef": "deed", "cidr": "10.90.0.0/24"},
    "SecurityGroup": {},
    "SecurityGroupRule": {"securityGroupRef": "deed", "direction": "ingress"},
    "Port": {"networkRef": "deed"},
    "Router": {},
    "FloatingIP": {"floatingNetworkRef": "public"},
    "ServerGroup": {"policy": "affinity"},
    "KeyPair": {"publicKey": public_key(1)},
    "Server": {"flavorRef": "m1.small", "imageRef": "debian-12"},
}


class Wishes:
    """One member's, who signs in at the API server by a certificate in the name of the OpenStack user."""

    def __init__(self, site: Site, project: str, user: str) -> None:
        self._site, self._namespace = site, namespace_of(project)
        self._kubeconfig = site.plane.user(user)
        self._region, self._user = site.config.regions[0].name, user

    def bind(self) -> None:
        """Give them a member's role in the project's namespace, which must be there."""
        group = "rbac.authorization.k8s.io"
        bound = {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "deeds", "namespace": self._namespace},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "gurum-member"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": self._user}],
        }
        self._site.kubectl("apply", "-f", "-", stdin=json.dumps(bound))

    def refused(self) -> None:
        """Write one of each kind that is not taken up, see it say why, and withdraw them."""
        wishes = [self._wish(kind, "nowhere", {"region": "nowhere", **spec}) for kind, spec in NOWHERE.items()]
        self._run("apply", *wishes)
        for kind in NOWHERE:
            self._until(_resource(kind), "nowhere", lambda one: _why(one) == "Region nowhere could not be found.")
        self._run("delete", *wishes)

    def taken_up(self, group: str) -> None:
        """Write a key pair and a rule of a security group that are taken up, and remove them."""
        rule = {"securityGroupRef": group, "direction": "ingress", "protocol": "tcp", "portRangeMin": 22}
        wishes = [
            self._wish("KeyPair", "wish", {"region": self._region, "publicKey": public_key(2)}),
            self._wish("SecurityGroupRule", "wish", {"region": self._region, **rule, "portRangeMax": 22}),
        ]
        self._run("apply", *wishes)
        for one in wishes:
            self._until(_resource(one["kind"]), "wish", lambda found: found.get("spec", {}).get("id"))
        self._run("delete", *wishes)

    def act(self, server: str) -> None:
        """Ask for a verb of a server, see it done, and see what asked for it go by itself."""
        verb = self._wish("ServerAction", "wish", {"serverRef": server, "action": "unlock"})
        verb["spec"]["ttlSecondsAfterFinished"] = 3
        self._run("create", verb)
        self._until(_resource("ServerAction"), "wish", lambda one: one.get("status", {}).get("outcome") == "Success")
        self._until(_resource("ServerAction"), "wish", lambda one: not one)

    def _wish(self, kind: str, name: str, spec: Document) -> Document:
        place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
        meta = {"name": name, "namespace": self._namespace}
        return {"apiVersion": place.api_version, "kind": kind, "metadata": meta, "spec": spec}

    def _run(self, verb: str, *documents: Document) -> None:
        more = ("--wait=false",) if verb == "delete" else ()
        kubectl(self._kubeconfig, verb, *more, "-f", "-", stdin="\n---\n".join(map(json.dumps, documents)))

    def _until(self, resource: str, name: str, there: Callable[[Document], Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not there(found := self._seen(resource, name)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{resource} {name} stays {found}")
            time.sleep(0.2)

    def _seen(self, resource: str, name: str) -> Document:
        words = ("-n", self._namespace, "get", resource, name, "-o", "json", "--ignore-not-found")
        text = kubectl(self._kubeconfig, *words).stdout
        return dict(json.loads(text)) if text else {}


def _resource(kind: str) -> str:
    place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
    return f"{place.plural}.{place.group}"


def _why(document: Document) -> str:
    conditions = document.get("status", {}).get("conditions", [])
    return next((str(one["message"]) for one in conditions if one["status"] == "False"), "")
