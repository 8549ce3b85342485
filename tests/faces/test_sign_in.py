"""Who signs in with a token of Keystone's is that person at the API server: their project, their roles, no more."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.faces.desk import HELD, OTHERS, Desk, Document, opened
from tests.faces.site import NAMESPACE, PROJECT, Site, site, wish
from tests.support.pia import POLICY

from gurum.identity.issuer import KeyRing
from gurum.identity.issuer.keeper import turn
from gurum.ops.clock import SystemClock
from gurum.pia.signin.granted import Granted
from gurum.policy.bundle import read_bundle
from gurum.store.kubernetes.kinds import PLACES, SERVER_ACTION, namespace_of
from gurum.store.kubernetes.people import welcome
from gurum.store.kubernetes.shape import collection

pytestmark = [pytest.mark.real, pytest.mark.kubernetes, pytest.mark.asyncio(loop_scope="module")]

NETWORKS = collection(PLACES["Network"], NAMESPACE)
ACTIONS = collection(SERVER_ACTION, NAMESPACE)
MERGE = "application/merge-patch+json"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with opened(tmp_path_factory.mktemp("sign-in")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(desk.plane, tmp_path_factory.mktemp("site")) as made:
        granted = Granted.of(read_bundle(POLICY))
        for project in (PROJECT, OTHERS):
            await welcome(made.process.store.client, project, granted.readers, granted.writers)
        await welcome(made.process.store.client, PROJECT, granted.readers, granted.writers)  # once more: harmless
        yield made


async def test_the_api_server_knows_who_it_is(desk: Desk, here: Site) -> None:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    status, document = await desk.call(desk.token("member"), "POST", path, review)
    info = document["status"]["userInfo"]
    assert status == 201
    assert (info["username"], info["uid"]) == ("gurum:u-member", "u-member")
    assert {f"gurum:{PROJECT}:member", f"gurum:{PROJECT}:reader", "gurum:*:member", "gurum:people"} < set(
        info["groups"]
    )
    assert info["extra"]["gurum.cloud/roles"] == ["member", "reader"]
    assert info["extra"]["gurum.cloud/audit-id"] == ["audit"]


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) + 7200},
        {"aud": "sts.amazonaws.com"},
        {"iss": "https://elsewhere.example"},
        {"exp": int(time.time()) - 30, "iat": int(time.time()) - 300},
        {"project_id": ""},
        {"project_id": "*"},
        {"project_id": "a:admin"},
        {"roles": None},
    ],
)
async def test_a_token_that_says_too_much_is_none(desk: Desk, here: Site, claims: Document) -> None:
    assert (await desk.call(desk.forged(**claims), "GET", "/version"))[0] == 401


async def test_another_key_is_nobodys(desk: Desk, here: Site, tmp_path: Path) -> None:
    import msgspec

    config = msgspec.structs.replace(desk.config, directory=str(tmp_path))
    ring = KeyRing(config, SystemClock())
    turn(config, ring)
    other = Desk(desk.plane, config, ring)
    assert (await desk.call(other.token("admin"), "GET", "/version"))[0] == 401


async def test_reads_and_creations_follow_the_roles(desk: Desk, here: Site) -> None:
    for role, reads, makes in (("none", 403, 403), ("reader", 200, 403), ("member", 200, 201), ("admin", 200, 201)):
        token = desk.token(role)
        assert (await desk.call(token, "GET", NETWORKS))[0] == reads, role
        document = wish("Network", f"of-{role}")
        status, said = await desk.call(token, "POST", NETWORKS, document)
        assert status == makes, (role, said)


async def test_what_is_made_is_that_persons(desk: Desk, here: Site) -> None:
    assert (await desk.call(desk.token("member"), "POST", NETWORKS, wish("Network", "mine")))[0] == 201
    found = await here.admitted("network", "mine")
    assert '"user_id":"u-member"' in found["metadata"]["annotations"]["gurum.cloud/cause"]
    assert found["spec"]["projectID"] == PROJECT


async def test_an_administrators_field_is_refused_at_once_and_taken_up_for_one(desk: Desk, here: Site) -> None:
    status, refusal = await desk.call(desk.token("member"), "POST", NETWORKS, wish("Network", "all", shared=True))
    assert (status, "spec.shared is said by these roles alone: admin" in refusal["message"]) == (403, True)
    assert (await desk.call(desk.token("admin"), "POST", NETWORKS, wish("Network", "all", shared=True)))[0] == 201
    await here.admitted("network", "all")


async def test_policy_is_asked_about_a_change_as_that_person(desk: Desk, here: Site) -> None:
    await desk.call(desk.token("member"), "POST", NETWORKS, wish("Network", "changed"))
    await here.admitted("network", "changed")
    path, shared = f"{NETWORKS}/changed", {"spec": {"shared": True}}
    status, refusal = await desk.call(desk.token("member"), "PATCH", path, shared, MERGE)
    assert status == 403, refusal
    assert "update_network:shared" in refusal["message"]
    assert (await desk.call(desk.token("admin"), "PATCH", path, shared, MERGE))[0] == 200


async def test_another_projects_namespace_is_closed_whatever_was_bound(desk: Desk, here: Site) -> None:
    theirs = collection(PLACES["Network"], namespace_of(OTHERS))
    for role in HELD:
        for method, body in (("GET", None), ("POST", wish("Network", "theirs") | {"metadata": {"name": "theirs"}})):
            assert (await desk.call(desk.token(role), method, theirs, body))[0] == 403, role
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "by-mistake"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gurum-member"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "gurum:u-member"}],
    }  # fmt: skip
    from tests.support.kubernetes import kubectl

    await asyncio.to_thread(kubectl, desk.plane.kubeconfig, "apply", "-f", "-", stdin=json.dumps(binding))
    try:
        status, refusal = await _until_bound(desk, theirs)
        assert status == 403
        assert "signed in for another project" in refusal["message"]
    finally:
        await asyncio.to_thread(kubectl, desk.plane.kubeconfig, "delete", "clusterrolebinding", "by-mistake")


async def _until_bound(desk: Desk, where: str) -> tuple[int, Document]:
    document = wish("Network", "theirs") | {"metadata": {"name": "theirs"}}
    async with asyncio.timeout(20):
        while True:
            status, refusal = await desk.call(desk.token("member"), "POST", where, document)
            if "cannot create resource" not in refusal.get("message", ""):
                return status, refusal
            await asyncio.sleep(0.1)


async def test_actions_ask_for_their_roles(desk: Desk, here: Site) -> None:
    def action(word: str) -> Document:
        spec = {"serverRef": "web", "action": word}
        meta = {"generateName": "act-", "namespace": NAMESPACE}
        return {"apiVersion": "compute.gurum.cloud/v1alpha1", "kind": "ServerAction", "metadata": meta, "spec": spec}

    for word, role, status in (
        ("reboot", "reader", 403), ("reboot", "member", 201), ("os-resetState", "member", 403),
        ("os-resetState", "admin", 201), ("migrate", "member", 403), ("start", "member", 201),
    ):  # fmt: skip
        told, document = await desk.call(desk.token(role), "POST", f"{ACTIONS}?dryRun=All", action(word))
        assert told == status, (word, role, document)


async def test_somebody_elses_key_pair_is_not_to_be_deleted(desk: Desk, here: Site) -> None:
    from tests.adopt.company import public_key

    where = collection(PLACES["KeyPair"], NAMESPACE)
    document = wish("KeyPair", "hers", "compute", publicKey=public_key(3))
    assert (await desk.call(desk.token("member", user="alice"), "POST", where, document))[0] == 201
    await here.admitted("keypair", "hers")
    status, refusal = await desk.call(desk.token("member", user="bob"), "DELETE", f"{where}/hers")
    assert status == 404, refusal
    assert (await desk.call(desk.token("member", user="alice"), "DELETE", f"{where}/hers"))[0] == 200


async def test_nobody_writes_down_that_they_are_somebody_else(desk: Desk, here: Site) -> None:
    document = wish("Network", "forged")
    said = json.dumps({"user_id": "u-admin", "as": {"project_id": PROJECT, "roles": ["admin"]}})
    document["metadata"]["annotations"] = {"gurum.cloud/cause": said}
    status, made = await desk.call(desk.token("member"), "POST", f"{NETWORKS}?dryRun=All", document)
    written = json.loads(made["metadata"]["annotations"]["gurum.cloud/cause"])
    assert (status, written["user_id"], written["as"]["roles"]) == (201, "u-member", ["member", "reader"])


async def test_status_is_nobodys(desk: Desk, here: Site) -> None:
    path = f"{NETWORKS}/mine/status"
    assert (await desk.call(desk.token("admin"), "PATCH", path, {"status": {}}, MERGE))[0] == 403
