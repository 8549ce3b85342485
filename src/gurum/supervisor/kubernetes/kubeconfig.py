"""The document by which a client finds a cluster and signs in. Its one form, so that nobody writes it by hand."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import yaml

from gurum.supervisor.kubernetes.authority import Credentials

NAME = "gurum"  # of the cluster, the user and the context in it


def document(url: str, believed: bytes, credentials: Credentials) -> str:
    """Return it for one user, whole in itself: key and certificate stand in it, so it is a secret."""
    return shared(url, believed, {NAME: credentials}, current=NAME)


def asking(credentials: Credentials) -> str:
    """Return it for an API server that asks webhooks, whichever they are: it is the same to all of them."""
    user = {
        "client-certificate-data": _text(credentials.certificate_pem),
        "client-key-data": _text(credentials.key_pem),
    }
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "users": [{"name": "*", "user": user}]})


def shared(url: str, believed: bytes, users: Mapping[str, Credentials], *, current: str) -> str:
    """Return it for several users, each with a context of its name; `current`: whose is used by default."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": NAME, "cluster": {"server": url, "certificate-authority-data": _text(believed)}}],
            "users": [
                {
                    "name": name,
                    "user": {
                        "client-certificate-data": _text(credentials.certificate_pem),
                        "client-key-data": _text(credentials.key_pem),
                    },
                }
                for name, credentials in users.items()
            ],
            "contexts": [{"name": name, "context": {"cluster": NAME, "user": name}} for name in users],
            "current-context": current,
        },
        sort_keys=False,
    )


def _text(pem: bytes) -> str:
    return b64encode(pem).decode()
