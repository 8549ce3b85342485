"""What a control plane's etcd holds, read and written past its API server: to fill a cluster, and to look behind it.

Nothing checks what is written so: it must be in the form in which the API server itself writes that kind.
"""

from __future__ import annotations

import http.client
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from itertools import islice
from types import TracebackType
from typing import Any

from gurum.supervisor.kubernetes.components import HOST
from gurum.supervisor.kubernetes.pki import ETCD
from gurum.supervisor.kubernetes.plane import ControlPlane

BATCH = 100  # keys in a transaction; etcd takes 128


class Etcd:
    """A connection, as the API server would have one."""

    def __init__(self, plane: ControlPlane) -> None:
        context = plane.plane.pki.trust(ETCD, "etcd-client").context()
        self._connection = http.client.HTTPSConnection(HOST, plane.plane.port + 1, timeout=60, context=context)

    def get(self, key: str) -> bytes:
        """Return the value, empty if there is none."""
        found = self._ask("range", {"key": _text(key.encode())}).get("kvs", ())
        return b64decode(found[0]["value"]) if found else b""

    def put(self, values: Mapping[str, bytes]) -> None:
        """Write them, a hundred at a time."""
        left = iter(values.items())
        while some := list(islice(left, BATCH)):
            puts = [{"requestPut": {"key": _text(key.encode()), "value": _text(value)}} for key, value in some]
            self._ask("txn", {"success": puts})

    def __enter__(self) -> Etcd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _ask(self, what: str, question: dict[str, Any]) -> Any:
        self._connection.request("POST", f"/v3/kv/{what}", json.dumps(question), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"etcd answers {answer.status}: {body[:300]!r}")
        return json.loads(body)


def _text(value: bytes) -> str:
    return b64encode(value).decode()
