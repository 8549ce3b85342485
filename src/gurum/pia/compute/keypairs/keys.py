"""Public keys and certificates: whether one is what it should be, its fingerprint, and making a new pair.

A certificate is what Windows takes in the place of an SSH key: Nova makes one for the user of a key pair of type x509.
"""

from __future__ import annotations

import base64
import datetime
import hashlib

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

RSA_BITS = 2048
DAYS = 3650  # of a certificate, as Nova's
# Microsoft's user principal name: by it Windows knows whom a certificate lets in.
PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8_STRING = 0x0C  # DER's tag


class NotAKeyError(Exception):
    """The text is no public key in OpenSSH's form, or no certificate in PEM."""


def fingerprint(public_key: str) -> str:
    """Return the MD5 fingerprint of an OpenSSH public key (RSA, ECDSA, Ed25519). Raises NotAKeyError."""
    try:
        serialization.load_ssh_public_key(public_key.encode())
        blob = base64.b64decode(public_key.split(" ")[1])
    except (ValueError, UnsupportedAlgorithm, IndexError) as error:
        raise NotAKeyError(str(error)) from None
    return _pairs(hashlib.md5(blob, usedforsecurity=False).digest())


def certificate_fingerprint(pem: str) -> str:
    """Return the SHA-1 fingerprint of a certificate. Raises NotAKeyError."""
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise NotAKeyError(str(error)) from None
    return _pairs(found.fingerprint(hashes.SHA1()))  # noqa: S303 - a name for a certificate, as Nova's; protects nothing


def _pairs(digest: bytes) -> str:
    return digest.hex(":")


def generate() -> tuple[str, str]:
    """Return a new (private key as PEM, public key in OpenSSH's form). Takes tens of milliseconds of CPU."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return _private(key), f"{public.decode()} Generated-by-Nova"


def generate_certificate(user: str, now: float) -> tuple[str, str]:
    """Return a new (private key, self-signed certificate), both as PEM, that lets a user of Windows in.

    `now`: seconds since the epoch, from when it is valid.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user)])
    principal = f"{user}@localhost".encode()
    since = datetime.datetime.fromtimestamp(now, datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + datetime.timedelta(days=DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.OtherName(PRINCIPAL_NAME, bytes((_UTF8_STRING, len(principal))) + principal)]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return _private(key), certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
