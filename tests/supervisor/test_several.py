"""Three processes of the API on one store, behind a balancer: whichever answers, one sees what one wrote."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.support.stack import PIAS, Stack, running

REGION = "kakao-usa-east1"
NETWORKS = "/network/v2.0/networks"
ROUNDS = 20


class Client:
    """Asks by one connection; `served` counts who answered."""

    def __init__(self, stack: Stack) -> None:
        parts = urlsplit(stack.url(REGION))
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._headers = {"X-Auth-Token": stack.token("gurum"), "Content-Type": "application/json"}
        self.served: Counter[str] = Counter()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and document."""
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        self.served[answer.headers["X-Answered-By"]] += 1
        return answer.status, json.loads(data) if data else None


@pytest.mark.real
def test_a_client_reads_its_own_writes_whichever_process_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PIAS, "3")
    with running(tmp_path) as stack:
        client = Client(stack)
        for number in range(ROUNDS):
            status, made = client.ask("POST", NETWORKS, {"network": {"name": f"net-{number}"}})
            assert status == 201
            path = f"{NETWORKS}/{made['network']['id']}"
            assert client.ask("GET", path)[0] == 200
            assert made["network"]["id"] in [one["id"] for one in client.ask("GET", NETWORKS)[1]["networks"]]
            assert client.ask("PUT", path, {"network": {"name": "renamed"}})[0] == 200
            assert client.ask("GET", path)[1]["network"]["name"] == "renamed"
            assert client.ask("DELETE", path)[0] == 204
            assert client.ask("GET", path)[0] == 404
            assert made["network"]["id"] not in [one["id"] for one in client.ask("GET", NETWORKS)[1]["networks"]]
        client.close()
        assert len(client.served) == 3
        assert min(client.served.values()) > ROUNDS, "the balancer does not take turns"
