"""What servers cost the API server, from POST to ACTIVE, each resource by itself: read from its own counters."""

from __future__ import annotations

import http.client
import re
import time
from collections import Counter
from urllib.parse import urlsplit

from tests.bench.client import Client
from tests.bench.creates import REGION, SERVERS, body_of, until_active
from tests.bench.figures import Figures
from tests.scale.starting import administrator
from tests.support.stack import Stack

from gurum.supervisor.kubernetes.components import Plane

COUNT = 20
APART = 1.0  # seconds between two: longer than what shares a write of the quota
LATE = 35.0  # seconds until a recount alone is written
COUNTER = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
WRITES = frozenset({"POST", "PUT", "PATCH", "APPLY", "DELETE"})
ASIDE = frozenset({"engineleases", "leases", "events"})  # not for the servers' sake


def writes(plane: Plane) -> Counter[str]:
    """Return how many writes the API server has carried out, by verb, resource and subresource."""
    connection = http.client.HTTPSConnection(
        urlsplit(plane.url).netloc, timeout=30, context=administrator(plane).context()
    )
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    counts: Counter[str] = Counter()
    for labels, value in COUNTER.findall(text):
        of = dict(LABEL.findall(labels))
        if of["verb"] in WRITES and of["code"].startswith("2") and "gurum.cloud" in of["group"]:
            name = f"{of['verb']} {of['resource']}" + (f"/{of['subresource']}" if of["subresource"] else "")
            counts[name] += int(float(value)) * (of["resource"] not in ASIDE)
    return +counts


def create(stack: Stack, figures: Figures, plane: Plane) -> None:
    """Create servers one after the other in one zone, and count."""
    client = Client(stack.url(REGION), stack.token("gurum"))
    body = body_of(client)
    body["server"]["availability_zone"] = f"{REGION}-a"
    _post(client, body, 1)  # the first makes the zone's subnet and whatever a network needs once
    time.sleep(LATE)
    before = writes(plane)
    _post(client, body, COUNT)
    time.sleep(LATE)
    made = writes(plane) - before
    for name, count in sorted(made.items()):
        figures.note(f"  {name:<28} {count / COUNT:.2f} a server")
    figures.put("writes_per_create", made.total() / COUNT)


def _post(client: Client, body: dict[str, object], count: int) -> None:
    for _ in range(count):
        client.json("POST", SERVERS, body)
        time.sleep(APART)
    until_active(client, 300)
