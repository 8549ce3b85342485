"""A bundle as one signed file: packed, believed only if it is whole and of the right key, by both engines."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.policies.unfit import BOTH, EMBEDDED, Workshop
from tests.policy.conftest import BUNDLE
from tests.policy.test_policy_engine import SHOW
from tests.support import opa as real

from gurum.cli.main import main
from gurum.ops.secrets import SecretError
from gurum.policy.building import build, manifest
from gurum.policy.bundle import BundleError, BundleSource, read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.files import LIMIT, SIGNATURES, FilesError, packed, read_files
from gurum.policy.signature import SignatureError, digest, sign, verify


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    place = tmp_path_factory.mktemp("keys")
    private, _ = real.keys(place)
    other, _ = real.keys(place, "other")
    return Workshop.of(BUNDLE, private, other)


@pytest.fixture
def public(workshop: Workshop) -> Path:
    return workshop.key.with_suffix(".pub")


def _rsa(place: Path, bits: int) -> tuple[Path, Path]:
    key = rsa.generate_private_key(65537, bits)
    private, public = place / "rsa.pem", place / "rsa.pub"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_packed_and_read_it_is_the_same(tmp_path: Path, workshop: Workshop, public: Path, source: BundleSource) -> None:
    place = tmp_path / "bundle.tar.gz"
    assert build(BUNDLE, place, workshop.key) == source.revision
    read = read_bundle(place, public)
    assert (read.modules, read.data, read.revision) == (source.modules, source.data, source.revision)
    assert read.tests == ()  # what is rolled out is what decides
    assert manifest(source).roots == ("gurum",)
    assert json.loads(read_files(place)[".manifest"])["revision"] == source.revision


def test_the_same_bundle_is_the_same_bytes(tmp_path: Path, workshop: Workshop) -> None:
    private, public = _rsa(tmp_path, 2048)
    contents = set()
    for name in ("a", "b"):
        build(BUNDLE, tmp_path / name, private)
        contents.add((tmp_path / name).read_bytes())
    assert len(contents) == 1
    assert read_bundle(tmp_path / "a", public).modules
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("way", [*BOTH, *EMBEDDED])
def test_a_spoilt_bundle_is_refused_and_the_last_good_one_decides(
    tmp_path: Path, workshop: Workshop, public: Path, way: str
) -> None:
    place = tmp_path / "bundle.tar.gz"
    place.write_bytes(workshop.signed({}))
    engine = EmbeddedDecisionPoint(place, verification_key=public)
    revision = engine.revision
    place.write_bytes({**BOTH, **EMBEDDED}[way](workshop))
    with pytest.raises(BundleError) as refused:
        engine.reload()
    assert str(refused.value)
    assert (engine.revision, engine.decide(SHOW).allow) == (revision, True)
    with pytest.raises(BundleError):
        EmbeddedDecisionPoint(place, verification_key=public)


def test_a_signed_directory_is_believed(tmp_path: Path, workshop: Workshop, public: Path) -> None:
    for name, content in workshop.good.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert read_bundle(tmp_path, public).revision
    (tmp_path / "gurum" / "x_test.rego").write_text("package x\nimport rego.v1\n")
    with pytest.raises(BundleError, match=r"gurum/x_test\.rego is not among what was signed"):
        read_bundle(tmp_path, public)


def test_what_is_not_signed_is_read_unless_a_key_is_named(public: Path) -> None:
    assert read_bundle(BUNDLE).revision
    with pytest.raises(BundleError, match=r"it is not signed: there is no \.signatures\.json"):
        read_bundle(BUNDLE, public)


@pytest.mark.parametrize(
    ("text", "message"),
    [("no key", "holds no public key as PEM"), ("ü", "cannot be read"), (None, "cannot be read")],
)
def test_a_verification_key_that_is_none(tmp_path: Path, workshop: Workshop, text: str | None, message: str) -> None:
    key = tmp_path / "key.pub"
    if text is not None:
        key.write_text(text)
    with pytest.raises(SignatureError, match=message):
        verify(workshop.good, key)


def test_weak_keys_are_refused(tmp_path: Path, workshop: Workshop) -> None:
    private, _ = _rsa(tmp_path, 1024)
    with pytest.raises(SignatureError, match="has less than 2048 bits"):
        sign(workshop.good, private)
    other = tmp_path / "ec.pem"
    other.touch(mode=0o600)
    key = ec.generate_private_key(ec.SECP384R1())
    other.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SignatureError, match="is neither of RSA nor on P-256"):
        sign(workshop.good, other)


def test_a_key_to_sign_with_is_a_secret(tmp_path: Path, workshop: Workshop, public: Path) -> None:
    public.chmod(0o600)
    with pytest.raises(SignatureError, match="holds no private key"):
        sign(workshop.good, public)
    loose = tmp_path / "loose.pem"
    loose.write_bytes(workshop.key.read_bytes())
    loose.chmod(0o644)
    with pytest.raises(SecretError, match="mode 0644"):
        sign(workshop.good, loose)


def test_the_algorithm_is_the_keys_and_never_the_tokens(tmp_path: Path, workshop: Workshop, public: Path) -> None:
    """A token by HS256, made with the public key as its secret, is the classic way in."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    (token,) = json.loads(workshop.good[SIGNATURES])["signatures"]
    head, body = part(b'{"alg":"HS256","kid":"gurum"}'), token.split(".")[1]
    mac = hmac.new(public.read_bytes(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    forged = json.dumps({"signatures": [f"{head}.{body}.{part(mac)}"]}).encode()
    with pytest.raises(SignatureError, match="is not believed"):
        verify({**workshop.good, SIGNATURES: forged}, public)


def test_digests_are_of_the_meaning_not_of_the_bytes() -> None:
    assert digest("data.json", b'{"b":1,"a":[true,null]}') == digest("a/data.json", b' { "a": [true, null],\n"b": 1 }')
    assert digest("data.json", b'{"b":1}') != digest("data.json", b'{"b":1.0}')
    assert digest("x.rego", b"a ") != digest("x.rego", b"a")
    for broken in (b"{", b"NaN", b"[" * 100000, b"\xff"):
        with pytest.raises(SignatureError, match=r"data\.json: "):
            digest("data.json", broken)


HARD = (
    '{"z": 1, "a": {"y": [1, 2.50, 1e3, 1E-7, -0, 12345678901234567890123], "\\u00fc": "<&>\\u2028\\u2029\\u007f"},'
    ' "t": "\\b\\f\\n\\r\\t\\u0001\\"\\\\/", "s": "\\ud83d\\ude00 \\ud800", "n": null, "e": {}, "l": []}'
)


def test_opa_reckons_the_same_digests(opa: None, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "data.json").write_text(HARD)
    private, _ = real.keys(tmp_path)
    real.run(
        "sign", "--signing-key", private, "--signing-alg", "ES256", "--bundle", tmp_path / "b",
        "--output-file-path", tmp_path,
    )  # fmt: skip
    (token,) = json.loads((tmp_path / SIGNATURES).read_text())["signatures"]
    body = token.split(".")[1]
    (file,) = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["files"]
    assert file["hash"] == digest("data.json", HARD.encode())


@pytest.mark.parametrize("kind", ["ES256", "RS256"])
def test_a_stock_opa_believes_it(opa: None, tmp_path: Path, kind: str) -> None:
    private, public = real.keys(tmp_path) if kind == "ES256" else _rsa(tmp_path, 2048)
    place = tmp_path / "bundle.tar.gz"
    revision = build(BUNDLE, place, private)
    words = ("--bundle", str(place), "--verification-key", str(public), "--signing-alg", kind)
    with real.started(*words, log=tmp_path / "log") as server:
        assert real.revision(server.url, str(place)) == revision


# --- files that are none ----------------------------------------------------------------------------------------------


def _tar(*members: tuple[str, bytes, bytes]) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(member, BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (("../data.json", tarfile.REGTYPE, b"{}"), "has no place in a bundle"),
        (("a/../../x.rego", tarfile.REGTYPE, b""), "has no place in a bundle"),
        (("data.json", tarfile.SYMTYPE, b""), "has no place in a bundle"),
        (("data.json", tarfile.LNKTYPE, b""), "has no place in a bundle"),
        (("x.rego", tarfile.FIFOTYPE, b""), "has no place in a bundle"),
        (("policy.wasm", tarfile.REGTYPE, b""), "has no place in a bundle"),
        (("a/.manifest", tarfile.REGTYPE, b"{}"), "has no place in a bundle"),
        (("./a.rego", tarfile.REGTYPE, b""), "a.rego is there twice"),
    ],
)
def test_what_has_no_place(tmp_path: Path, member: tuple[str, bytes, bytes], message: str) -> None:
    place = tmp_path / "b.tar.gz"
    place.write_bytes(_tar(("/a.rego", tarfile.REGTYPE, b""), ("d", tarfile.DIRTYPE, b""), member))
    with pytest.raises(FilesError, match=message):
        read_files(place)


def test_one_that_swells_is_not_unpacked(tmp_path: Path) -> None:
    place = tmp_path / "b.tar.gz"
    place.write_bytes(packed({"data.json": b" " * (LIMIT + 1)}))
    assert place.stat().st_size < LIMIT / 100
    with pytest.raises(FilesError, match="unpacked it has more than"):
        read_files(place)


@pytest.mark.parametrize("name", ["data.yaml", "gurum/data.yml", "policy.wasm"])
def test_what_only_opa_would_read_is_refused_in_a_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "gurum").mkdir()
    (tmp_path / name).write_text("x: 1\n")
    with pytest.raises(FilesError, match="only an OPA server would read it"):
        read_files(tmp_path)


@pytest.mark.parametrize("text", ['{"rego_version": 0}', '{"wasm": []}', '{"file_rego_versions": {"x": 0}}', "{"])
def test_a_manifest_that_reads_the_bundle_otherwise(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.rego").write_text("package a\n\nimport rego.v1\n")
    (tmp_path / ".manifest").write_text(text)
    with pytest.raises(BundleError, match=r"\.manifest: "):
        read_bundle(tmp_path)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command(tmp_path: Path, workshop: Workshop, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "bundle.tar.gz"
    words = ["policy", "bundle", str(BUNDLE), "--into", str(place)]
    assert main([*words]) == 2
    assert "either --key FILE or --unsigned" in capsys.readouterr().err
    assert main([*words, "--key", str(workshop.key)]) == 0
    assert capsys.readouterr().err.endswith(f"signed with {workshop.key} as gurum\n")
    read_bundle(place, public)
    assert main([*words, "--unsigned"]) == 0
    assert SIGNATURES not in read_files(place)
    before = place.read_bytes()
    assert main([*words, "--key", str(tmp_path / "none")]) == 2
    assert place.read_bytes() == before


def test_what_cannot_decide_is_not_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.rego").write_text("package a\n\nimport rego.v1\n\nx := opa.runtime()\n")
    assert main(["policy", "bundle", str(tmp_path / "b"), "--into", str(tmp_path / "x"), "--unsigned"]) == 2
    assert "opa.runtime is not allowed" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
