"""Creating servers: what is refused at once, in whose words, and what is accepted."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.pia.compute.conftest import IMAGE, NET
from tests.pia.compute.support import NOBODY, V, create, fault, running, show
from tests.support.pia import PROJECTS, REGION, ROOT, USERS, Kit, flavor, image, region
from tests.support.pretender import Pretender

from gurum.model.base import Metadata
from gurum.model.network import Network, NetworkSpec
from gurum.model.region import Capability, Region
from gurum.model.server import Server
from gurum.ops.config import PiaConfig
from gurum.pia.compute.servers.create import AT_ONCE
from gurum.pia.kernel.claims import PAUSE, QuotaClaims
from gurum.pia.services import SERVICES
from gurum.store.quotas import Quotas

PREFIX = "Invalid input for field/attribute"
LONG = "n" * 256
TRUTHS = (
    "[True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', "
    "False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no']"
)


async def test_an_accepted_server(kit: Kit) -> None:
    answer = await create(kit, version="")
    server = answer.json["server"]
    uid = server["id"]
    assert answer.status == 202
    assert answer.headers["location"] == f"{ROOT}/compute/v2.1/servers/{uid}"
    assert set(server) == {"OS-DCF:diskConfig", "adminPass", "id", "links", "security_groups"}
    assert server["security_groups"] == [{"name": "default"}]
    assert [link["rel"] for link in server["links"]] == ["self", "bookmark"]
    stored = await kit.store.get(Server, uid)
    assert stored.metadata.finalizers == ["engine"]
    assert stored.metadata.cause.user_id == USERS["member"]
    assert stored.metadata.cause.request_id == answer.headers["x-compute-request-id"]
    assert [(a.number, a.action) for a in stored.spec.actions] == [(1, "create")]
    assert len(stored.spec.security_groups) == 1
    shown = await show(kit, uid)
    assert (shown["status"], shown["OS-EXT-STS:task_state"], shown["addresses"]) == ("BUILD", "scheduling", {})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": ""}, f"{PREFIX} name. Value: . '' should be non-empty"),
        ({"name": LONG}, f"{PREFIX} name. Value: {LONG}. '{LONG}' is too long"),
        (
            {"name": "   "},
            (
                "An invalid 'name' value was provided. The name must be: printable characters. "
                "Can not start or end with whitespace."
            ),
        ),
        ({"flavorRef": ""}, f"{PREFIX} flavorRef. Value: . '' should be non-empty"),
        ({"flavorRef": 42}, "Flavor 42 could not be found."),
        ({"flavorRef": NOBODY}, f"Flavor {NOBODY} could not be found."),
        ({"imageRef": ""}, "Missing imageRef attribute"),
        (
            {"imageRef": "ubuntu"},
            f"{PREFIX} imageRef. Value: ubuntu. 'ubuntu' is not valid under any of the given schemas",
        ),
        ({"imageRef": NOBODY}, "Can not find requested image"),
        ({"key_name": "nokey"}, "Invalid key_name provided."),
        ({"key_name": 4}, f"{PREFIX} key_name. Value: 4. 4 is not of type 'string'"),
        ({"metadata": {"a": 1}}, f"{PREFIX} a. Value: 1. 1 is not of type 'string'"),
        ({"config_drive": "maybe"}, f"{PREFIX} config_drive. Value: maybe. 'maybe' is not one of {TRUTHS}"),
        ({"adminPass": 4}, f"{PREFIX} adminPass. Value: 4. 4 is not of type 'string'"),
        ({"min_count": 3, "max_count": 2}, "min_count must be <= max_count"),
        ({"min_count": "x"}, f"{PREFIX} min_count. Value: x. 'x' does not match '^[0-9]*$'"),
        ({"min_count": 0}, f"{PREFIX} min_count. Value: 0. 0 is less than the minimum of 1"),
        ({"availability_zone": 4}, f"{PREFIX} availability_zone. Value: 4. 4 is not of type 'string'"),
        ({"availability_zone": "a:b:c:d"}, "Invalid input received: Unable to parse availability_zone"),
        ({"availability_zone": "mars"}, "The requested availability zone is not available"),
        ({"user_data": "x" * 65536}, f"{PREFIX} user_data. Value: {'x' * 65536}. '{'x' * 65536}' is too long"),
        ({"block_device_mapping_v2": [{"boot_index": 0}]}, "Block Device Mapping is Invalid: Missing device UUID."),
        (
            {
                "imageRef": "",
                "block_device_mapping_v2": [
                    {"boot_index": 0, "uuid": NOBODY, "source_type": "volume", "destination_type": "volume"}
                ],
            },
            f"Block Device Mapping is Invalid: failed to get volume {NOBODY}.",
        ),
        ({"security_groups": [{"name": "nogroup"}]}, "Unable to find security_group with name or id 'nogroup'"),
    ],
)
async def test_refusals_at_2_37(kit: Kit, fields: dict[str, Any], text: str) -> None:
    assert fault(await create(kit, **fields)) == (400, text)


async def test_what_is_required(kit: Kit) -> None:
    for name in ("name", "flavorRef", "networks"):
        status, text = fault(await create(kit, **dict[str, Any]({name: None})))
        assert (status, text.endswith(f"'{name}' is a required property")) == (400, True)
    answer = await kit.call("POST", f"{V}/servers", {"name": "x"})
    assert fault(answer) == (400, "'server' is a required property")


@pytest.mark.parametrize(
    ("version", "fields", "unexpected"),
    [
        ("2.51", {"tags": ["a"]}, "tags"),
        ("2.57", {"personality": [{"path": "/a", "contents": "YQ=="}]}, "personality"),
        ("2.62", {"trusted_image_certificates": ["x"]}, "trusted_image_certificates"),
        ("2.73", {"host": "h"}, "host"),
        ("2.89", {"hostname": "h"}, "hostname"),
        ("2.18", {"description": "d"}, "description"),
    ],
)
async def test_fields_of_other_versions_are_unexpected(
    kit: Kit, version: str, fields: dict[str, Any], unexpected: str
) -> None:
    status, text = fault(await create(kit, version=version, **fields))
    assert status == 400
    assert text.endswith(f"Additional properties are not allowed ('{unexpected}' was unexpected)")


@pytest.mark.parametrize(
    ("version", "fields", "text"),
    [
        ("2.52", {"tags": ["a,b"]}, f"{PREFIX} 0. Value: a,b. 'a,b' does not match '^[^,/]*$'"),
        (
            "2.90",
            {"hostname": "not valid!"},
            (
                f"{PREFIX} hostname. Value: not valid!. 'not valid!' does not match "
                "'^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'"
            ),
        ),
        ("2.90", {"hostname": "web", "max_count": 2}, "Unable to allocate a single hostname to multiple instances"),
        ("2.1", {"networks": "none"}, f"{PREFIX} networks. Value: none. 'none' is not of type 'array'"),
        ("2.1", {"networks": [{"uuid": "x"}]}, "Bad networks format: network uuid is not in proper format (x)"),
        ("2.1", {"networks": [{}]}, "Bad network format: missing 'uuid'"),
        ("2.1", {"networks": [{"port": "x"}]}, f"{PREFIX} port. Value: x. 'x' is not a 'uuid'"),
        (
            "2.1",
            {"networks": [{"port": NOBODY}, {"port": NOBODY}]},
            f"Port ID '{NOBODY}' was specified twice: you cannot attach a port multiple times.",
        ),
        (
            "2.1",
            {"networks": [{"port": NOBODY, "fixed_ip": "10.20.0.9"}]},
            (
                f"Specified Fixed IP '10.20.0.9' cannot be used with port '{NOBODY}': "
                "the two cannot be specified together."
            ),
        ),
        (
            "2.1",
            {"networks": [{"uuid": NET, "fixed_ip": "10.20.0.999"}]},
            f"{PREFIX} fixed_ip. Value: 10.20.0.999. '10.20.0.999' is not valid under any of the given schemas",
        ),
        ("2.1", {"networks": [{"port": NOBODY}]}, f"Port id {NOBODY} could not be found."),
        ("2.1", {"networks": [{"uuid": NOBODY}]}, f"Network {NOBODY} could not be found."),
        (
            "2.1",
            {"networks": [{"uuid": NET, "fixed_ip": "10.20.0.9"}], "max_count": 2},
            "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.",
        ),
    ],
)
async def test_refusals_by_version(kit: Kit, version: str, fields: dict[str, Any], text: str) -> None:
    assert fault(await create(kit, version=version, **fields)) == (400, text)


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("2.1", {"networks": [{"uuid": NET, "fixed_ip": "192.168.1.1"}]}),
        ("2.1", {"security_groups": [{}]}),
        ("2.52", {"tags": ["a", "a"], "networks": "none"}),
        ("2.63", {"trusted_image_certificates": ["x"], "networks": "none"}),
        ("2.37", {"availability_zone": "us-east-1b"}),
        (
            "2.37",
            {
                "block_device_mapping_v2": [
                    {"boot_index": "0", "uuid": IMAGE, "source_type": "image", "destination_type": "local"}
                ]
            },
        ),
    ],
)
async def test_what_is_accepted_and_may_fail_later(kit: Kit, version: str, fields: dict[str, Any]) -> None:
    assert (await create(kit, version=version, **fields)).status == 202


async def test_an_address_outside_the_subnet_fails_later_with_a_fault(kit: Kit) -> None:
    uid = await running(kit, networks=[{"uuid": NET, "fixed_ip": "192.168.1.1"}])
    shown = await show(kit, uid)
    assert shown["status"] == "ERROR"
    assert set(shown["fault"]) == {"code", "created", "message"}
    assert "progress" not in shown


async def test_without_networks_the_only_one_is_taken_and_two_are_ambiguous(kit: Kit) -> None:
    answer = await create(kit, version="2.1", networks=None)
    stored = await kit.store.get(Server, answer.json["server"]["id"])
    assert [request.network_id for request in stored.spec.networks] == [NET]
    await kit.seed(
        Network(
            metadata=Metadata(id=NOBODY, key=NOBODY, region=REGION, project=PROJECTS["member"]),
            spec=NetworkSpec(name="second"),
        )
    )
    for version, networks in (("2.1", None), ("2.37", "auto")):
        assert fault(await create(kit, version=version, networks=networks)) == (
            409,
            "Multiple possible networks found, use a Network ID to be more specific.",
        )
    status, text = fault(await create(kit, networks=[{"uuid": NOBODY}]))
    assert (status, text) == (400, f"Network {NOBODY} requires a subnet in order to boot instances on.")
    assert (await create(kit, version="2.1", networks=None, token="other")).status == 202
    status, text = fault(await create(kit, networks="auto", token="other"))
    assert text == f"Unable to automatically allocate a network for project {PROJECTS['other']}"


async def test_anothers_network_does_not_exist(kit: Kit) -> None:
    assert fault(await create(kit, token="other")) == (400, f"Network {NET} could not be found.")


async def test_a_port_is_taken_once(kit: Kit) -> None:
    port = (await kit.call("POST", "/network/v2.0/ports", {"port": {"network_id": NET}})).json["port"]["id"]
    uid = await running(kit, networks=[{"port": port}])
    assert list((await show(kit, uid))["addresses"]) == ["golden-net"]
    assert fault(await create(kit, networks=[{"port": port}])) == (409, f"Port {port} is still in use.")


async def test_an_address_in_use_is_refused(kit: Kit) -> None:
    body = {"port": {"network_id": NET, "fixed_ips": [{"ip_address": "10.20.0.150"}]}}
    await kit.call("POST", "/network/v2.0/ports", body)
    answer = await create(kit, networks=[{"uuid": NET, "fixed_ip": "10.20.0.150"}])
    assert fault(answer) == (400, "Fixed IP 10.20.0.150 is already in use on instance None.")


async def test_who_may_create(kit: Kit) -> None:
    assert fault(await create(kit, token="reader")) == (
        403,
        "Policy doesn't allow os_compute_api:servers:create to be performed.",
    )
    assert fault(await create(kit, availability_zone="us-east-1a:host")) == (
        403,
        "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.",
    )
    answer = await create(kit, availability_zone="us-east-1a:host", networks="none", token="admin")
    assert fault(answer) == (400, "Compute host host could not be found.")
    assert fault(await create(kit, version="2.74", host="h"))[1].startswith(
        "Policy doesn't allow compute:servers:create"
    )


async def test_flavors_that_do_not_fit_the_image(kit: Kit) -> None:
    zero = await create(kit, flavorRef="0")
    assert fault(zero) == (403, "Only volume-backed servers are allowed for flavors with zero disk.")
    big, slow = image("big", size=3 * 1024**3), image("slow", min_disk=2)
    queued = image("queued")
    queued.status.status = "queued"
    await kit.seed(big, slow, queued, flavor("tiny", id="t", ram=32))
    assert fault(await create(kit, flavorRef="t")) == (400, "Flavor's memory is too small for requested image.")
    assert "image is 3221225472 bytes." in fault(await create(kit, imageRef=big.id))[1]
    assert "minimum size is 2147483648 bytes." in fault(await create(kit, imageRef=slow.id))[1]
    assert fault(await create(kit, imageRef=queued.id)) == (400, f"Image {queued.id} is not active.")


async def test_several_servers_are_numbered_and_one_is_not(kit: Kit) -> None:
    answer = await create(kit, name="multi", min_count="2", return_reservation_id=True)
    assert set(answer.json) == {"reservation_id"}
    assert "location" not in answer.headers
    path = f"{V}/servers?reservation_id={answer.json['reservation_id']}&sort_key=launch_index&sort_dir=asc"
    assert [row["name"] for row in (await kit.call("GET", path)).json["servers"]] == ["multi-1", "multi-2"]
    await create(kit, name="single", min_count=1, max_count=1)
    assert (await kit.call("GET", f"{V}/servers?limit=1")).json["servers"][0]["name"] == "single"


async def test_the_region_without_volumes_and_injection_says_so(kit: Kit) -> None:
    device = {"boot_index": 0, "uuid": IMAGE, "source_type": "image", "destination_type": "volume", "volume_size": 1}
    assert "volumes are not offered" in fault(await create(kit, block_device_mapping_v2=[device]))[1]
    files = [{"path": "/a", "contents": "YQ=="}]
    assert "cannot be injected" in fault(await create(kit, personality=files))[1]
    hint = {"server": {"name": "x", "imageRef": IMAGE, "flavorRef": "1"}, "os:scheduler_hints": {"group": NOBODY}}
    assert fault(await kit.call("POST", f"{V}/servers", hint)) == (400, f"Instance group {NOBODY} could not be found.")
    hint["os:scheduler_hints"] = {"group": "x"}
    assert "'x' is not valid under any of the given schemas" in fault(await kit.call("POST", f"{V}/servers", hint))[1]


async def without(kit: Kit, *verbs: str, **limits: int) -> None:
    """Let the region's cloud lack something; limits: dots as double underscores."""
    found = (await kit.store.list(Region)).items[0]
    for verb in verbs:
        found.status.capabilities[verb] = Capability(verb=verb, level="absent", why=f"no {verb}")
    found.status.limits.update({name.replace("__", "."): most for name, most in limits.items()})
    await kit.store.update_status(found)


async def test_ec2_takes_less_user_data(kit: Kit) -> None:
    at_most, over = "QUFB" * 5461 + "QQ==", "QUFB" * 5461 + "QUE="  # 16384 bytes and one more
    assert (await create(kit, user_data=over)).status == 202
    await without(kit, server__user_data=16384)
    assert (await create(kit, user_data=at_most)).status == 202
    assert "at most 16384 bytes" in fault(await create(kit, user_data=over))[1]


LACKING = (
    ("server.config_drive", {"config_drive": True}, "A config drive cannot be had"),
    ("server.config_drive", {"config_drive": "yes"}, "A config drive cannot be had"),
    ("server.without_network", {"networks": "none"}, "A server without a network cannot be had"),
    ("flavor.ephemeral", {"flavorRef": "e"}, "Flavor e has an ephemeral disk, which cannot be had"),
    ("flavor.swap", {"flavorRef": "s"}, "Flavor s has a swap disk, which cannot be had"),
)


@pytest.mark.parametrize(("verb", "fields", "words"), LACKING)
async def test_what_the_cloud_lacks_is_refused_with_the_reason(
    kit: Kit, verb: str, fields: dict[str, Any], words: str
) -> None:
    await kit.seed(flavor("ephemeral", id="e", ephemeral=1), flavor("swap", id="s", swap=1))
    assert (await create(kit, **fields)).status == 202
    await without(kit, verb)
    assert fault(await create(kit, **fields)) == (400, f"{words} in this region: no {verb}")
    assert (await create(kit, config_drive=False)).status == 202
    # What Nova itself refuses is told first.
    both = fields | {"key_name": "nope"}
    assert fault(await create(kit, **both)) == (400, "Invalid key_name provided.")


async def test_no_network_at_all_is_without_a_network(kit: Kit) -> None:
    await without(kit, "server.without_network")
    alone = await create(kit, version="2.36", token="other", networks=None)
    text = "A server without a network cannot be had in this region: no server.without_network"
    assert fault(alone) == (400, text)


async def test_a_key_that_the_cloud_cannot_use_is_refused_at_once(kit: Kit) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    await kit.call("POST", f"{V}/os-keypairs", {"keypair": {"name": "k", "public_key": public}})
    assert (await create(kit, key_name="k")).status == 202
    await without(kit, "keypair.ecdsa")
    assert fault(await create(kit, key_name="k")) == (400, "Keypair data is invalid: no keypair.ecdsa")


async def test_a_certificate_is_no_key_where_a_cloud_takes_none(kit: Kit) -> None:
    await kit.call("POST", f"{V}/os-keypairs", {"keypair": {"name": "win", "type": "x509"}}, version="2.2")
    assert (await create(kit, key_name="win")).status == 202
    await without(kit, "keypair.x509")
    assert fault(await create(kit, key_name="win")) == (400, "Keypair data is invalid: no keypair.x509")


@pytest.mark.parametrize("address", ["0000:0000:0000:0000:0000:babe:220.12.22.2", "::BABE:dc0c:1602"])
async def test_an_access_address_is_kept_in_its_shortest_form(kit: Kit, address: str) -> None:
    uid = (await create(kit, accessIPv6=address)).json["server"]["id"]
    assert (await show(kit, uid))["accessIPv6"] == "::babe:dc0c:1602"
    changed = await kit.call("PUT", f"{V}/servers/{uid}", {"server": {"accessIPv6": "2001:0db8::0001"}})
    assert changed.json["server"]["accessIPv6"] == "2001:db8::1"
    again = await kit.call("PUT", f"{V}/servers/{uid}", {"server": {"name": "n"}})
    assert again.json["server"]["accessIPv6"] == "2001:db8::1"
    refused = await kit.call("PUT", f"{V}/servers/{uid}", {"server": {"accessIPv6": "fe80::1%eth0"}})
    assert fault(refused)[0] == 400, "a scope means something on one machine only"


async def test_a_default_password_and_ones_own(kit: Kit) -> None:
    assert len((await create(kit)).json["server"]["adminPass"]) == 12
    assert (await create(kit, adminPass="Hunter2hunter2")).json["server"]["adminPass"] == "Hunter2hunter2"
    assert "Hunter2" not in repr((await kit.store.list(Server)).items)


@pytest.mark.parametrize(
    ("name", "hostname"),
    [("Web Server_1.example", "web-server-1-example"), ("구름", "server-"), ("--a--", "a"), ("x" * 80, "x" * 63)],
)
async def test_hostnames_are_made_of_names(kit: Kit, name: str, hostname: str) -> None:
    uid = await running(kit, name=name, networks="none")
    shown = (await show(kit, uid, "2.90"))["OS-EXT-SRV-ATTR:hostname"]
    assert shown.lower().startswith(hostname) if hostname == "server-" else shown == hostname


async def over(kit: Kit, quota: dict[str, int], **fields: Any) -> tuple[int, str]:
    path = f"{V}/os-quota-sets/{PROJECTS['member']}"
    assert (await kit.call("PUT", path, {"quota_set": quota}, token="admin")).status == 200
    return fault(await create(kit, networks="none", **fields))


async def test_quotas(kit: Kit) -> None:
    text = "Quota exceeded for {0}: Requested {1}, but already used {2} of {3} {0}"
    assert await over(kit, {"instances": 0}) == (403, text.format("instances", 1, 0, 0))
    assert await over(kit, {"instances": 5, "cores": 1}, flavorRef="2") == (403, text.format("cores", 2, 0, 1))
    assert await over(kit, {"cores": 5, "ram": 600}, flavorRef="2") == (403, text.format("ram", 1024, 0, 600))
    answer = await create(kit, name="fits", networks="none", min_count=1, max_count=3)
    assert answer.status == 202
    assert [row["name"] for row in (await kit.call("GET", f"{V}/servers")).json["servers"]] == ["fits"]
    assert await over(kit, {"instances": 1, "cores": 1}) == (
        403,
        (
            "Quota exceeded for cores, instances, ram: Requested 1, 1, 512, but already used 1, 1, 512 "
            "of 1, 1, 600 cores, instances, ram"
        ),
    )
    await kit.call("DELETE", f"{V}/servers/{answer.json['server']['id']}")
    await Pretender(kit).work()
    assert (await create(kit, networks="none")).status == 202


async def test_a_deleted_server_makes_room_before_the_engine_has_counted(kit: Kit) -> None:
    kit.parts.config = PiaConfig(quotas={"compute": {"instances": 2}})
    kit.parts.claims = QuotaClaims(Quotas(kit.store), kit.clock)
    uid = await running(kit)
    await running(kit)
    assert fault(await create(kit))[0] == 403
    await kit.call("DELETE", f"{V}/servers/{uid}")
    await Pretender(kit).work()
    began = kit.clock.now
    assert (await create(kit)).status == 202
    assert kit.clock.now - began < PAUSE


async def test_metadata_has_a_quota() -> None:
    kit = Kit(
        SERVICES,
        config=PiaConfig(quotas={"compute": {"metadata_items": 2, **dict.fromkeys(("instances", "cores", "ram"), -1)}}),
    )
    await kit.seed(region(), image(id=IMAGE), flavor("a", id="1"))
    answer = await create(kit, networks="none", metadata={"a": "1", "b": "2", "c": "3"})
    assert fault(answer) == (403, "Maximum number of metadata items exceeds 2")


async def test_servers_of_one_request_are_bounded_where_the_quota_does_not() -> None:
    kit = Kit(SERVICES, config=PiaConfig(quotas={"compute": dict.fromkeys(("instances", "cores", "ram"), -1)}))
    await kit.seed(region(), image(id=IMAGE), flavor("a", id="1"))
    answer = await create(kit, networks="none", max_count=1_000_000_000)
    assert answer.status == 202
    assert len((await kit.store.list(Server, limit=2000)).items) == AT_ONCE
    answer = await create(kit, networks="none", min_count=AT_ONCE + 1)
    assert fault(answer) == (400, "min_count must be <= 1000: the servers of one request are made together")
