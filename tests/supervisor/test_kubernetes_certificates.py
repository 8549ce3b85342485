"""Certificates of a control plane: whom they name, who believes them, and when they are made anew."""

import ssl
import stat
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gurum.supervisor.kubernetes import pki
from gurum.supervisor.kubernetes.authority import AUTHORITY_LIFE, LIFE, RENEWED, SKEW, Credentials, authority, read
from gurum.supervisor.kubernetes.pki import ADMINISTRATORS, ADMISSION, API, ETCD, LEAVES, SIGN_IN, USERS, Pki

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
URL = "https://127.0.0.1:1"


@pytest.fixture
def made(tmp_path: Path) -> Pki:
    ours = Pki(tmp_path / "pki")
    pki.prepare(ours, URL, NOW)
    return ours


def contents(ours: Pki) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in ours.directory.iterdir()}


def values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]


def uses(credentials: Credentials) -> set[str]:
    extension = credentials.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    names = {ExtendedKeyUsageOID.CLIENT_AUTH: "client", ExtendedKeyUsageOID.SERVER_AUTH: "server"}
    return {names[use] for use in extension.value}


def test_only_their_owner_may_read_them(made: Pki) -> None:
    assert stat.S_IMODE(made.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.directory.iterdir()} == {0o600}


def test_keys_are_in_the_form_that_kubernetes_reads(made: Pki) -> None:
    for path in (made.signing_key, *(made.leaf(leaf.file) for leaf in (*LEAVES, *USERS))):
        assert path.read_bytes().startswith(b"-----BEGIN EC PRIVATE KEY-----\n"), path
    assert made.signing_key.read_bytes().count(b"-----BEGIN") == 1


@pytest.mark.parametrize("leaf", [*LEAVES, *USERS], ids=lambda leaf: leaf.file)
def test_a_leaf(made: Pki, leaf: pki.Leaf) -> None:
    credentials = read(made.leaf(leaf.file))
    certificate = credentials.certificate
    assert values(certificate.subject, NameOID.COMMON_NAME) == [leaf.name]
    assert values(certificate.subject, NameOID.ORGANIZATION_NAME) == list(leaf.groups)
    assert ("server" in uses(credentials), "client" in uses(credentials)) == (leaf.server, leaf.client)
    assert certificate.not_valid_before_utc == NOW - SKEW
    assert certificate.not_valid_after_utc == NOW + LIFE
    assert certificate.public_key() == credentials.key.public_key()
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not basic.value.ca
    if leaf.server:
        hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert [str(address) for address in hosts.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
        assert hosts.get_values_for_type(x509.DNSName) == ["localhost"]


def test_etcd_believes_no_user_of_the_api_server(made: Pki) -> None:
    """Its authority signs for the API server and itself alone; else a certificate would do for everything."""
    signers = {name: read(made.authority(name)).certificate for name in (API, ETCD, ADMISSION, SIGN_IN)}
    for leaf in (*LEAVES, *USERS):
        certificate = read(made.leaf(leaf.file)).certificate
        certificate.verify_directly_issued_by(signers[leaf.authority])
        other = signers[ETCD if leaf.authority == API else API]
        with pytest.raises(ValueError, match="Issuer"):
            certificate.verify_directly_issued_by(other)
    assert {leaf.name for leaf in (*LEAVES, *USERS) if leaf.authority == ETCD} == {"etcd", "kube-apiserver"}


def test_administrators_alone_are_above_all_rights(made: Pki) -> None:
    assert [leaf.file for leaf in (*LEAVES, *USERS) if ADMINISTRATORS in leaf.groups] == ["administrator"]


def test_what_is_believed_holds_no_key(made: Pki) -> None:
    for name in (API, ETCD):
        text = made.believed(name).read_bytes()
        assert b"PRIVATE" not in text
        assert x509.load_pem_x509_certificate(text) == read(made.authority(name)).certificate


def test_a_kubeconfig_is_whole_in_itself(made: Pki) -> None:
    document: dict[str, Any] = yaml.safe_load(made.kubeconfig("administrator").read_text())
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    assert cluster["server"] == URL
    assert b64decode(cluster["certificate-authority-data"]) == made.believed(API).read_bytes()
    both = b64decode(user["client-key-data"]) + b64decode(user["client-certificate-data"])
    assert both == made.leaf("administrator").read_bytes()
    assert document["current-context"] == document["contexts"][0]["name"]


def test_python_takes_them(made: Pki) -> None:
    assert made.trust(API, "probe").context().verify_mode == ssl.CERT_REQUIRED


def test_a_second_time_nothing_changes(made: Pki) -> None:
    before = contents(made)
    pki.prepare(made, URL, NOW + timedelta(days=30))
    assert contents(made) == before


def test_near_their_end_leaves_are_made_anew(made: Pki) -> None:
    before = contents(made)
    later = NOW + LIFE - RENEWED
    pki.prepare(made, URL, later)
    after = contents(made)
    for leaf in (*LEAVES, *USERS):
        assert after[made.leaf(leaf.file).name] != before[made.leaf(leaf.file).name]
        assert read(made.leaf(leaf.file)).certificate.not_valid_after_utc == later + LIFE
    for name in (API, ETCD):
        assert after[made.authority(name).name] == before[made.authority(name).name]


def test_an_authority_near_its_end_keeps_its_key(tmp_path: Path) -> None:
    """So that what it signed, and who believes only it, need not change on the same day."""
    path = tmp_path / "authority.pem"
    first = authority(path, "a", NOW)
    leaf = first.issue("somebody", NOW)
    early = authority(path, "a", NOW + AUTHORITY_LIFE - LIFE - timedelta(days=1))
    assert early.certificate == first.certificate
    second = authority(path, "a", NOW + AUTHORITY_LIFE - LIFE)
    assert second.certificate.not_valid_after_utc == NOW + AUTHORITY_LIFE - LIFE + AUTHORITY_LIFE
    leaf.certificate.verify_directly_issued_by(second.certificate)


def test_a_lost_authority_means_new_leaves(made: Pki) -> None:
    made.authority(API).unlink()
    before = contents(made)
    pki.prepare(made, URL, NOW)
    after = contents(made)
    for leaf in (*LEAVES, *USERS):
        changed = after[made.leaf(leaf.file).name] != before[made.leaf(leaf.file).name]
        assert changed == (leaf.authority == API)


def test_a_leaf_outlives_no_authority(tmp_path: Path) -> None:
    signer = authority(tmp_path / "authority.pem", "a", NOW)
    late = signer.issue("somebody", NOW + AUTHORITY_LIFE - timedelta(days=1))
    assert late.certificate.not_valid_after_utc == NOW + AUTHORITY_LIFE


def test_users(made: Pki) -> None:
    first = pki.user(made, URL, "jisu@example.org", ("developers",), NOW)
    text = first.read_bytes()
    assert pki.user(made, URL, "jisu@example.org", ("developers",), NOW) == first
    assert first.read_bytes() == text
    pki.user(made, URL, "jisu@example.org", ("operators",), NOW)  # other groups: another certificate
    assert first.read_bytes() != text
    with pytest.raises(ValueError, match="may not name"):
        pki.user(made, URL, "../administrator", (), NOW)
