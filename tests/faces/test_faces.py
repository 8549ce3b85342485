"""What kubectl made is OpenStack's, and what it may not do is refused in OpenStack's words."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tests.faces.site import NAMESPACE, PERSON, PROJECT, Site, opened, prepared, site, wish
from tests.support.kubernetes import control_plane

from gurum.model.network import AddressClaim
from gurum.model.quota import QuotaUsage
from gurum.store.sqlite import SqliteJournal
from gurum.supervisor.kubernetes.plane import ControlPlane

# One site for all: starting an API process costs more than most of what is done here.
pytestmark = [pytest.mark.real, pytest.mark.kubernetes, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with control_plane() as made:
        prepared(made)
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(plane, tmp_path_factory.mktemp("site")) as made:
        yield made


async def test_a_network_of_kubectl_is_a_network(here: Site) -> None:
    await here.kubectl("apply", document=wish("Network", "front", description="from kubectl"))
    found = await here.admitted("network", "front")
    uid = found["spec"]["id"]
    shown = (await here.call("GET", f"/network/v2.0/networks/{uid}")).json["network"]
    assert (shown["name"], shown["description"], shown["project_id"]) == ("front", "from kubectl", PROJECT)
    assert shown["revision_number"] == 1
    assert found["spec"]["projectID"] == PROJECT
    assert f'"user_id":"{PERSON}"' in found["metadata"]["annotations"]["gurum.cloud/cause"]
    assert found["metadata"]["namespace"] == NAMESPACE


async def test_an_application_in_any_order(here: Site) -> None:
    subnet = wish("Subnet", "app-4", networkRef="app", cidr="10.9.0.0/24", dnsNameservers=["9.9.9.9"])
    server = wish(
        "Server", "web", "compute", flavorRef="m1.small", imageRef="debian-12", networks=[{"networkRef": "app"}],
        securityGroupRefs=["web"], metadata={"tier": "front"}, tags=["a"],
    )  # fmt: skip
    rule = wish(
        "SecurityGroupRule", "web-https", securityGroupRef="web", direction="ingress", protocol="tcp",
        portRangeMin=443, portRangeMax=443,
    )  # fmt: skip
    for document in (server, rule, subnet):
        await here.kubectl("apply", document=document)
    waiting = await here.refused("server", "web", "Network app could not be found.")
    assert waiting["reason"] == "InvalidConfiguration"
    assert "Network app could not be found." in (await here.refused("subnet", "app-4"))["message"]
    await here.kubectl("apply", document=wish("SecurityGroup", "web"))
    await here.kubectl("apply", document=wish("Network", "app"))
    made = await here.admitted("server", "web")
    network = (await here.seen("network", "app"))["spec"]["id"]
    assert made["spec"]["networks"] == [{"networkID": network, "networkRef": "app"}]
    await here.until("server", "web", lambda one: "conditions" not in one.get("status", {}))
    shown = (await here.call("GET", f"/compute/v2.1/servers/{made['spec']['id']}")).json["server"]
    assert (shown["name"], shown["metadata"], shown["tags"]) == ("web", {"tier": "front"}, ["a"])
    assert shown["user_id"] == PERSON
    group = await here.admitted("securitygroup", "web")
    rules = (await here.call("GET", f"/network/v2.0/security-groups/{group['spec']['id']}")).json
    assert 443 in [one["port_range_min"] for one in rules["security_group"]["security_group_rules"]]
    # Applying the same again changes nothing.
    before = await here.seen("server", "web")
    await here.kubectl("apply", document=server)
    after = await here.seen("server", "web")
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]


async def test_a_change_is_the_apis(here: Site) -> None:
    await here.kubectl("apply", document=wish("Network", "net", description="one"))
    uid = (await here.admitted("network", "net"))["spec"]["id"]
    before = (await here.call("GET", f"/network/v2.0/networks/{uid}")).json["network"]
    await here.kubectl("apply", document=wish("Network", "net", description="two", tags=["x"]))
    found = await here.until(
        "network", "net", lambda one: "request_id" in one["metadata"]["annotations"]["gurum.cloud/cause"]
        and one["spec"]["description"] == "two",
    )  # fmt: skip
    shown = (await here.call("GET", f"/network/v2.0/networks/{uid}")).json["network"]
    assert (shown["description"], shown["tags"]) == ("two", ["x"])
    assert shown["revision_number"] == before["revision_number"] + 1
    assert f'"user_id":"{PERSON}"' in found["metadata"]["annotations"]["gurum.cloud/cause"]
    done = await here.run("patch", "network", "net", "--type=merge", "-p", '{"spec":{"availabilityZoneHints":["x"]}}')
    assert "Cannot update read-only attribute availability_zone_hints" in done.stderr
    done = await here.run("patch", "network", "net", "--type=merge", "-p", '{"spec":{"shared":true}}')
    refused = await here.call("PUT", f"/network/v2.0/networks/{uid}", {"network": {"shared": True}})
    assert refused.json["NeutronError"]["message"] in done.stderr


async def test_what_is_in_use_is_refused_and_what_is_not_goes_with_its_parts(here: Site) -> None:
    for document in (
        wish("Network", "used"),
        wish("Subnet", "used-4", networkRef="used", cidr="10.10.0.0/24"),
        wish("Port", "nic", networkRef="used", fixedIPs=[{"subnetRef": "used-4"}]),
    ):
        await here.kubectl("apply", document=document)
    port = await here.admitted("port", "nic")
    uid = (await here.seen("network", "used"))["spec"]["id"]
    assert port["spec"]["fixedIPs"][0]["ipAddress"].startswith("10.10.0.")
    assert port["spec"]["fixedIPs"][0]["subnetRef"] == "used-4"
    refused = (await here.call("DELETE", f"/network/v2.0/networks/{uid}")).json["NeutronError"]["message"]
    done = await here.run("delete", "network", "used", "--wait=false")
    assert done.returncode
    assert refused in done.stderr
    await here.kubectl("delete", "port", "nic", "--wait=false")
    marked = await here.until("port", "nic", lambda one: "gurum.cloud/deletion-requested-at" in str(one["metadata"]))
    assert f'"user_id":"{PERSON}"' in marked["metadata"]["annotations"]["gurum.cloud/deletion-cause"]
    await here.kubectl("delete", "network", "used", "--wait=false")
    await here.until("network", "used", lambda one: "gurum.cloud/deletion-requested-at" in str(one["metadata"]))
    await here.until("subnet", "used-4", lambda one: "deletionTimestamp" in one["metadata"])


async def test_a_person_writes_nobody_elses_name(here: Site) -> None:
    document = wish("Network", "forged")
    document["metadata"]["annotations"] = {"gurum.cloud/cause": '{"user_id":"root"}'}
    await here.kubectl("apply", document=document)
    found = await here.admitted("network", "forged")
    assert f'"user_id":"{PERSON}"' in found["metadata"]["annotations"]["gurum.cloud/cause"]
    for patch, text in (
        ({"spec": {"id": "00000000-0000-0000-0000-000000000000"}}, "id"),
        ({"metadata": {"annotations": {"gurum.cloud/labels": "{}"}}}, "annotations of gurum.cloud are Gurum's"),
        ({"metadata": {"finalizers": None}}, "finalizers of gurum.cloud are Gurum's"),
        ({"spec": {"managementPolicy": "unmanaged"}}, "are decided by who runs the cloud"),
    ):
        done = await here.run("patch", "network", "forged", "--type=merge", "-p", json.dumps(patch))
        assert done.returncode, patch
        assert text in done.stderr


async def test_an_action_is_posted_once_and_says_what_became_of_it(here: Site) -> None:
    for document in (
        wish("Network", "acts"),
        wish("Subnet", "acts-4", networkRef="acts", cidr="10.11.0.0/24"),
        wish("Server", "acted", "compute", flavorRef="2", imageRef="debian-12", networks=[{"networkRef": "acts"}]),
    ):
        await here.kubectl("apply", document=document)
    uid = (await here.admitted("server", "acted"))["spec"]["id"]
    lock = wish("ServerAction", "lock-it", "compute", serverRef="acted", action="lock", ttlSecondsAfterFinished=1)
    await here.kubectl("create", document=lock)
    reboot = {"serverRef": uid, "action": "reboot", "arguments": {"type": "SOFT"}}
    await here.kubectl("create", document=wish("ServerAction", "reboot-it", "compute", **reboot))
    refused = await here.until("serveraction", "reboot-it", lambda one: one.get("status", {}).get("outcome"))
    told = (await here.call("POST", f"/compute/v2.1/servers/{uid}/action", {"reboot": {"type": "SOFT"}})).json
    assert refused["status"]["outcome"] == "Refused"
    assert refused["status"]["message"] == told["conflictingRequest"]["message"]
    shown = (await here.call("GET", f"/compute/v2.1/servers/{uid}")).json["server"]
    assert shown["locked"] is True
    async with asyncio.timeout(20):
        while "NotFound" not in await here.kubectl("get", "serveraction", "lock-it", check=False):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    done = await here.run("patch", "serveraction", "reboot-it", "--type=merge", "-p", '{"spec":{"action":"stop"}}')
    assert "Cannot update read-only attribute action" in done.stderr
    await here.kubectl("delete", "serveraction", "reboot-it")


async def test_what_is_applied_on_the_servers_side_can_be_applied_again(here: Site) -> None:
    for document in (wish("Network", "ssa"), wish("Subnet", "ssa-4", networkRef="ssa", cidr="10.12.0.0/24")):
        await here.kubectl("apply", "--server-side", document=document)
    server = wish(
        "Server", "ssa-web", "compute", flavorRef="m1.small", imageRef="debian-12", networks=[{"networkRef": "ssa"}]
    )
    await here.kubectl("apply", "--server-side", document=server)
    before = await here.admitted("server", "ssa-web")
    await asyncio.sleep(0.2)  # what follows the first write
    done = await here.run("apply", "--server-side", document=server)
    assert done.returncode == 0, done.stderr
    after = await here.seen("server", "ssa-web")
    assert after["spec"] == before["spec"]
    server["spec"]["description"] = "declared"
    await here.kubectl("apply", "--server-side", document=server)
    uid = before["spec"]["id"]
    refused = await here.call("PUT", f"/compute/v2.1/servers/{uid}", {"server": {"description": "by request"}})
    assert refused.status == 409
    assert "spec.description" in refused.json["conflictingRequest"]["message"]
    assert "managed by 'kubectl'" in refused.json["conflictingRequest"]["message"]


async def test_two_processes_take_up_a_wish_once(here: Site, plane: ControlPlane) -> None:
    async with AsyncExitStack() as ends:
        journal = await SqliteJournal.open(here.directory / "journal.db")
        ends.push_async_callback(journal.close)
        await opened(plane, journal, ends)
        await here.kubectl("apply", document=wish("Network", "raced"))
        await here.kubectl("apply", document=wish("Subnet", "raced-4", networkRef="raced", cidr="10.13.0.0/24"))
        await here.admitted("subnet", "raced-4")
        before = await _promised(here)
        for number in range(3):
            port = wish("Port", f"raced-{number}", networkRef="raced", fixedIPs=[{"subnetRef": "raced-4"}])
            await here.kubectl("create", document=port)
        made = [await here.admitted("port", f"raced-{number}") for number in range(3)]
        addresses = [one["spec"]["fixedIPs"][0]["ipAddress"] for one in made]
        assert len(set(addresses)) == 3
        uid = made[0]["spec"]["networkID"]
        listed = (await here.call("GET", f"/network/v2.0/ports?network_id={uid}")).json["ports"]
        assert sorted(one["id"] for one in listed) == sorted(one["spec"]["id"] for one in made)
        async with asyncio.timeout(20):
            while True:  # the claims of whoever was too late are given back
                claims = (await here.engine.list(AddressClaim, limit=1000)).items
                held = [claim.spec.owner_id for claim in claims if claim.spec.address.startswith("10.13.")]
                if sorted(held) == sorted(one["spec"]["id"] for one in made):
                    break
                await asyncio.sleep(0.1)
        # Without an engine nobody counts anew: what is left was promised to those that are there.
        assert await _promised(here) - before == {one["spec"]["id"] for one in made}


async def _promised(here: Site) -> set[str]:
    """Return the ids of the ports that room in the quota is kept for."""
    usages = (await here.engine.list(QuotaUsage)).items
    return {one.id for usage in usages for one in usage.spec.reservations if "port" in one.amounts}


async def test_a_trial_writes_nothing(here: Site) -> None:
    for document in (
        wish("Network", "trial"),
        wish("Subnet", "trial-4", networkRef="trial", cidr="10.14.0.0/24"),
        wish("Port", "tried", networkRef="trial", fixedIPs=[{"subnetRef": "trial-4", "ipAddress": "10.14.0.9"}]),
    ):
        await here.kubectl("apply", document=document)
    before = await here.admitted("port", "tried")
    moved = wish("Port", "tried", networkRef="trial", fixedIPs=[{"subnetRef": "trial-4", "ipAddress": "10.14.0.10"}])
    said = json.loads(await here.kubectl("apply", "--dry-run=server", "-o", "json", document=moved))
    assert said["spec"]["fixedIPs"][0]["ipAddress"] == "10.14.0.10"
    assert said["spec"]["fixedIPs"][0]["subnetID"] == before["spec"]["fixedIPs"][0]["subnetID"]
    await here.kubectl("delete", "port", "tried", "--dry-run=server")
    refused = await here.run("delete", "network", "trial", "--dry-run=server")
    assert "ports still in use on the network" in refused.stderr
    claims = (await here.engine.list(AddressClaim, limit=1000)).items
    assert [one.spec.address for one in claims if one.spec.address.startswith("10.14.")] == ["10.14.0.9"]
    after = await here.seen("port", "tried")
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_an_address_claimed_for_a_change_that_does_not_come_is_given_back(here: Site) -> None:
    for document in (
        wish("Network", "undone"),
        wish("Subnet", "undone-4", networkRef="undone", cidr="10.15.0.0/24"),
        wish("Port", "stays", networkRef="undone", fixedIPs=[{"subnetRef": "undone-4", "ipAddress": "10.15.0.9"}]),
    ):
        await here.kubectl("apply", document=document)
    old = await here.admitted("port", "stays")
    new = json.loads(json.dumps(old))
    new["spec"]["fixedIPs"] = [{"subnetRef": "undone-4", "ipAddress": "10.15.0.10"}]
    request = {
        "uid": "1", "operation": "UPDATE", "namespace": NAMESPACE, "userInfo": {"username": PERSON},
        "resource": {"group": "network.gurum.cloud", "resource": "ports"}, "object": new, "oldObject": old,
    }  # fmt: skip
    reviewer = here.process.faces.reviewer
    reviewer.patience = 0.5
    verdict = await reviewer.review(request)
    assert verdict.allowed
    assert await _claimed(here, "10.15.") == ["10.15.0.10", "10.15.0.9"]  # nobody else can have it meanwhile
    await reviewer.stop()
    assert await _claimed(here, "10.15.") == ["10.15.0.9"]


async def _claimed(here: Site, prefix: str) -> list[str]:
    claims = (await here.engine.list(AddressClaim, limit=1000)).items
    return sorted(one.spec.address for one in claims if one.spec.address.startswith(prefix))


async def test_nobody_but_the_api_server_is_answered(here: Site) -> None:
    believed = str(here.plane.plane.pki.believed("admission"))
    port = int(here.plane.plane.webhook.rpartition(":")[2])
    context = ssl.create_default_context(cafile=believed)
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        await _asked(port, context)


async def _asked(port: int, context: ssl.SSLContext) -> bytes:
    """Ask without a certificate; that there must be one is told after the handshake, as TLS 1.3 has it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(b"POST /admit HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        return await reader.readexactly(1)
    finally:
        writer.transport.abort()
