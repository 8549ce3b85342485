"""The applications of `examples/`, as their pages say: applied by a person, and kept at a tree by Argo CD's rules."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faces import gitops
from tests.faces.deeds import Deeds, resource
from tests.faces.hands import PATIENCE, Document
from tests.faces.table import API, KUBECTL

EXAMPLES = Path(__file__).parents[2] / "examples" / "kubectl"


def example(do: Deeds, usa: Deeds) -> None:
    """The application of `examples/kubectl`, as its page says."""
    do.person.ok("apply", "-f", str(EXAMPLES))
    active(do, "web-kr", do.person.admitted(resource("Server"), "web-kr"))
    active(usa, "web-usa", do.person.admitted(resource("Server"), "web-usa"))
    again = do.person.ok("apply", "-f", str(EXAMPLES)).split("\n")
    generations = [do.person.seen(resource("Server"), name)["metadata"]["generation"] for name in ("web-kr", "web-usa")]
    do.table.same("example", "applied again, nothing changes", KUBECTL, KUBECTL, [2, 2], generations)
    do.table.same("example", "objects applied", KUBECTL, KUBECTL, 10, len([line for line in again if line]))
    do.person.ok("create", "-f", str(EXAMPLES / "actions" / "reboot.yaml"))
    ended = do.person.until(
        resource("ServerAction"),
        "reboot-web-kr",
        lambda one: one.get("status", {}).get("outcome") in ("Success", "Error"),
    )
    do.table.same("example", "reboot", KUBECTL, API, "Success", ended.get("status", {}).get("outcome"))
    do.gone_by_kubectl("Server", "web-kr")
    usa.gone_by_kubectl("Server", "web-usa")
    # The next application's objects have the same names: until these are gone, they would be made of what goes.
    do.person.run("delete", "-f", str(EXAMPLES), "--ignore-not-found", "--timeout=180s")


def declared(do: Deeds, usa: Deeds) -> None:
    """The application of `examples/gitops`, kept at its tree under Argo CD's rules."""
    person, scripts, tree = do.person, gitops.Scripts(), gitops.read(gitops.EXAMPLE / "application")
    person.may_keep("configmaps")

    def run(*words: str, documents: list[Document]) -> str:
        return person.ok(*words, document=json.loads(gitops.as_input(documents)))

    def healthy(one: Document) -> gitops.Health:
        kind, name = resource(one["kind"]), one["metadata"]["name"]
        ends = ("Healthy", "Degraded")
        seen = person.until(kind, name, lambda it: it and scripts.health(it).status in ends, 3 * PATIENCE)
        return scripts.health(seen)

    for number, wave in enumerate(gitops.waves(tree)):
        gitops.apply(run, wave)
        for one in wave:
            what = f"wave {number}: {one['kind']} {one['metadata']['name']}"
            do.table.same("gitops", what, KUBECTL, KUBECTL, "Healthy", healthy(one).status)
    gitops.prune(run, tree)
    for way, name in ((do, "web-kr"), (usa, "web-usa")):
        uid = person.admitted(resource("Server"), name)
        active(way, name, uid)
        body = {"server": {"metadata": {"application": "by request"}}}
        said = way.api.call("PUT", f"/compute/v2.1/servers/{uid}/metadata", body["server"])
        wanted = f"is managed by '{gitops.MANAGER}': change it there"
        do.table.refused("gitops", f"{name}: a declared field", wanted, said.text, done=API, read=KUBECTL)
    # Servers leave the tree first; what they used goes with the next sync.
    gitops.prune(run, [one for one in tree if one["kind"] != "Server"])
    for name in ("web-kr", "web-usa"):
        gone = person.until(resource("Server"), name, lambda one: not one, 2 * PATIENCE)
        do.table.same("gitops", f"{name} is pruned", KUBECTL, KUBECTL, {}, gone)
    person.run("delete", "-f", str(gitops.EXAMPLE / "application"), "--ignore-not-found", "--wait=false")


def active(do: Deeds, name: str, uid: str) -> None:
    """Wait until a server is built; both faces must say so."""
    found = do.person.until(
        resource("Server"), name, lambda one: one.get("status", {}).get("vmState") in ("active", "error"), 3 * PATIENCE
    )
    shown = do.shown("Server", uid)
    both = [found.get("status", {}).get("vmState"), shown.get("status"), shown.get("fault")]
    do.table.same("Server", "built", KUBECTL, API, ["active", "ACTIVE", None], both)
