"""What must hold when this release runs on the previous one's store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from tests.support import checks
from tests.support.stack import Stack
from tests.support.world import World
from tests.upgrade import forms
from tests.upgrade.content import content
from tests.upgrade.past import SERVERS, Past, wish
from tests.upgrade.site import AWS, Client, Emulated

from gurum.model import codec
from gurum.model.engine import Transfer
from gurum.store.factory import open_store

UNFINISHED = Transfer.kind  # marks a store that no process may open: none is in one that can be upgraded


class Report(msgspec.Struct):
    """What held and what did not, in order, and figures."""

    held: list[str] = []
    failed: list[str] = []
    figures: dict[str, Any] = {}

    def hold(self, what: str, well: bool, why: str = "") -> None:
        """Take one finding."""
        (self.held if well else self.failed).append(f"{what}: {why}" if why else what)

    def count(self, name: str, counts: Mapping[str, int]) -> None:
        """Take counts by kind; each kind must be there."""
        self.figures[name] = dict(sorted(counts.items()))
        absent = codec.KINDS.keys() - {UNFINISHED} - {kind for kind, count in counts.items() if count}
        self.hold(f"{name} of every kind", not absent, f"none of {sorted(absent)}" if absent else "")

    def show(self, as_json: bool) -> None:
        """Print everything."""
        objects = sum(self.figures["objects"].values())
        summary = (
            f"upgrade: {objects} objects of {len(codec.KINDS)} kinds in the previous schema; {len(self.held)} held,"
            f" {len(self.failed)} failed; {self.figures['seconds']} s"
        )
        if as_json:
            found = {"held": self.held, "failed": self.failed, "figures": self.figures, "summary": summary}
            print(json.dumps(found))
            return
        for what in self.held:
            print(f"held    {what}")
        for what in self.failed:
            print(f"FAILED  {what}")
        for name, value in self.figures.items():
            print(f"{name}: {value}")
        print(summary)


def head(store: str) -> int:
    """Return the latest version in a store."""
    with content(store) as rows_:
        [[latest]] = rows_.sql("SELECT max(head) FROM kinds")
    return int(latest)


async def look(stack: Stack, past: Past, report: Report) -> None:
    """Compare what is served with what was, then use it; the run's event loop has nothing else to do."""
    cloud = Emulated(stack)
    clients = {region: Client(stack, region) for region in past.lists}
    for region, client in clients.items():
        for path, now in client.lists().items():
            then = past.lists[region][path]
            why = difference(settled(then, past.building), settled(now, past.building))
            report.hold(f"as before: {region} {path}", not why, why)
    store, journal = await open_store(stack.config.store)
    try:
        read = {name: len(await checks.everything(store, kind)) for name, kind in codec.KINDS.items()}
        report.count("read", read)
        was = report.figures["objects"]
        # An engine that starts has a lease of its own beside those that were there.
        lost = {name for name, count in was.items() if read[name] < count or (read[name] > count and name != "Lease")}
        report.hold("every object of every kind is read", not lost, f"not all of {sorted(lost)}" if lost else "")
        clients[AWS].until(past.building, "ACTIVE")
        report.hold("the server in BUILD became ACTIVE", True)
        for region, client in clients.items():
            _use(client, past.servers[region], report)
        world = SimpleNamespace(store=store, resources=cloud.resources)
        # `problems` asks a world for its store and its cloud's resources only.
        wrong = await checks.problems(cast("World", world))
        report.hold("nothing duplicated, leaked or lost; claims are ports", not wrong, "; ".join(wrong))
    finally:
        await journal.close()
        await store.close()
    launched = Counter(instance["tags"].get("pia:uid", "") for instance in cloud.resources("instance"))
    twice = [uid for uid, count in launched.items() if count > 1]
    report.figures["instances_launched"] = launched.total()
    report.figures["servers_launched_twice"] = len(twice)
    report.hold("each server was launched once, terminated ones included", not twice, ", ".join(twice))


def rows(store: str, since: int, report: Report) -> None:
    """Check which schema the rows have: those written since a version the current one, the others the previous."""
    wrong, written, left = [], 0, 0
    with content(store) as found:
        for table in ("objects", "tombstones"):
            query = f"SELECT kind, id, resource_version, schema FROM {table}"
            for kind, id_, version, schema in found.sql(query):
                new = version > since
                written, left = written + new, left + (not new)
                if schema != (codec.KINDS[kind].version if new else forms.previous(kind)):
                    wrong.append(f"{kind} {id_} at {version} has schema {schema}")
    report.figures |= {"rows_written_since": written, "rows_left_in_previous": left}
    report.hold("rows written meanwhile have the current schema", written > 0 and not wrong, "; ".join(wrong))


def _use(client: Client, servers: list[str], report: Report) -> None:
    first, second = servers
    client.do("POST", f"{SERVERS}/{first}/action", {"os-stop": None})
    client.until(first, "SHUTOFF")
    report.hold(f"an old server stops in {client.region}", True)
    client.do("DELETE", f"{SERVERS}/{second}")
    client.until(second, "gone")
    report.hold(f"an old server is deleted in {client.region}", True)
    new = client.do("POST", SERVERS, wish(client, "new"))["server"]["id"]
    client.until(new, "ACTIVE")
    report.hold(f"a new server is made on old things in {client.region}", True)


def settled(answer: Any, building: str) -> Any:
    """Leave out what is in motion: the server that is being built, as it changes, and the port that it gets."""
    (collection, found), *more = answer.items()
    if not isinstance(found, list):
        return answer
    kept = []
    for row in found:
        if row.get("device_id") == building:
            kept.append({name: row[name] for name in ("id", "fixed_ips", "security_groups")})
        elif row.get("id") == building:
            kept.append({name: row[name] for name in ("id", "name", "flavor", "image", "metadata", "key_name")})
        else:
            kept.append(row)
    for group in kept if collection == "security_groups" else ():
        # A group's rules have no promised order, and the cache gives the one in which it met them.
        group["security_group_rules"].sort(key=lambda rule: rule["id"])
    return {collection: kept, **dict(more)}


def difference(then: Any, now: Any, path: str = "$") -> str:
    """Return where two documents first differ, "" if nowhere."""
    if isinstance(then, dict) and isinstance(now, dict) and then.keys() == now.keys():
        parts = [(f"{path}.{key}", then[key], now[key]) for key in then]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        parts = [(f"{path}[{at}]", *pair) for at, pair in enumerate(zip(then, now, strict=True))]
    else:
        return "" if then == now else f"{path} was {then!r} and is {now!r}"
    return next((why for where, old, new in parts if (why := difference(old, new, where))), "")
