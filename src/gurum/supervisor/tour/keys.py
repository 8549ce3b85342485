"""An SSH key pair for the tour, made without `ssh-keygen`, which a fresh Debian does not have."""

from __future__ import annotations

from pathlib import Path

from gurum.ops import secrets


def public_key(private: Path) -> Path:
    """Return the file of the public key, making the pair (Ed25519, OpenSSH's form, 0600) if it is not there."""
    public = private.with_suffix(".pub")
    if not (private.exists() and public.exists()):
        # Imported late: only a first tour needs it.
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
        secrets.write(
            private,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.OpenSSH,
                serialization.NoEncryption(),
            ),
        )
        line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        secrets.write(public, line + b" tour\n")
    return public
