"""The definitions and roles before a real API server: accepted, explained, enforced."""

from __future__ import annotations

import asyncio
import json
import random
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.kubernetes.samples import everyone, sample
from tests.store.kubernetes.test_crds import LEAST, part
from tests.support.kubernetes import kubectl

from gurum.model.base import Resource, Spec
from gurum.model.codec import KINDS as MODEL
from gurum.store.kubernetes import crds, rights, schema, shape
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.install import install
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, SYSTEM
from gurum.store.kubernetes.words import camel

OURS, THEIRS = "project-p1", "project-p2"
PART_OF = ",".join(f"{name}={value}" for name, value in crds.PART_OF.items())


@pytest.fixture(scope="module")
def cluster(kubernetes_server: Path) -> Iterator[Path]:
    """Give a cluster with everything applied, two projects, and alice, who is a member of the first."""
    asyncio.run(_installed(kubernetes_server))
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "members", "namespace": OURS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gurum-member"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
    }
    for name in (OURS, THEIRS):
        _apply(kubernetes_server, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    _apply(kubernetes_server, binding)
    yield kubernetes_server
    for place in (*PLACES.values(), *(row.place for row in BESIDE.values())):
        everywhere = () if place.cluster else ("--all-namespaces",)
        kubectl(kubernetes_server, "delete", f"{place.plural}.{place.group}", "--all", *everywhere)


async def _installed(cluster: Path) -> None:
    client = Client(access(f"kubernetes://{cluster}", "test"), manager="test")
    await install(client)
    await client.close()


@pytest.fixture
async def client(cluster: Path) -> AsyncIterator[Client]:
    """Give a client with an administrator's rights."""
    made = Client(access(f"kubernetes://{cluster}", "test"), manager="test")
    yield made
    await made.close()


def _apply(cluster: Path, document: dict[str, Any], *words: str) -> None:
    kubectl(cluster, "apply", "--server-side", *words, "-f", "-", stdin=json.dumps(document))


def _refused(cluster: Path, document: dict[str, Any], *words: str) -> str:
    done = kubectl(cluster, *(words or ("create",)), "-f", "-", stdin=json.dumps(document), check=False)
    assert done.returncode, done.stdout
    return done.stderr


def written(kind: str, spec: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Return what a person writes."""
    place = PLACES[kind]
    meta = {"name": name or f"t-{uuid.uuid4()}"} | ({} if place.cluster else {"namespace": OURS})
    return {"apiVersion": place.api_version, "kind": kind, "metadata": meta, "spec": spec}


def stored(obj: Resource) -> dict[str, Any]:
    """Return the document of a sample, without what would keep it from being removed."""
    document = shape.new(obj)
    document["metadata"].pop("finalizers", None)
    return document


async def test_the_api_server_serves_every_kind(cluster: Path) -> None:
    found = json.loads(kubectl(cluster, "get", "crd", "-l", PART_OF, "-o", "json").stdout)["items"]
    assert len(found) == len(PLACES) + len(BESIDE)
    for one in found:
        said = {condition["type"]: condition["status"] for condition in one["status"]["conditions"]}
        assert (said["Established"], said["NamesAccepted"]) == ("True", "True"), one["metadata"]["name"]
        assert said.get("NonStructuralSchema", "False") == "False"


def test_explain_reads_as_documentation(cluster: Path) -> None:
    told = kubectl(cluster, "explain", "server.spec").stdout
    assert "The flavor: its name or id. It cannot be changed later." in " ".join(told.split())
    fields = set(re.findall(r"^  (\w+)\t", told, re.MULTILINE))
    assert fields == set(part("Server", "spec")["properties"])
    assert "<no description>" not in kubectl(cluster, "explain", "server", "--recursive=false").stdout
    assert "becomes the interface" in kubectl(cluster, "explain", "server.spec.networks.portRef").stdout


def test_get_shows_the_columns(cluster: Path) -> None:
    server = written("Server", {**LEAST["Server"], "name": "web", "id": "7d3b4a4e"}, "columns")
    _apply(cluster, server)
    told = kubectl(cluster, "get", "servers", "-n", OURS, "columns").stdout.splitlines()
    assert told[0].split() == ["NAME", "NAME", "ID", "STATE", "AVAILABLE", "AGE"]
    assert told[1].split()[:3] == ["columns", "web", "7d3b4a4e"]
    assert "columns" in kubectl(cluster, "get", "srv", "-n", OURS, "--field-selector", "spec.id=7d3b4a4e").stdout
    assert "server.compute.gurum.cloud/columns" in kubectl(cluster, "get", "gurum", "-n", OURS, "-o", "name").stdout


@pytest.mark.parametrize("kind", everyone(), ids=lambda kind: kind.kind)
async def test_what_the_store_writes_is_stored_as_it_is(client: Client, kind: type[Resource]) -> None:
    rng, place = random.Random(kind.kind), PLACES[kind.kind]
    for full in (True, True, False, False, False):
        obj = sample(kind, rng, full=full)
        wanted = stored(obj)
        if wanted["metadata"].get("namespace") not in (None, OURS):
            wanted["metadata"]["namespace"] = SYSTEM
        wanted["metadata"]["name"] = f"t-{uuid.uuid4()}"
        answer = checked(await client.create(shape.collection(place, wanted["metadata"].get("namespace", "")), wanted))
        assert answer.json()["spec"] == wanted["spec"]
        path = shape.address_in(answer.json()).path(place)
        status = shape.status(obj)
        told = checked(await client.replace(f"{path}/status", answer.json() | {"status": status})).json()
        assert told["status"] == status
        found = shape.read(kind, told)
        assert (found.metadata.id, found.status) == (obj.metadata.id, obj.status)


def fixed_fields() -> Iterator[tuple[str, str]]:
    """Yield (kind, field) of what never changes."""
    for kind, cls in MODEL.items():
        row = KINDS[kind]
        # How an object stands to what it was adopted from changes for every kind.
        names = [name for name in schema.spec_of(cls).__struct_fields__ if name not in Spec.__struct_fields__]
        for name in names if row.fixed == ("*",) else row.fixed:
            yield kind, camel(name)
        yield from ((kind, name) for name in shape.IDENTITY)


@pytest.mark.parametrize("kind", MODEL)
async def test_what_never_changes_is_refused_in_our_words(client: Client, kind: str) -> None:
    place, rng = PLACES[kind], random.Random(kind)
    obj, other = (sample(MODEL[kind], rng) for _ in range(2))
    document, different = stored(obj), shape.new(other)["spec"]
    document["spec"].pop("managementPolicy", None)
    document["spec"]["naturalKey"], different["naturalKey"] = "one", "other"
    different |= {"region": "region-2", "projectID": "p2"}
    document["metadata"]["name"] = f"t-{uuid.uuid4()}"
    where = shape.collection(place, document["metadata"].get("namespace", ""))
    document = checked(await client.create(where, document)).json()
    path = shape.address_in(document).path(place)
    for name in (field for of, field in fixed_fields() if of == kind):
        value = different.get(name)
        if value == document["spec"].get(name):  # of two words both samples may have the same
            value = next(one for one in _words(kind, name) if one != value)
        for spec in (document["spec"] | {name: value}, {k: v for k, v in document["spec"].items() if k != name}):
            answer = await client.replace(path, document | {"spec": spec})
            if name not in spec and answer.status == 200:  # left out it is its default, which it was
                assert document["spec"].get(name, 0) in (0, "", 4, "IPv4", "ssh"), name
                document = answer.json()
                continue
            assert answer.status == 422, (name, answer.message)
            required = name not in spec and f"spec.{name}: Required value" in answer.message
            assert required or "read-only" in answer.message, answer.message
            assert f"spec.{name}:" in answer.message


@pytest.mark.parametrize("policy", ["unmanaged", "managed"])
@pytest.mark.parametrize(("kind", "field"), [(kind, camel(f)) for kind, row in KINDS.items() for f in row.shown])
async def test_of_what_is_looked_at_the_clouds_word_is_written(
    client: Client, kind: str, field: str, policy: str
) -> None:
    place, rng = PLACES[kind], random.Random(kind)
    obj, other = (sample(MODEL[kind], rng) for _ in range(2))
    document, different = stored(obj), shape.new(other)["spec"]
    document["spec"] |= {"managementPolicy": policy, "naturalKey": "one"}
    document["metadata"]["name"] = f"t-{uuid.uuid4()}"
    where = shape.collection(place, document["metadata"].get("namespace", ""))
    document = checked(await client.create(where, document)).json()
    assert different[field] != document["spec"].get(field)
    path = shape.address_in(document).path(place)
    changed = document["spec"] | {field: different[field]}
    for spec in (changed | {"managementPolicy": "managed"}, changed):  # not on the way to being taken over
        answer = await client.replace(path, document | {"spec": spec})
        allowed = policy == spec["managementPolicy"] == "unmanaged"
        assert answer.status == (200 if allowed else 422), answer.message
        assert allowed or f"spec.{field}: Forbidden" in answer.message


def _words(kind: str, name: str) -> list[Any]:
    """Return what a field may say, its default last."""
    made = part(kind, "spec")["properties"][name]
    return list(reversed(made.get("enum", ()))) or [True, False]


async def test_what_is_still_to_be_resolved_may_be(client: Client) -> None:
    place = PLACES["Server"]
    spec = {
        "id": str(uuid.uuid4()),
        "flavorRef": "m1.smal",
        "imageRef": "ubuntu",
        "networks": [{"networkRef": "front"}],
    }
    document = checked(await client.create(shape.collection(place, OURS), written("Server", spec))).json()
    path = shape.address_in(document).path(place)

    async def put(**changes: Any) -> int:
        nonlocal document
        answer = await client.replace(path, document | {"spec": document["spec"] | changes})
        document = answer.json() if answer.status == 200 else document
        return answer.status

    flavor = {"id": "1", "name": "m1.small", "vcpus": 1, "ram": 512, "disk": 1}
    assert await put(group="g1") == 422  # nobody asked for one
    assert await put(flavorRef="m1.small") == 200  # a mistake is mended
    assert await put(flavor=flavor, imageID="i1", imageCloudID="ami-1") == 200
    assert await put(networks=[{"networkRef": "front", "networkID": "n1"}]) == 200
    assert await put(flavorRef="m1.large") == 422
    assert await put(flavor=flavor | {"vcpus": 2}) == 422
    assert await put(imageID="i2") == 422
    assert await put(networks=[]) == 422
    assert await put(name="renamed") == 200


async def test_a_lease_does_not_go_back(client: Client) -> None:
    place = PLACES["Lease"]
    document = written("Lease", {"id": "l1", "holder": "a", "epoch": 7}) | {}
    document["metadata"]["namespace"] = SYSTEM
    document = checked(await client.create(shape.collection(place, SYSTEM), document)).json()
    path = shape.address_in(document).path(place)
    answer = await client.replace(path, document | {"spec": {"id": "l1", "holder": "b", "epoch": 6}})
    assert (answer.status, "another engine has taken over" in answer.message) == (422, True)
    assert (await client.replace(path, document | {"spec": {"id": "l1", "holder": "b", "epoch": 8}})).status == 200


def test_the_default_group_keeps_its_name(cluster: Path) -> None:
    group = written("SecurityGroup", {"id": "g1", "name": "default", "isDefault": True}, "default")
    _apply(cluster, group)
    group["spec"]["name"] = "mine"
    told = _refused(cluster, group, "apply", "--server-side")
    assert "Updating default security group not allowed." in told


def test_what_nobody_knows_is_refused(cluster: Path) -> None:
    told = _refused(cluster, written("Server", {**LEAST["Server"], "flavour": "m1.small"}))
    assert 'unknown field "spec.flavour"' in told


def test_what_is_too_large_is_refused(cluster: Path) -> None:
    tags = [f"t{n}" for n in range(51)]
    assert "must have at most 50" in _refused(cluster, written("Server", {**LEAST["Server"], "tags": tags}))
    told = _refused(cluster, written("Server", {**LEAST["Server"], "metadata": {"k" * 256: "v"}}))
    assert "more than 255 characters" in told
    assert "Too long" in _refused(cluster, written("Server", {**LEAST["Server"], "name": "n" * 256}))


def test_what_must_be_given_is_asked_for_in_openstacks_words(cluster: Path) -> None:
    assert "'flavorRef' is a required property" in _refused(cluster, written("Server", {"imageRef": "ubuntu"}))
    told = _refused(cluster, written("Subnet", {"cidr": "10.0.0.0/24"}))
    assert "Required attribute 'network_id' not specified" in told


@pytest.mark.parametrize("kind", LEAST)
def test_the_least_that_people_write_is_accepted(cluster: Path, kind: str) -> None:
    _apply(cluster, written(kind, LEAST[kind]))


def test_two_appliers_each_keep_their_tags(cluster: Path) -> None:
    server = written("Server", {**LEAST["Server"], "tags": ["a"], "metadata": {"team": "x"}}, "shared-tags")
    _apply(cluster, server, "--field-manager=one")
    server["spec"] = {"tags": ["b"], "metadata": {"tier": "1"}}
    _apply(cluster, server, "--field-manager=two")
    spec = json.loads(kubectl(cluster, "get", "server", "-n", OURS, "shared-tags", "-o", "json").stdout)["spec"]
    assert (sorted(spec["tags"]), spec["metadata"]) == (["a", "b"], {"team": "x", "tier": "1"})


def test_a_member_does_what_members_do_and_no_more(cluster: Path) -> None:
    def may(verb: str, resource: str, namespace: str, *words: str) -> bool:
        answer = kubectl(cluster, "auth", "can-i", verb, resource, "-n", namespace, "--as=alice", *words, check=False)
        return answer.stdout.strip() == "yes"

    for kind in rights.OWN:
        resource = f"{PLACES[kind].plural}.{PLACES[kind].group}"
        assert may("create", resource, OURS), kind
        assert not may("create", resource, THEIRS), kind
        assert not may("get", resource, THEIRS), kind
        assert not may("update", resource, OURS, "--subresource=status"), kind
    for place in [PLACES[kind] for kind in rights.CLAIMS] + [KEY_CLAIM]:
        assert not may("create", f"{place.plural}.{place.group}", OURS), place.plural
        assert not may("delete", f"{place.plural}.{place.group}", SYSTEM), place.plural


def test_a_member_writes_no_status(cluster: Path) -> None:
    server = written("Server", LEAST["Server"], "alices")
    kubectl(cluster, "create", "--as=alice", "-f", "-", stdin=json.dumps(server | {"status": {"vmState": "active"}}))
    patch = (
        "patch",
        "server",
        "alices",
        "-n",
        OURS,
        "--as=alice",
        "--type=merge",
        "-p",
        '{"status":{"vmState":"active"}}',
    )
    kubectl(cluster, *patch)  # through the object itself it is not looked at
    assert "forbidden" in kubectl(cluster, *patch, "--subresource=status", check=False).stderr.lower()
    found = json.loads(kubectl(cluster, "get", "server", "alices", "-n", OURS, "-o", "json").stdout)
    assert "status" not in found
