"""etcd is put back to an earlier state behind everybody's back: first it is told what is unknown, then work begins."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.failover.sites import Site
from tests.failover.verdict import changing, moment
from tests.faults import servers, verdict
from tests.faults.emulator import REGION
from tests.faults.figures import Figures
from tests.support.store import list_all

from gurum.model.network import AddressClaim
from gurum.ops.clock import SystemClock
from gurum.store.factory import open_store

KEPT, HALF, FORGOTTEN = 5, 3, 6
WITHIN = 240.0


def play(site: Site, figures: Figures, store: str) -> None:
    """Save etcd, go on, put it back, go on."""
    plane, client, emulator = site.plane, site.client, site.emulator
    assert plane is not None
    body = servers.wish(client, "kept")
    kept = servers.make(client, body, KEPT)
    servers.settle(client, kept, 120, figures.say)
    half = servers.make(client, body, HALF)  # asked for when etcd is saved, and made afterwards
    plane.save(site.stack.places.run / "snapshot")
    figures.say("etcd is saved")
    site.until(lambda: client.call("GET", f"{servers.SERVERS}/{kept[0]}")[0] == 200, "the API answers")
    servers.settle(client, half, WITHIN, figures.say)
    forgotten = _made(site, body, FORGOTTEN, figures)
    before = {row["tags"].get(verdict.UID): row["id"] for row in emulator.living()}
    gone = [row for row in emulator.living() if row["tags"].get(verdict.UID) in forgotten]
    figures.put(f"{store}_rewound_forgotten", len(gone))
    ids = {row["id"] for row in gone}
    interfaces = [row for row in emulator.resources("network-interface") if row["attachment"]]
    taken = {one for row in interfaces if row["attachment"]["instance_id"] in ids for one in row["addresses"]}
    since = emulator.newest()
    began = time.time()
    plane.restore(site.stack.places.run / "snapshot")
    back = time.time()
    figures.say(f"etcd is as it was, {back - began:.0f} s later")
    reports = _reports(site, began, figures)
    figures.put(f"{store}_rewound_noticed", int(bool(reports)))
    reported_at = min((moment(line) for line in reports if line["region"] == REGION), default=0.0)
    early = changing(emulator.calls(since), began + 10.0, reported_at)
    figures.put(f"{store}_rewound_calls_before_report", len(early))
    told = {line["cloud_id"] for engine in site.engines for line in engine.lines(began)
            if line["event"] == "unknown to the restored store"}  # fmt: skip
    figures.put(f"{store}_rewound_not_reported", sum(row["id"] not in told for row in gone))
    claims = {claim.spec.address for claim in _claims(site)}
    figures.put(f"{store}_rewound_addresses_not_claimed", len(taken - claims))
    shown = servers.seen(client)
    figures.put(f"{store}_rewound_lists_wrong", len(set(forgotten) & set(shown)) + len({*kept, *half} - set(shown)))
    listed = site.stack.gurum("cleanup", "--region", REGION, "--orphans", "--force", "-f", "json").stdout
    figures.put(f"{store}_rewound_not_listed", sum(row["id"] not in listed for row in gone))
    after = _made(site, body, 10, figures)
    servers.settle(client, half, WITHIN, figures.say)
    shown = servers.seen(client)
    figures.put(f"{store}_rewound_active", sum(shown[one]["status"] == "ACTIVE" for one in after))
    addresses = [each["addr"] for one in after for rows in shown[one]["addresses"].values() for each in rows]
    figures.put(f"{store}_rewound_addresses_twice", len(taken & set(addresses)))
    living = emulator.living()
    now = {row["tags"].get(verdict.UID): row["id"] for row in living}
    adopted = [one for one in half if now.get(one) == before[one] and shown[one]["status"] == "ACTIVE"]
    figures.put(f"{store}_rewound_adopted", len(adopted))
    here = {row["id"] for row in living}
    figures.put(f"{store}_rewound_forgotten_running", sum(row["id"] not in here for row in gone))
    figures.put(f"{store}_rewound_duplicates", verdict.living_twice(living))


def _made(site: Site, body: dict[str, Any], number: int, figures: Figures) -> list[str]:
    """Make servers, asking again as the API says; return their ids once they are there."""
    ids: list[str] = []
    end = time.monotonic() + WITHIN
    while len(ids) < number and time.monotonic() < end:
        status, data = site.client.call("POST", servers.SERVERS, body)
        if status == 202:
            ids.append(json.loads(data)["server"]["id"])
        else:
            time.sleep(0.5)
    servers.settle(site.client, ids, WITHIN, figures.say)
    return ids


def _reports(site: Site, since: float, figures: Figures) -> list[dict[str, Any]]:
    """Wait for the orphan reports; return them."""

    def found() -> list[dict[str, Any]]:
        return [line for engine in site.engines for line in engine.lines(since) if line["event"] == "orphan report"]

    def there() -> bool:
        site.client.call("GET", "/compute/v2.1/servers?limit=1")  # a connection that nobody uses is closed
        return any(line["region"] == REGION for line in found())

    try:
        site.until(there, "the account is looked through", 90)
    except RuntimeError as error:
        figures.say(str(error))
    return found()


def _claims(site: Site) -> list[AddressClaim]:
    async def read() -> list[AddressClaim]:
        state = site.stack.places.state
        opened, journal = await open_store(site.stack.config.store, SystemClock(), base=state)
        try:
            return (await list_all(opened, AddressClaim))[0]
        finally:
            await opened.close()
            await journal.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, read()).result()
