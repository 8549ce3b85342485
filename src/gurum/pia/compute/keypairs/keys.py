"""Public keys: whether one is a key at all, its fingerprint, and making a new pair."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

RSA_BITS = 2048


class NotAKeyError(Exception):
    """The text is no public key in OpenSSH's form."""


def fingerprint(public_key: str) -> str:
    """Return the MD5 fingerprint of an OpenSSH public key (RSA, ECDSA, Ed25519). Raises NotAKeyError."""
    try:
        serialization.load_ssh_public_key(public_key.encode())
        blob = base64.b64decode(public_key.split(" ")[1])
    except (ValueError, UnsupportedAlgorithm, IndexError) as error:
        raise NotAKeyError(str(error)) from None
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[n : n + 2] for n in range(0, len(digest), 2))


def generate() -> tuple[str, str]:
    """Return a new (private key as PEM, public key in OpenSSH's form). Takes tens of milliseconds of CPU."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), f"{public.decode()} Generated-by-Nova"
