"""The operations that are the same for every kind: do it through one face, read it through the other, compare."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.faces.hands import PATIENCE, Api, Document, Person, condition
from tests.faces.table import API, KUBECTL, Table

from gurum.store.kubernetes.kinds import PLACES, SERVER_ACTION


@dataclass(frozen=True)
class Noun:
    """A kind through both faces: the API's collection, its key of a body, and its word for an object's name."""

    kind: str
    path: str
    name: str
    key: str = "id"  # by which the API finds one


NOUNS = {
    noun.kind: noun
    for noun in (
        Noun("Network", "/network/v2.0/networks", "network"),
        Noun("Subnet", "/network/v2.0/subnets", "subnet"),
        Noun("Port", "/network/v2.0/ports", "port"),
        Noun("SecurityGroup", "/network/v2.0/security-groups", "security_group"),
        Noun("SecurityGroupRule", "/network/v2.0/security-group-rules", "security_group_rule"),
        Noun("Router", "/network/v2.0/routers", "router"),
        Noun("FloatingIP", "/network/v2.0/floatingips", "floatingip"),
        Noun("Server", "/compute/v2.1/servers", "server"),
        Noun("ServerGroup", "/compute/v2.1/os-server-groups", "server_group"),
        Noun("KeyPair", "/compute/v2.1/os-keypairs", "keypair", key="name"),
    )
}


def resource(kind: str) -> str:
    """Return kubectl's unmistakable word for a kind."""
    place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
    return f"{place.plural}.{place.group}"


class Deeds:
    """Both faces of one region, and the table."""

    def __init__(self, api: Api, person: Person, table: Table) -> None:
        self.api, self.person, self.table = api, person, table

    def wish(self, kind: str, name: str, spec: Mapping[str, Any]) -> Document:
        """Return what a person writes."""
        place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
        where = {} if kind == "ServerAction" else {"region": self.api.region}
        meta = {"name": name, "namespace": self.person.namespace}
        return {"apiVersion": place.api_version, "kind": kind, "metadata": meta, "spec": where | dict(spec)}

    def apply(self, kind: str, name: str, spec: Mapping[str, Any]) -> str:
        """Make an object with kubectl, unjudged; return its id."""
        self.person.ok("apply", document=self.wish(kind, name, spec))
        return self.person.admitted(resource(kind), name)

    def shown(self, kind: str, uid: str) -> Any:
        """Return an object as the API shows it; empty if it does not."""
        noun = NOUNS[kind]
        said = self.api.call("GET", f"{noun.path}/{uid}")
        return said.body[noun.name] if said.status == 200 else {}

    def by_kubectl(
        self, kind: str, name: str, spec: Mapping[str, Any], wanted: Mapping[str, Any], what: str = "create"
    ) -> str:
        """Create with kubectl; the API must show it so. Return its id."""
        uid = self.apply(kind, name, spec)
        found = self.shown(kind, name if NOUNS[kind].key == "name" else uid)
        self.table.same(kind, what, KUBECTL, API, dict(wanted), {field: found.get(field) for field in wanted})
        return uid

    def by_api(self, kind: str, body: Mapping[str, Any], wanted: Mapping[str, Any], what: str = "create") -> str:
        """Create with the API; kubectl must show it so. Return its id, which is its name there."""
        noun = NOUNS[kind]
        made = self.api.ok("POST", noun.path, {noun.name: dict(body)})[noun.name]
        uid = str(made.get("id") or "")
        name = uid
        if kind == "KeyPair":
            # It is its user's, so it is in no project's namespace: what the person sees of it is that it may be used.
            return name
        found = self.person.until(resource(kind), name, lambda one: one.get("spec"))
        spec = found.get("spec", {})
        self.table.same(kind, what, API, KUBECTL, dict(wanted), {field: spec.get(field) for field in wanted})
        return uid

    def changed_by_kubectl(self, kind: str, name: str, patch: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Change with kubectl; the API must show it so."""
        uid = self.person.admitted(resource(kind), name)
        done = self.person.run("patch", resource(kind), name, "--type=merge", "-p", json.dumps({"spec": dict(patch)}))
        found: Any = {}
        deadline = time.monotonic() + PATIENCE / 3
        while time.monotonic() < deadline:
            found = self.shown(kind, uid)
            if all(found.get(field) == value for field, value in wanted.items()):
                break
            time.sleep(0.1)
        shown = {field: found.get(field) for field in wanted} if done.returncode == 0 else done.stderr
        self.table.same(kind, f"change {', '.join(wanted)}", KUBECTL, API, dict(wanted), shown)

    def changed_by_api(
        self, kind: str, name: str, body: Mapping[str, Any], wanted: Mapping[str, Any], at: str = ""
    ) -> None:
        """Change with the API; kubectl must show it so."""
        noun, uid = NOUNS[kind], self.person.admitted(resource(kind), name)
        whole = dict(body) if at else {noun.name: dict(body)}
        self.api.ok("PUT", f"{noun.path}/{uid}{at}", whole)

        def there(one: Document) -> bool:
            return all(one.get("spec", {}).get(field) == value for field, value in wanted.items())

        found = self.person.until(resource(kind), name, there, PATIENCE / 3).get("spec", {})
        shown = {field: found.get(field) for field in wanted}
        self.table.same(kind, f"change {', '.join(wanted)}", API, KUBECTL, dict(wanted), shown)

    def wrong(
        self, kind: str, name: str, spec: Mapping[str, Any], body: Mapping[str, Any], what: str, reason: str,
        further: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Wish with kubectl what the API refuses: the object must say so, in the API's words. It is removed again."""
        noun = NOUNS[kind]
        said = self.api.call("POST", noun.path, {noun.name: dict(body), **(further or {})})
        self.person.ok("apply", document=self.wish(kind, name, spec))
        found = condition(self.person.until(resource(kind), name, condition))
        self.table.refused(kind, f"create: {what}", said.text, str(found.get("message", "")))
        self.table.same(kind, f"create: {what}: reason", KUBECTL, API, reason, str(found.get("reason")))
        self.person.ok("delete", resource(kind), name)

    def fixed(self, kind: str, name: str, patch: Mapping[str, Any], body: Mapping[str, Any] | str, what: str) -> None:
        """Change with kubectl what the API does not let change: the same words (or these, where it has no request)."""
        if isinstance(body, str):
            text = body
        else:
            noun, uid = NOUNS[kind], self.person.admitted(resource(kind), name)
            text = self.api.call("PUT", f"{noun.path}/{uid}", {noun.name: dict(body)}).text
        done = self.person.run("patch", resource(kind), name, "--type=merge", "-p", json.dumps({"spec": dict(patch)}))
        self.table.refused(kind, f"change: {what}", text, done.stderr if done.returncode else "allowed")

    def in_use(self, kind: str, name: str, what: str = "in use") -> None:
        """Delete with both faces what cannot be deleted: the same words, and it is there."""
        noun, uid = NOUNS[kind], self.person.admitted(resource(kind), name)
        text = self.api.call("DELETE", f"{noun.path}/{uid}").text
        done = self.person.run("delete", resource(kind), name, "--wait=false")
        self.table.refused(kind, f"delete: {what}", text, done.stderr if done.returncode else "allowed")

    def owned(self, kind: str, name: str, field: str, value: str, body: Mapping[str, Any]) -> None:
        """Have another manager apply a field; the API must refuse to change it, and name the owner."""
        noun, uid = NOUNS[kind], self.person.admitted(resource(kind), name)
        document = self.wish(kind, name, {field: value})
        del document["spec"]["region"]
        self.person.ok("apply", "--server-side", "--force-conflicts", "--field-manager=argocd", document=document)
        said = self.api.call("PUT", f"{noun.path}/{uid}", {noun.name: dict(body)})
        wanted = f"spec.{field} of {kind} '{uid}' is managed by 'argocd': change it there"
        self.table.refused(kind, "change: another manager's field", wanted, said.text, done=API, read=KUBECTL)
        self.table.same(kind, "change: another manager's field: status", API, KUBECTL, 409, said.status)

    def gone_by_kubectl(self, kind: str, name: str) -> None:
        """Delete with kubectl; the API must not show it any more."""
        uid = self.person.admitted(resource(kind), name)
        key = name if NOUNS[kind].key == "name" else uid
        done = self.person.run("delete", resource(kind), name, "--timeout=60s")
        status: int | str = self.api.call("GET", f"{NOUNS[kind].path}/{key}").status
        self.table.same(kind, "delete", KUBECTL, API, 404, done.stderr if done.returncode else status)

    def gone_by_api(self, kind: str, name: str) -> None:
        """Delete with the API; kubectl must not show it any more."""
        uid = self.person.admitted(resource(kind), name)
        key = name if NOUNS[kind].key == "name" else uid
        self.api.ok("DELETE", f"{NOUNS[kind].path}/{key}")
        found = self.person.until(resource(kind), name, lambda one: not one)
        self.table.same(kind, "delete", API, KUBECTL, {}, found)

    def taken(self, kind: str, name: str, spec: Mapping[str, Any]) -> None:
        """Create with kubectl under a name that an object of the namespace has: Kubernetes refuses that itself."""
        done = self.person.run("create", document=self.wish(kind, name, spec))
        self.table.refused(kind, "create: the name is taken", "already exists", done.stderr, read=KUBECTL)
