"""Certificates: who a part of the control plane is, and whom it believes.

Made here instead of by a tool, because there is no tool on an empty machine. What a part presents is one file with key
and certificate, so that a crash cannot leave a pair that does not match.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gurum.ops import secrets

AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=730)
RENEWED = timedelta(days=365)  # what has less left is made anew at the next start
SKEW = timedelta(minutes=5)  # a clock may be behind ours by so much

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Authority:
    """What signs certificates, and what believes them."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate alone, for those who are to believe it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self, name: str, now: datetime, *, groups: Iterable[str] = (), hosts: Iterable[str] = (), client: bool = True
    ) -> Credentials:
        """Return a new key and its certificate, valid for LIFE: of a server if `hosts` are given, of a client too.

        Kubernetes takes `name` for the user and `groups` for the user's groups.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH] if client else []
        names = [_alternative(host) for host in hosts]
        if names:
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        end = min(now + LIFE, self.certificate.not_valid_after_utc)
        builder = (
            _builder(_name(name, groups), self.certificate.subject, key, now, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Credentials(builder.sign(self.key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Credentials:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key

    @property
    def certificate_pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key, in SEC1: Kubernetes refuses an elliptic key of a service account in PKCS8."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )

    def write(self, path: Path) -> None:
        """Write both into one file that only its owner may read."""
        secrets.write(path, self.key_pem + self.certificate_pem)

    def names(self, name: str, groups: Iterable[str]) -> bool:
        """Whether it is that user's, in those groups."""
        return self.certificate.subject == _name(name, groups)

    def good(self, authority: Authority, now: datetime) -> bool:
        """Whether the authority signed it with the name that it has, and it is far from its end."""
        return (
            self.certificate.issuer == authority.certificate.subject
            and _signed(self.certificate, authority)
            and self.certificate.not_valid_after_utc - now > RENEWED
        )


def read(path: Path) -> Credentials:
    """Read what `Credentials.write` wrote. Raises OSError, SecretError, ValueError."""
    text = secrets.read(path).encode()
    key = serialization.load_pem_private_key(text, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} holds a key of another kind than we make")
    return Credentials(x509.load_pem_x509_certificate(text), key)


def authority(path: Path, name: str, now: datetime) -> Authority:
    """Return the authority of that file, made if there is none. Near its end it is signed anew, with the same key.

    What it has signed stays good then. Raises OSError, SecretError, ValueError.
    """
    if not path.exists():
        made = _authority(name, ec.generate_private_key(ec.SECP256R1()), now)
    else:
        kept = read(path)
        if kept.certificate.not_valid_after_utc - now > LIFE:
            return Authority(kept.certificate, kept.key)
        made = _authority(name, kept.key, now)
    Credentials(made.certificate, made.key).write(path)
    return made


def signing_key(path: Path) -> None:
    """Make the key by which tokens of service accounts are signed, unless it is there: alone, in SEC1."""
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        secrets.write(path, pem)


def _authority(name: str, key: Key, now: datetime) -> Authority:
    subject = _name(name, ())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(subject, subject, key, now, now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, end: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(name: str, groups: Iterable[str]) -> x509.Name:
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signed(certificate: x509.Certificate, authority: Authority) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, TypeError, ValueError):  # another key, another kind of key, another issuer
        return False
    return True
