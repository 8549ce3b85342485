"""Key pairs: what is taken for a key, shapes and status codes by version, and whose they are."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.pia.compute.support import V, fault
from tests.support.pia import EPOCH, USERS, Kit

from gurum.model.compute import KeyPair
from gurum.ops.config import PiaConfig
from gurum.pia.compute.keypairs import keys
from gurum.pia.services import SERVICES

K = f"{V}/os-keypairs"
RSA = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDx8nkQv/zgGgB4rMYmIf+6A4l6Rr+o/6lHBQdW5aYd44bd8JttDCE/F/pNRr0lRE+PiqSPO8nD"
    "PHw0010JeMH9gYgnnFlyY3/OcJ02RhIPyyxYpv9FhY+2YiUkpwFOcLImyrxEsYXpD/0d3ac30bNH6Sw9JD9UZHYcpSxsIbECHw== golden"
)
FINGERPRINT = "1e:2c:9b:56:79:4b:45:77:f9:ca:7a:98:2c:b0:d5:3c"


def openssh(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return key.public_key().public_bytes(*form).decode() + " me"


async def test_import_show_list_delete_below_2_2(kit: Kit) -> None:
    made = await kit.call("POST", K, {"keypair": {"name": "k1", "public_key": RSA}})
    known = {"name": "k1", "public_key": RSA, "fingerprint": FINGERPRINT}
    assert (made.status, made.json) == (200, {"keypair": known | {"user_id": USERS["member"]}})
    assert (await kit.call("GET", K)).json == {"keypairs": [{"keypair": known}]}
    shown = (await kit.call("GET", f"{K}/k1")).json["keypair"]
    assert {k: v for k, v in shown.items() if k not in ("id", "created_at")} == known | {
        "user_id": USERS["member"],
        "deleted": False,
        "deleted_at": None,
        "updated_at": None,
    }
    assert isinstance(shown["id"], int)
    assert (await kit.call("DELETE", f"{K}/k1")).status == 202
    assert fault(await kit.call("DELETE", f"{K}/k1")) == (404, f"Keypair k1 not found for user {USERS['member']}")


async def test_status_codes_and_type_from_2_2(kit: Kit) -> None:
    made = await kit.call("POST", K, {"keypair": {"name": "k", "public_key": RSA, "type": "ssh"}}, version="2.2")
    assert (made.status, made.json["keypair"]["type"]) == (201, "ssh")
    assert (await kit.call("GET", K, version="2.2")).json["keypairs"][0]["keypair"]["type"] == "ssh"
    assert (await kit.call("DELETE", f"{K}/k", version="2.2")).status == 204


async def test_a_pair_is_generated_and_its_private_half_kept_nowhere(kit: Kit) -> None:
    made = (await kit.call("POST", K, {"keypair": {"name": "k"}})).json["keypair"]
    private = serialization.load_pem_private_key(made["private_key"].encode(), None)
    assert made["public_key"].endswith(" Generated-by-Nova")
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert private.public_key().public_bytes(*form).decode() in made["public_key"]
    assert "private_key" not in (await kit.call("GET", f"{K}/k")).json["keypair"]
    from gurum.model.compute import KeyPair

    (stored,) = (await kit.store.list(KeyPair)).items
    assert "PRIVATE" not in repr(stored)


async def test_from_2_92_nothing_is_generated(kit: Kit) -> None:
    answer = await kit.call("POST", K, {"keypair": {"name": "k"}}, version="2.92")
    assert fault(answer)[1].endswith("Value: {'name': 'k'}. 'public_key' is a required property")


@pytest.mark.parametrize(
    "key", [openssh(ec.generate_private_key(ec.SECP256R1())), openssh(ed25519.Ed25519PrivateKey.generate())]
)
async def test_elliptic_keys_are_taken(kit: Kit, key: str) -> None:
    made = await kit.call("POST", K, {"keypair": {"name": "k", "public_key": key}})
    assert (made.status, len(made.json["keypair"]["fingerprint"])) == (200, 47)


@pytest.mark.parametrize("key", ["ssh-rsa", "ssh-rsa AAAA", "x", "", "ssh-dss !!!", "ssh-rsa " + "A" * 50])
async def test_what_is_no_key_is_400(kit: Kit, key: str) -> None:
    answer = await kit.call("POST", K, {"keypair": {"name": "k", "public_key": key}})
    assert fault(answer) == (400, "Keypair data is invalid: failed to generate fingerprint")


async def test_a_certificate_is_made(kit: Kit) -> None:
    made = await kit.call("POST", K, {"keypair": {"name": "win", "type": "x509"}}, version="2.2")
    pair = made.json["keypair"]
    assert (made.status, pair["type"], len(pair["fingerprint"])) == (201, "x509", 59)
    certificate = x509.load_pem_x509_certificate(pair["public_key"].encode())
    private = serialization.load_pem_private_key(pair["private_key"].encode(), None)
    assert certificate.public_key() == private.public_key()
    assert certificate.subject.rfc4514_string() == f"CN={USERS['member']}"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert f"{USERS['member']}@localhost".encode() in next(iter(names)).value
    shown = (await kit.call("GET", f"{K}/win", version="2.2")).json["keypair"]
    assert (shown["type"], shown["fingerprint"]) == ("x509", pair["fingerprint"])
    (stored,) = (await kit.store.list(KeyPair)).items
    assert "PRIVATE" not in repr(stored)


async def test_a_certificate_is_taken_in(kit: Kit) -> None:
    _, certificate = keys.generate_certificate("somebody", EPOCH)
    wish = {"name": "win", "type": "x509", "public_key": certificate}
    pair = (await kit.call("POST", K, {"keypair": wish}, version="2.2")).json["keypair"]
    assert pair["fingerprint"] == keys.certificate_fingerprint(certificate)
    wish |= {"name": "none", "public_key": openssh(ed25519.Ed25519PrivateKey.generate())}
    answer = await kit.call("POST", K, {"keypair": wish}, version="2.2")
    assert fault(answer) == (400, "Keypair data is invalid: failed to generate fingerprint")


PREFIX = "Invalid input for field/attribute"


@pytest.mark.parametrize(
    ("keypair", "version", "text"),
    [
        ({}, "", f"{PREFIX} keypair. Value: {{}}. 'name' is a required property"),
        ({"name": ""}, "", f"{PREFIX} name. Value: . '' should be non-empty"),
        ({"name": None}, "", f"{PREFIX} name. Value: None. None is not of type 'string'"),
        ({"name": 5}, "", f"{PREFIX} name. Value: 5. 5 is not of type 'string'"),
        ({"name": "a/b"}, "", f"{PREFIX} name. Value: a/b. 'a/b' does not match '^[_\\\\- a-zA-Z0-9]+$'"),
        ({"name": "k", "public_key": 5}, "", f"{PREFIX} public_key. Value: 5. 5 is not of type 'string'"),
        ({"name": "k", "type": "pgp"}, "2.2", f"{PREFIX} type. Value: pgp. 'pgp' is not one of ['ssh', 'x509']"),
        (
            {"name": "k", "type": "ssh"},
            "",
            (
                f"{PREFIX} keypair. Value: {{'name': 'k', 'type': 'ssh'}}. "
                "Additional properties are not allowed ('type' was unexpected)"
            ),
        ),
    ],
)
async def test_bad_bodies(kit: Kit, keypair: object, version: str, text: str) -> None:
    assert fault(await kit.call("POST", K, {"keypair": keypair}, version=version)) == (400, text)


async def test_names_with_blanks_and_later_with_dots(kit: Kit) -> None:
    assert (await kit.call("POST", K, {"keypair": {"name": "a b", "public_key": RSA}})).status == 200
    assert (await kit.call("GET", f"{K}/a%20b")).json["keypair"]["name"] == "a b"
    assert (await kit.call("POST", K, {"keypair": {"name": "a.b@c", "public_key": RSA}}, version="2.92")).status == 201


async def test_a_name_is_taken_once_per_user(kit: Kit) -> None:
    body = {"keypair": {"name": "k", "public_key": RSA}}
    assert (await kit.call("POST", K, body)).status == 200
    assert fault(await kit.call("POST", K, body)) == (409, "Key pair 'k' already exists.")
    assert (await kit.call("POST", K, body, token="reader")).status == 200


async def test_pages_are_by_name_from_2_35(kit: Kit) -> None:
    for name in ("k3", "k1", "k2"):
        await kit.call("POST", K, {"keypair": {"name": name, "public_key": RSA}})
    page = (await kit.call("GET", f"{K}?limit=1&marker=k1", version="2.35")).json
    assert [row["keypair"]["name"] for row in page["keypairs"]] == ["k2"]
    assert page["keypairs_links"][0]["href"].endswith("/v2.1/os-keypairs?limit=1&marker=k2")
    assert len((await kit.call("GET", f"{K}?limit=1", version="2.34")).json["keypairs"]) == 3
    assert fault(await kit.call("GET", f"{K}?marker=x", version="2.35")) == (400, "Marker x could not be found.")


async def test_others_keys_are_for_administrators(kit: Kit) -> None:
    await kit.call("POST", K, {"keypair": {"name": "k", "public_key": RSA}})
    path = f"{K}?user_id={USERS['member']}"
    answer = await kit.call("GET", path, version="2.10", token="other")
    assert fault(answer) == (403, "Policy doesn't allow os_compute_api:os-keypairs:index to be performed.")
    assert len((await kit.call("GET", path, version="2.10", token="admin")).json["keypairs"]) == 1
    body = {"keypair": {"name": "k", "public_key": RSA, "user_id": USERS["other"]}}
    assert fault(await kit.call("POST", K, body, version="2.10"))[0] == 403
    assert (await kit.call("POST", K, body, version="2.10", token="admin")).json["keypair"]["user_id"] == USERS["other"]


async def test_there_is_a_quota() -> None:
    kit = Kit(SERVICES, config=PiaConfig(quotas={"compute": {"key_pairs": 1}}))
    assert (await kit.call("POST", K, {"keypair": {"name": "a", "public_key": RSA}})).status == 200
    answer = await kit.call("POST", K, {"keypair": {"name": "b", "public_key": RSA}})
    assert fault(answer) == (403, "Quota exceeded, too many key pairs.")
