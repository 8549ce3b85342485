"""The document by which a client finds a cluster and signs in. Its one form, so that nobody writes it by hand."""

from __future__ import annotations

from base64 import b64encode

import yaml

from gurum.supervisor.kubernetes.authority import Credentials

NAME = "gurum"  # of the cluster, the user and the context in it


def document(url: str, believed: bytes, credentials: Credentials) -> str:
    """Return it, whole in itself: key and certificate stand in it, so it is a secret."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": NAME, "cluster": {"server": url, "certificate-authority-data": _text(believed)}}],
            "users": [
                {
                    "name": NAME,
                    "user": {
                        "client-certificate-data": _text(credentials.certificate_pem),
                        "client-key-data": _text(credentials.key_pem),
                    },
                }
            ],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
            "current-context": NAME,
        },
        sort_keys=False,
    )


def _text(pem: bytes) -> str:
    return b64encode(pem).decode()
