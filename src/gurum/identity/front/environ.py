"""What Keystone finds in a request's environment: nothing that a client wrote, and only what was verified.

A WSGI server puts every header under `HTTP_`, so no client can make a key `OIDC-iss`. The keys are stripped all the
same, in every spelling and on every path: the day that another server or option is put in front must not be the day on
which everybody can be anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gurum.identity.front.refused import Refused

PREFIX = "OIDC-"
LONGEST = 255  # characters of a value: Keystone's columns hold no more
MANY = 200  # members of a list that are looked at
# What servers in front of Keystone, or their modules, say of who logged in.
FORGED = re.compile(
    r"(HTTP[-_])*(OIDC|OPENID|REMOTE[-_]USER|REMOTE[-_]IDENT|SHIB|MELLON|SSL[-_]CLIENT|AUTH[-_]TYPE)", re.IGNORECASE
)
# `;` would make a list of it, braces and brackets are syntax of Keystone's mapping, which reads some values as Python.
_SYNTAX = re.compile(r'[;{}\[\]"\\]')


def stripped(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment without anything that could pass for a login elsewhere."""
    return {key: value for key, value in environ.items() if not FORGED.match(key)}


def plain(value: object) -> bool:
    """Tell whether a value means to Keystone what it means here."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST
        and value == value.strip()
        and value.isprintable()
        and not _SYNTAX.search(value)
    )


def said(claims: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Return the keys and values that tell Keystone of verified claims: `iss`, `sub`, and those of `names`.

    A list is handed on without the members that are not plain; a value that is not plain is left out. Raises Refused
    if it cannot be said without doubt who it is.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(("iss", "sub", *names)):
        value = claims.get(name)
        if isinstance(value, list):
            value = ";".join(member for member in value[:MANY] if plain(member))
        elif not plain(value):
            value = ""
        if name in ("iss", "sub") and (not value or isinstance(claims[name], list)):
            raise Refused(f"claim {name} is missing or not plain")
        if name == "preferred_username" and (not value or isinstance(claims[name], list)):
            raise Refused("claim preferred_username is missing or not plain")
        if value:
            # Keystone reads the bytes of the environment as UTF-8 (PEP 3333).
            found[PREFIX + name] = value.encode().decode("latin-1")
    return found
