"""API server and etcd are away for a minute: reads go on, writes are told to come again, and then all converges."""

from __future__ import annotations

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from tests.failover.sites import Site
from tests.failover.verdict import AWAY, changing
from tests.faults import servers
from tests.faults.emulator import REGION
from tests.faults.figures import Figures
from tests.faults.storm import count

COUNT = 20
WITHIN = 180.0
NETWORKS = "/network/v2.0/networks"


class Writer(threading.Thread):
    """Somebody who wants to write all the time, over a connection of their own."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(site.stack.url(REGION))
        self._host, self._port = parts.hostname or "", parts.port
        self._token = site.stack.token("gurum")
        self.answers: list[tuple[float, int, str]] = []  # when asked, status, Retry-After
        self.end = threading.Event()

    def run(self) -> None:
        """Ask until the end."""
        while not self.end.is_set():
            connection = http.client.HTTPConnection(self._host, self._port, timeout=60)
            asked = time.time()
            headers = {"X-Auth-Token": self._token, "Content-Type": "application/json"}
            connection.request("POST", NETWORKS, json.dumps({"network": {"name": "meanwhile"}}), headers)
            answer = connection.getresponse()
            answer.read()
            self.answers.append((asked, answer.status, answer.headers.get("Retry-After", "")))
            connection.close()
            time.sleep(0.2)


def play(site: Site, figures: Figures, store: str) -> None:
    """Take the cluster away under pending creations, read and write meanwhile, give it back."""
    plane, client, emulator = site.plane, site.client, site.emulator
    assert plane is not None
    body = servers.wish(client, "away")
    servers.settle(client, servers.make(client, body, 1), 120, figures.say)
    before = list(servers.seen(client))
    since = emulator.newest()
    ids = servers.make(client, body, COUNT)
    site.until(lambda: len([line for line in emulator.calls(since) if line["action"] == "RunInstances"]) >= 3, "begun")
    figures.say("API server and etcd are killed")
    plane.kill("kube-apiserver")
    plane.kill("etcd")
    gone, reads, wrong = time.time(), [], 0
    writer = Writer(site)
    writer.start()
    while time.time() - gone < AWAY:
        asked = time.monotonic()
        for path in (f"{servers.SERVERS}/detail?limit=1000", f"{servers.SERVERS}/{ids[0]}", NETWORKS):
            status, _ = client.call("GET", path)
            wrong += status != 200
        reads.append(time.monotonic() - asked)
        time.sleep(0.3)
    figures.put(f"{store}_away_s", time.time() - gone)
    back = time.time()
    plane.restart("etcd")
    plane.restart("kube-apiserver")
    active, took = servers.settle(client, ids, WITHIN, figures.say)
    writer.end.set()
    writer.join(60)
    figures.put(f"{store}_away_reads", len(reads) * 3)
    figures.put(f"{store}_away_reads_wrong", wrong)
    figures.put(f"{store}_away_read_max_s", max(reads))
    # Of those who asked a while before it was back, nobody can have been served; a request is repeated for ten seconds.
    meanwhile = [row for row in writer.answers if gone + 1.0 < row[0] < back - 12.0]
    figures.put(f"{store}_away_writes_accepted", sum(200 <= status < 300 for _, status, _ in meanwhile))
    refused = [row for row in meanwhile if row[1] == 503 and row[2].isdigit()]
    figures.put(f"{store}_away_writes_503_with_retry_after", len(refused))
    figures.put(f"{store}_away_writes_otherwise", len(meanwhile) - len(refused))
    # Renewals have failed by then; what was sent before, the emulator has had.
    figures.put(f"{store}_away_calls_that_change", len(changing(emulator.calls(since), gone + 10.0, back)))
    figures.put(f"{store}_away_active", active)
    figures.put(f"{store}_away_recovery_s", took)
    time.sleep(8)
    count(emulator, [*before, *ids], figures, f"{store}_away")
