"""What AWS reads of an issuer: where its keys are, and the keys. Two files, for any static host.

They are the only things of an issuer that have to be reachable from outside, and neither is secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from gurum.identity.issuer.keys import ALGORITHM, KeyRing, Settings
from gurum.ops import secrets

DISCOVERY, KEYS = ".well-known/openid-configuration", "keys.json"


def documents(config: Settings, ring: KeyRing) -> dict[str, bytes]:
    """Return the documents by their paths below the issuer's URL."""
    discovery = {
        "issuer": config.url,
        "jwks_uri": f"{config.url.rstrip('/')}/{KEYS}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "jti", "iat", "exp"],
    }
    keys = {"keys": [key.public() for key in ring.published()]}
    return {DISCOVERY: _text(discovery), KEYS: _text(keys)}


def publish(config: Settings, ring: KeyRing, into: Path | None = None, *, readable: bool = False) -> bool:
    """Write the documents where they differ, each at once; return whether any did. Idempotent. Raises OSError.

    into: a directory (default: `public` in the issuer's own). readable: for every user of the machine.
    """
    root, changed = into or public(config), False
    for name, content in documents(config, ring).items():
        path = root / name
        if path.exists() and path.read_bytes() == content:
            continue
        path.parent.mkdir(mode=0o755 if readable else 0o700, parents=True, exist_ok=True)
        secrets.write(path, content)
        if readable:
            path.chmod(0o644)
        changed = True
    return changed


def public(config: Settings) -> Path:
    """Return the directory of the documents."""
    return Path(config.directory) / "public"


def _text(document: Mapping[str, object]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
