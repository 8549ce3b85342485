"""The forms in which a secret may hide in text."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

SHORTEST = 8  # a shorter secret would be found in innocent text


def forms(secret: str) -> dict[str, bytes]:
    """Return what to look for, by the name of the form: as it is, URL-encoded, in JSON, and in base64.

    In base64 it may stand within something longer (`user:password`), at any of three offsets; the characters that
    depend on its neighbours are left out. Both alphabets.
    """
    raw = secret.encode()
    found = {
        "raw": raw,
        "url": quote(secret, safe="").encode(),
        "url+": quote_plus(secret).encode(),
        "json": json.dumps(secret)[1:-1].encode(),
        "json, UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
    }
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        first = -(-offset * 8 // 6)  # characters that carry a bit of what is before
        last = len(encoded) if (offset + len(raw)) % 3 == 0 else -(4 - ((offset + len(raw)) % 3 * 8) // 6)
        inner = encoded[first:last]
        found[f"base64+{offset}"] = inner
        found[f"base64url+{offset}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    return {name: form for name, form in found.items() if len(form) >= SHORTEST}


def found_in(text: bytes, secret: str) -> list[str]:
    """Return the names of the forms in which the secret is in the text."""
    return [name for name, form in forms(secret).items() if form in text]
