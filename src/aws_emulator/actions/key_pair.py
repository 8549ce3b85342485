"""Key pairs: import, describe, delete. Only RSA and ED25519, as EC2 takes them."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterator

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, select
from aws_emulator.rules import refuse
from aws_emulator.state.compute import KeyPair
from aws_emulator.tagging import shown, tags_on_create

_RSA_BITS = (1024, 2048, 4096)


def import_key_pair(call: Context, params: Params) -> Answer:
    """Store a public key under a name unique in the region."""
    tags = tags_on_create(call, params, "key-pair")["key-pair"]
    name = params["KeyName"]
    if not 0 < len(name) <= 255:
        raise refuse("key.name", name=name)
    text = params["PublicKeyMaterial"].decode("utf-8", "replace").strip()
    key_type, fingerprint = _read(text)
    if call.region.key_pairs.ids("name", name):
        raise refuse("key.duplicate")
    if len(call.region.key_pairs) >= call.config.quotas.key_pairs:
        raise refuse("key.limit")
    row = KeyPair(
        id=call.new_id("key"), name=name, fingerprint=fingerprint, key_type=key_type,
        public_key=text,
    )  # fmt: skip
    call.create(call.region.key_pairs, row, tags)
    return {
        "KeyName": name,
        "KeyFingerprint": fingerprint,
        "KeyPairId": row.id,
        "Tags": shown(row.tags),
    }


def _read(text: str) -> tuple[str, str]:
    """Return type and fingerprint of an OpenSSH public key; Refusal for anything else.

    Fingerprints as EC2 documents them for imported keys: MD5 of the DER public key for RSA,
    SHA-256 of the OpenSSH blob for ED25519.
    """
    parts = text.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
        fields = list(_fields(blob))
    except (IndexError, binascii.Error, struct.error, ValueError):
        raise refuse("key.format") from None
    if not fields or fields[0] != parts[0].encode():
        raise refuse("key.format")
    if parts[0] == "ssh-ed25519" and len(fields) == 2 and len(fields[1]) == 32:
        digest = base64.b64encode(hashlib.sha256(blob).digest()).decode()
        return "ed25519", digest
    if parts[0] == "ssh-rsa" and len(fields) == 3:
        exponent, modulus = (int.from_bytes(field, "big") for field in fields[1:])
        if modulus.bit_length() in _RSA_BITS:
            der = _der_public_key(modulus, exponent)
            digest = hashlib.md5(der, usedforsecurity=False).hexdigest()
            return "rsa", ":".join(digest[n : n + 2] for n in range(0, 32, 2))
    raise refuse("key.format")


def _fields(blob: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(blob):
        (length,) = struct.unpack_from(">I", blob, place)
        field = blob[place + 4 : place + 4 + length]
        if len(field) < length:
            raise ValueError("a field of the key is cut off")
        yield field
        place += 4 + length


def _der(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + content


def _der_public_key(modulus: int, exponent: int) -> bytes:
    def integer(number: int) -> bytes:
        return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))

    rsa_encryption = bytes.fromhex("300d06092a864886f70d0101010500")
    key = _der(0x30, integer(modulus) + integer(exponent))
    return _der(0x30, rsa_encryption + _der(3, b"\0" + key))


def describe_key_pairs(call: Context, params: Params) -> Answer:
    """List key pairs, with the public key when asked."""
    rows = select(call, call.region.key_pairs, params, "KeyPairIds", FILTERS)
    if params.get("KeyNames"):
        for name in params["KeyNames"]:
            if not any(row.name == name and call.sees(row) for row in call.region.key_pairs):
                raise refuse("key.unknown", name=name)
        rows = [row for row in rows if row.name in params["KeyNames"]]
    return {
        "KeyPairs": [
            {
                "KeyPairId": row.id,
                "KeyName": row.name,
                "KeyFingerprint": row.fingerprint,
                "KeyType": row.key_type,
                "CreateTime": row.created_at,
                "PublicKey": row.public_key if params.get("IncludePublicKey") else None,
                "Tags": shown(row.shown_tags),
            }
            for row in rows
        ]
    }


def delete_key_pair(call: Context, params: Params) -> Answer:
    """Delete by id or name; EC2 answers success for one that does not exist."""
    table = call.region.key_pairs
    if "KeyPairId" in params:
        call.check_form("key-pair", params["KeyPairId"])
        row = table.get(params["KeyPairId"])
    elif "KeyName" in params:
        row = next(iter(table.by("name", params["KeyName"])), None)
    else:
        raise refuse("parameter.one-of", names="keyName or keyPairId")
    if row is None:
        return {"Return": True}
    call.delete(table, row.id)
    return {"Return": True, "KeyPairId": row.id}


FILTERS: FilterTable = {
    "key-pair-id": lambda call, row: (row.id,),
    "key-name": lambda call, row: (row.name,),
    "fingerprint": lambda call, row: (row.fingerprint,),
}

ACTIONS = (
    Action("ImportKeyPair", import_key_pair, "KeyName PublicKeyMaterial TagSpecifications"),
    Action("DescribeKeyPairs", describe_key_pairs, "KeyNames KeyPairIds Filters IncludePublicKey"),
    Action("DeleteKeyPair", delete_key_pair, "KeyName KeyPairId"),
)
