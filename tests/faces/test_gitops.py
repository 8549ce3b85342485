"""The example for Argo CD: what its health scripts make of our conditions, and its way to apply and to remove."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from tests.faces import gitops
from tests.faces.gitops import MANAGER, USER, WAVE, Health, Scripts
from tests.faces.site import NAMESPACE, Site, prepared, site, wish
from tests.support.kubernetes import control_plane, kubectl

from gurum.model.conditions import Reason
from gurum.model.region import Account
from gurum.store.kubernetes.kinds import PLACES, SERVER_ACTION
from gurum.store.kubernetes.rights import OWN
from gurum.supervisor.kubernetes.plane import ControlPlane

scripts = Scripts()

PASSING = {Reason.PROGRESSING, Reason.THROTTLED, Reason.TRANSIENT_ERROR}


def seen(kind: str, *, id: str = "1", generation: int = 2, **status: Any) -> dict[str, Any]:
    """Return an object as Argo CD reads it."""
    place = SERVER_ACTION if kind == "ServerAction" else PLACES[kind]
    meta = {"name": "one", "generation": generation}
    spec = {"id": id} if id else {}
    return {"apiVersion": place.api_version, "kind": kind, "metadata": meta, "spec": spec, "status": status}


def condition(reason: str, *, type: str = "Available", ok: bool = False, generation: int = 2) -> dict[str, Any]:
    """Return a condition as it is stored."""
    said = {"type": type, "status": "True" if ok else "False", "reason": reason, "message": "words"}
    return said | {"observedGeneration": generation}


def test_every_kind_of_a_project_has_a_script() -> None:
    kinds = {f"{PLACES[kind].group}_{kind}" for kind in OWN}
    assert scripts.kinds == kinds | {f"{SERVER_ACTION.group}_ServerAction"}
    with pytest.raises(KeyError):
        scripts.health({"apiVersion": PLACES[Account.kind].api_version, "kind": "Account"})


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_something_to_wait_for_or_to_do(reason: Reason) -> None:
    if reason is Reason.SUCCESS:
        found = scripts.health(seen("Subnet", conditions=[condition(reason, ok=True)]))
        assert found.status == "Healthy"
        return
    found = scripts.health(seen("Subnet", conditions=[condition(reason)]))
    assert found == Health("Progressing" if reason in PASSING else "Degraded", f"{reason}: words")


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (seen("Network", id=""), "Progressing"),
        (seen("Network"), "Healthy"),
        (seen("Network", id="", conditions=[condition("InvalidConfiguration")]), "Degraded"),
        # It was changed since: whoever waits for it is not told of what it was before.
        (seen("Network", conditions=[condition("InvalidConfiguration", generation=1)]), "Progressing"),
        (seen("Port", status="DOWN"), "Healthy"),
        (seen("Port", status="ERROR"), "Degraded"),
        (seen("Router", status="ALLOCATING"), "Progressing"),
        (seen("Server"), "Progressing"),
        (seen("Server", vmState="building", taskState="spawning"), "Progressing"),
        (seen("Server", vmState="active", taskState=None), "Healthy"),
        (seen("Server", vmState="active", taskState="rebooting"), "Progressing"),
        (seen("Server", vmState="stopped"), "Suspended"),
        (seen("Server", vmState="error", fault={"message": "No valid host was found."}), "Degraded"),
        (seen("Subnet", conditions=[condition("Progressing", type="Progressing", ok=True)]), "Progressing"),
        (seen("ServerAction", id="", outcome="Accepted"), "Progressing"),
        (seen("ServerAction", id="", outcome="Success"), "Healthy"),
        (seen("ServerAction", id="", outcome="Refused", message="It is locked."), "Degraded"),
    ],
)
def test_health(document: dict[str, Any], status: str) -> None:
    assert scripts.health(document).status == status
    document["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if document["kind"] != "ServerAction":
        assert scripts.health(document).status == "Progressing"


def test_the_example_is_the_one_for_kubectl_in_waves() -> None:
    tree = gitops.read(gitops.EXAMPLE / "application")
    plain = gitops.read(gitops.EXAMPLE.parent / "kubectl")
    named: dict[str, int] = {}
    for number, wave in enumerate(gitops.waves(tree)):
        for one in wave:
            refs = json.dumps(one["spec"])
            assert all(named[name] < number for name in named if f'"{name}"' in refs), "what it names comes no earlier"
            named[one["metadata"]["name"]] = number
    for one in tree:
        del one["metadata"]["annotations"]
    assert sorted(tree, key=str) == sorted(plain, key=str)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with control_plane() as made:
        prepared(made)
        group = "rbac.authorization.k8s.io"
        rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}
        meta = {"name": "applied", "namespace": NAMESPACE}
        subject = {"apiGroup": group, "kind": "User", "name": USER}
        role: dict[str, Any] = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": [rule]}
        documents = [role]
        for kind, name in (("Role", "applied"), ("ClusterRole", "gurum-member")):
            of = {"apiGroup": group, "kind": kind, "name": name}
            bound = {"name": f"argocd-{name}", "namespace": NAMESPACE}
            whom = {"metadata": bound, "roleRef": of, "subjects": [subject]}
            documents.append({"apiVersion": f"{group}/v1", "kind": "RoleBinding", **whom})
        kubectl(made.kubeconfig, "apply", "-f", "-", stdin=gitops.as_input(documents))
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(plane, tmp_path_factory.mktemp("site")) as made:
        made.person = plane.user(USER)
        yield made


@pytest.mark.real
@pytest.mark.kubernetes
@pytest.mark.asyncio(loop_scope="module")
async def test_applied_pruned_and_whose_a_field_is(here: Site) -> None:
    loop = asyncio.get_running_loop()

    def run(*words: str, documents: list[dict[str, Any]]) -> str:
        given = gitops.as_input(documents)
        said = asyncio.run_coroutine_threadsafe(here.kubectl(*words, document=json.loads(given)), loop)
        return said.result(60)

    tree = [wish("Network", "app"), wish("Subnet", "app-4", networkRef="app", cidr="10.9.0.0/24")]
    tree[0]["spec"]["description"] = "from git"
    tree[1]["metadata"]["annotations"] = {WAVE: "1"}
    for wave in gitops.waves(tree):
        await asyncio.to_thread(gitops.apply, run, wave)
        for one in wave:
            found = await here.until(
                one["kind"], one["metadata"]["name"], lambda one: scripts.health(one).status == "Healthy"
            )
    await asyncio.to_thread(gitops.prune, run, tree)
    # Applied again it is no difference, and what the API filled in stays the API's.
    before = (await here.seen("subnet", "app-4"))["metadata"]
    await asyncio.to_thread(gitops.prune, run, tree)
    after = (await here.seen("subnet", "app-4"))["metadata"]
    assert (after["generation"], after["resourceVersion"]) == (before["generation"], before["resourceVersion"])
    tried = await asyncio.to_thread(gitops.apply, run, tree, "--dry-run=server")
    assert (await here.seen("subnet", "app-4"))["metadata"]["resourceVersion"] == after["resourceVersion"], tried
    # A field that is declared is git's, by whichever door somebody comes; another is anybody's, and stays.
    uid = found["spec"]["networkID"]
    refused = await here.call("PUT", f"/network/v2.0/networks/{uid}", {"network": {"description": "by request"}})
    assert refused.status == 409
    wanted = f"spec.description of Network '{uid}' is managed by '{MANAGER}': change it there"
    assert refused.json["NeutronError"]["message"] == wanted
    assert (await here.call("PUT", f"/network/v2.0/networks/{uid}", {"network": {"name": "mine"}})).status == 200
    await asyncio.to_thread(gitops.prune, run, tree)
    network = await here.seen("network", "app")
    assert (network["spec"]["name"], network["spec"]["description"]) == ("mine", "from git")
    # What is wrong says so, and why.
    wrong = [*tree, wish("Subnet", "wrong", networkRef="app", cidr="10.9.0.128/25")]
    await asyncio.to_thread(gitops.prune, run, wrong)
    found = await here.until("subnet", "wrong", lambda one: scripts.health(one).status == "Degraded")
    assert "overlaps" in scripts.health(found).message
    # What is no longer in the tree goes; what the API made beside it was never git's to remove.
    await here.call("POST", "/network/v2.0/networks", {"network": {"name": "beside"}})
    await asyncio.to_thread(gitops.prune, run, tree[:1])
    marked = await here.until("subnet", "app-4", lambda one: "deletionTimestamp" in one["metadata"])
    assert scripts.health(marked).status == "Progressing"
    assert "NotFound" in await here.kubectl("get", "subnet", "wrong", check=False)
    shown = (await here.call("GET", "/network/v2.0/networks")).json["networks"]
    assert {one["name"] for one in shown} == {"mine", "beside"}
