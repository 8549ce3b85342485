"""What a control plane's etcd holds, read and written past its API server: to fill a cluster, and to look behind it.

Nothing checks what is written so: it must be in the form in which the API server itself writes that kind.
"""

from __future__ import annotations

import http.client
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any

from gurum.supervisor.kubernetes.components import HOST
from gurum.supervisor.kubernetes.pki import ETCD
from gurum.supervisor.kubernetes.plane import ControlPlane

BATCH = 100  # keys in a transaction; etcd takes 128


@dataclass(frozen=True)
class Found:
    """A value, and the revision at which it was written."""

    key: str
    value: bytes
    revision: int


class Etcd:
    """A connection, as the API server would have one."""

    def __init__(self, plane: ControlPlane) -> None:
        context = plane.plane.pki.trust(ETCD, "etcd-client").context()
        self._connection = http.client.HTTPSConnection(HOST, plane.plane.port + 1, timeout=60, context=context)

    def get(self, key: str) -> bytes:
        """Return the value, empty if there is none."""
        found = self._ask("range", {"key": _text(key.encode())}).get("kvs", ())
        return b64decode(found[0]["value"]) if found else b""

    def under(self, *prefixes: str) -> list[Found]:
        """Return everything under these, of one moment."""
        ranges = [{"requestRange": _range(prefix)} for prefix in prefixes]
        answers = self._ask("txn", {"success": ranges})["responses"]
        return [
            Found(b64decode(row["key"]).decode(), b64decode(row["value"]), int(row["mod_revision"]))
            for answer in answers
            for row in answer["response_range"].get("kvs", ())
        ]

    def remove(self, *prefixes: str) -> None:
        """Remove everything under these at once: whoever watches is told, and nobody is asked."""
        self._ask("txn", {"success": [{"requestDeleteRange": _range(prefix)} for prefix in prefixes]})

    def revision(self) -> int:
        """Return how often anything was written."""
        return int(self._ask("range", {"key": _text(b"\0")})["header"]["revision"])

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


def _range(prefix: str) -> dict[str, str]:
    start = prefix.encode()
    return {"key": _text(start), "range_end": _text(start[:-1] + bytes([start[-1] + 1]))}


def _text(value: bytes) -> str:
    return b64encode(value).decode()
