"""Attaching and detaching interfaces: what is answered, what is recorded, what a refusal leaves behind."""

from __future__ import annotations

from typing import Any

from tests.pia.compute.conftest import NET
from tests.pia.compute.support import V, create, fault, running, show
from tests.support.pia import Answer, Kit, region
from tests.support.pretender import Pretender

from gurum.model.base import Metadata, Resource
from gurum.model.network import AddressClaim, Network, NetworkSpec, Port, SecurityGroup
from gurum.model.region import Capability
from gurum.model.routing import FloatingIP, FloatingIPSpec
from gurum.model.server import Server

PORTS = "/network/v2.0/ports"


async def attach(kit: Kit, uid: str, *, version: str = "2.70", token: str = "member", **asked: Any) -> Answer:
    """Ask for an interface."""
    path = f"{V}/servers/{uid}/os-interface"
    return await kit.call("POST", path, {"interfaceAttachment": asked}, version=version, token=token)


async def port_of(kit: Kit, **fields: Any) -> dict[str, Any]:
    """Make a port of the member's."""
    answer = await kit.call("POST", PORTS, {"port": {"network_id": NET, **fields}})
    assert answer.status == 201, answer.body
    port: dict[str, Any] = answer.json["port"]
    return port


async def count(kit: Kit, kind: type[Resource]) -> int:
    """Return how many objects of a kind are not going."""
    return sum(1 for obj in (await kit.store.list(kind, limit=1000)).items if not obj.deleting)


async def test_a_port_is_attached_and_detached(kit: Kit) -> None:
    uid = await running(kit)
    port = await port_of(kit, fixed_ips=[{"ip_address": "10.20.0.77"}])
    answer = await attach(kit, uid, port_id=port["id"], tag="web")
    assert answer.status == 200, answer.body
    shown = answer.json["interfaceAttachment"]
    assert (shown["port_id"], shown["mac_addr"], shown["tag"]) == (port["id"], port["mac_address"], "web")
    held = (await kit.call("GET", f"{PORTS}/{port['id']}")).json["port"]
    assert (held["device_id"], held["device_owner"]) == (uid, "compute:us-east-1a")
    assert fault(await attach(kit, uid, port_id=port["id"])) == (409, f"Port {port['id']} is still in use.")
    addresses = (await kit.call("GET", f"{V}/servers/{uid}/ips")).json["addresses"]["golden-net"]
    assert "10.20.0.77" in {row["addr"] for row in addresses}
    server = await kit.store.get(Server, uid)
    assert [action.action for action in server.spec.actions] == ["create", "attach_interface"]
    assert server.spec.actions[-1].arguments == {"port_id": port["id"]}
    assert (await kit.call("DELETE", f"{V}/servers/{uid}/os-interface/{port['id']}")).status == 202
    rows = (await kit.call("GET", f"{V}/servers/{uid}/os-instance-actions")).json["instanceActions"]
    assert [row["action"] for row in rows] == ["detach_interface", "attach_interface", "create"]


async def test_a_network_is_attached(kit: Kit) -> None:
    uid = await running(kit)
    first = (await attach(kit, uid, net_id=NET)).json["interfaceAttachment"]
    second = await attach(kit, uid, net_id=NET, fixed_ips=[{"ip_address": "10.20.0.78"}])
    assert second.status == 200, second.body
    third = (await attach(kit, uid)).json["interfaceAttachment"]  # the only network there is
    assert {first["net_id"], third["net_id"]} == {NET}
    again = await attach(kit, uid, net_id=NET, fixed_ips=[{"ip_address": "10.20.0.78"}])
    assert fault(again) == (409, "Fixed IP 10.20.0.78 is already in use.")
    made = await kit.store.get(Port, first["port_id"])
    assert made.spec.disposable
    group = await kit.store.get(SecurityGroup, made.spec.security_groups[0])
    assert group.spec.is_default
    assert len((await kit.call("GET", f"{V}/servers/{uid}/os-interface")).json["interfaceAttachments"]) == 4
    assert await count(kit, Port) == 4


async def test_networks_that_cannot_be_meant(kit: Kit) -> None:
    uid = await running(kit)
    other = Network(
        metadata=Metadata(
            id="9" * 8 + "-0000-4000-8000-000000000000", key="x", region="kakao-usa-east1", project="a" * 32
        ),
        spec=NetworkSpec(name="second"),
    )
    await kit.seed(other)
    assert fault(await attach(kit, uid))[0] == 400
    assert "Specify network ID(s)" in fault(await attach(kit, uid))[1]
    assert fault(await attach(kit, uid, net_id=other.id)) == (
        400,
        f"Network {other.id} requires a subnet in order to boot instances on.",
    )
    assert fault(await attach(kit, uid, net_id=NET, fixed_ips=[{"ip_address": "192.0.2.5"}]))[0] == 400
    assert await count(kit, Port) == 1


async def test_a_server_that_is_not_ready_gets_nothing_and_nothing_stays(kit: Kit) -> None:
    building = (await create(kit)).json["server"]["id"]
    port = await port_of(kit)
    for asked in ({"port_id": port["id"]}, {"net_id": NET}):
        status, text = fault(await attach(kit, building, **asked))
        assert (status, text.split(" while ")[0]) == (409, f"Cannot 'attach_interface' instance {building}")
    uid = await running(kit)
    await kit.call("POST", f"{V}/servers/{uid}/action", {"lock": None})
    assert fault(await attach(kit, uid, port_id=port["id"])) == (409, f"Instance {uid} is locked")
    assert (await kit.store.get(Port, port["id"])).spec.device_id == ""


async def test_anothers_port_is_not_found(kit: Kit) -> None:
    uid = await running(kit)
    port = await port_of(kit)
    stored = await kit.store.get(Port, port["id"])
    meta = Metadata(id="8" * 8 + stored.id[8:], key="y", region=stored.metadata.region, project="b" * 32)
    theirs = Port(metadata=meta, spec=stored.spec)
    await kit.seed(theirs)
    assert fault(await attach(kit, uid, port_id=theirs.id)) == (404, f"Port id {theirs.id} could not be found.")


async def limited(kit: Kit) -> None:
    """Let the region's cloud say what AWS says."""
    stored = await kit.store.get(type(region()), "kakao-usa-east1")
    stored.status.limits = {"server.interfaces.": 2}
    stored.status.capabilities["server.interface.detach_first"] = Capability(
        verb="server.interface.detach_first", level="absent", why="it is the first"
    )
    await kit.store.update_status(stored)


async def test_what_the_cloud_cannot_do_is_refused(kit: Kit) -> None:
    await limited(kit)
    uid = await running(kit)
    assert (await attach(kit, uid, net_id=NET)).status == 200
    assert fault(await attach(kit, uid, net_id=NET)) == (
        400,
        f"Failed to attach network adapter device to {uid}: its flavor can have 2 interfaces",
    )
    rows = (await kit.store.list(Port, limit=10)).items
    first = next(port for port in rows if port.metadata.labels["index"] == "000")
    assert fault(await kit.call("DELETE", f"{V}/servers/{uid}/os-interface/{first.id}")) == (
        400,
        f"Failed to detach network adapter device from {uid}: it is the first",
    )


async def test_quota_of_ports(kit: Kit) -> None:
    uid = await running(kit)
    kit.parts.config.quotas["network"]["port"] = 1
    claims = await count(kit, AddressClaim)
    assert fault(await attach(kit, uid, net_id=NET)) == (403, "Maximum number of ports exceeded")
    assert await count(kit, AddressClaim) == claims


async def test_floating_addresses_are_shown(kit: Kit) -> None:
    uid = await running(kit)
    before = await show(kit, uid)
    (fixed,) = before["addresses"]["golden-net"]
    (port,) = (await kit.call("GET", f"{V}/servers/{uid}/os-interface")).json["interfaceAttachments"]
    floating = FloatingIP(
        metadata=Metadata(id="7" * 8 + uid[8:], key="f", region="kakao-usa-east1", project="a" * 32),
        spec=FloatingIPSpec(
            floating_network_id=NET, floating_ip_address="203.0.113.9", port_id=port["port_id"],
            fixed_ip_address=fixed["addr"],
        ),
    )  # fmt: skip
    await kit.seed(floating)
    rows = (await show(kit, uid))["addresses"]["golden-net"]
    assert [(row["OS-EXT-IPS:type"], row["addr"]) for row in rows] == [
        ("fixed", fixed["addr"]),
        ("floating", "203.0.113.9"),
    ]
    assert rows[1]["OS-EXT-IPS-MAC:mac_addr"] == fixed["OS-EXT-IPS-MAC:mac_addr"]
    stored = await kit.store.get(FloatingIP, floating.id)
    stored.spec.port_id = stored.spec.fixed_ip_address = ""
    await kit.store.update_spec(stored)
    assert (await show(kit, uid))["addresses"] == before["addresses"]


async def test_a_stop_that_waits_still_shows_behind_an_attachment(kit: Kit) -> None:
    uid = await running(kit)
    assert (await attach(kit, uid, net_id=NET)).status == 200
    await kit.call("POST", f"{V}/servers/{uid}/action", {"os-stop": None})
    assert fault(await attach(kit, uid, net_id=NET)) == (
        409,
        f"Cannot 'attach_interface' instance {uid} while it is in task_state powering-off",
    )
    await Pretender(kit).work()
    assert (await show(kit, uid))["status"] == "SHUTOFF"
