"""Sign a bundle, and believe one only if it is signed: OPA's own form, so that a stock OPA server checks it.

`.signatures.json` holds one JWT, whose `files` name each file of the bundle with its digest. Of a policy the digest is
that of its bytes, of a JSON document that of its canonical form: keys sorted, no blanks, numbers as they were written.
The algorithm follows from the key that the verifier was given (RS256, ES256), never from the token.

A signature says who made the bundle and that it is whole. It does not say that it is the newest: an old bundle with its
old signature is believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from gurum.ops import secrets
from gurum.policy.files import DATA, MANIFEST, SIGNATURES

KEY_ID = "gurum"
DIGEST = "SHA-256"
_SMALLEST = 2048  # bits of RSA
_TOKEN = 4 * 2**20  # bytes of a token's payload: a hundred and fifty a file
_LONE = re.compile("[\ud800-\udfff]")

Key = RSAKey | ECKey


class SignatureError(Exception):
    """The bundle is not to be believed, or cannot be signed; the message says why."""


class _File(msgspec.Struct, frozen=True):
    name: str
    hash: str
    algorithm: str


class _Signatures(msgspec.Struct, frozen=True):
    signatures: list[str]
    plugin: str = ""


class _Payload(msgspec.Struct, frozen=True):
    files: list[_File]


def sign(files: Mapping[str, bytes], key_file: Path, key_id: str = KEY_ID) -> bytes:
    """Return `.signatures.json` for the files. key_file: the private key, PEM, mode 0600.

    Raises SignatureError, SecretError.
    """
    key = _private(secrets.read(key_file), key_file)
    listed = [{"name": name, "hash": digest(name, files[name]), "algorithm": DIGEST} for name in files]
    payload = msgspec.json.encode({"files": listed, "keyid": key_id})
    token = jws.serialize_compact(
        {"alg": _algorithm(key), "kid": key_id}, payload, key, registry=_registry(_algorithm(key))
    )
    return msgspec.json.encode({"signatures": [token]})


def verify(files: Mapping[str, bytes], key_file: Path) -> None:
    """Return if the files are all those that were signed with the key, unchanged. key_file: the public key, PEM.

    Raises SignatureError.
    """
    try:
        key = _public(key_file.read_text(encoding="ascii"), key_file)
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureError(f"the verification key {key_file} cannot be read: {error}") from error
    if SIGNATURES not in files:
        raise SignatureError(f"it is not signed: there is no {SIGNATURES}")
    signed = _signed(files[SIGNATURES], key)
    for name, content in files.items():
        if name == SIGNATURES:
            continue
        file = signed.pop(name, None)
        if file is None:
            raise SignatureError(f"{name} is not among what was signed")
        if file.algorithm != DIGEST:
            raise SignatureError(f"{name} has a digest by {file.algorithm!r}, not {DIGEST}")
        if file.hash != digest(name, content):
            raise SignatureError(f"{name} is not what was signed")
    if signed:
        raise SignatureError(f"{next(iter(signed))} was signed and is not there")


def digest(name: str, content: bytes) -> str:
    """Return the digest of a file as OPA reckons it, in hexadecimal. Raises SignatureError for JSON that is none."""
    if PurePosixPath(name).name in {DATA, MANIFEST}:
        content = "".join(_canonical(_parsed(name, content))).encode()
    return hashlib.sha256(content).hexdigest()


def _signed(content: bytes, key: Key) -> dict[str, _File]:
    try:
        (token,) = msgspec.json.decode(content, type=_Signatures).signatures
        found = jws.deserialize_compact(token, key, registry=_registry(_algorithm(key)))
        listed = msgspec.json.decode(found.payload, type=_Payload).files
    except (JoseError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SignatureError(f"{SIGNATURES} is not believed: {str(error) or type(error).__name__}") from error
    files = {file.name: file for file in listed}
    if len(files) != len(listed):
        raise SignatureError(f"{SIGNATURES} names a file twice")
    return files


def _private(text: str, where: Path) -> Key:
    try:
        return _fit(load_pem_private_key(text.encode(), None), where)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it wants a password
        raise SignatureError(f"{where} holds no private key as PEM, or one with a password") from error


def _public(text: str, where: Path) -> Key:
    try:
        return _fit(load_pem_public_key(text.encode()), where)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError(f"{where} holds no public key as PEM") from error


def _fit(key: object, where: Path) -> Key:
    """Return a key that is strong enough and of a kind that OPA takes, too."""
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        if key.key_size < _SMALLEST:
            raise SignatureError(f"the RSA key in {where} has less than {_SMALLEST} bits")
        return RSAKey.import_key(key)
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return ECKey.import_key(key)
    raise SignatureError(f"the key in {where} is neither of RSA nor on P-256")


def _algorithm(key: Key) -> str:
    return "RS256" if isinstance(key, RSAKey) else "ES256"


def _registry(algorithm: str) -> JWSRegistry:
    registry = JWSRegistry(algorithms=[algorithm])
    registry.max_payload_length = _TOKEN
    return registry


class _Number(str):
    """A number as it was written: OPA's digest is of that."""

    __slots__ = ()


def _parsed(name: str, content: bytes) -> Any:
    try:
        return json.loads(content, parse_int=_Number, parse_float=_Number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise SignatureError(f"{name}: {error}") from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _canonical(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for number, key in enumerate(sorted(value)):
            yield "," if number else ""
            yield f"{_text(key)}:"
            yield from _canonical(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, element in enumerate(value):
            yield "," if number else ""
            yield from _canonical(element)
        yield "]"
    elif isinstance(value, _Number):
        yield str(value)
    elif isinstance(value, str):
        yield _text(value)
    else:
        yield json.dumps(value)


def _text(value: str) -> str:
    """Write a text as Go does: all of it as it is, but for what JSON forbids, two separators, and half characters."""
    written = json.dumps(_LONE.sub("\ufffd", value), ensure_ascii=False)
    return written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
