"""A cluster filled by writing its etcd: servers with their ports and claims, and security groups with their rules."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.seed import at_rest, place, seeded
from tests.support.etcd import Etcd

from gurum.model.base import Metadata, Resource, new_id
from gurum.model.network import (
    Network,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
    Subnet,
)
from gurum.ops.config import StoreConfig
from gurum.store.contract import Store, UnavailableError
from gurum.store.factory import open_store
from gurum.store.kubernetes import keys, shape
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, Place
from gurum.supervisor.kubernetes.plane import ControlPlane

RULES = 9  # of a group
STARTED = 60.0  # seconds


@dataclass(frozen=True)
class Filled:
    """What a cluster was filled with."""

    objects: int
    bytes: int


class Filler:
    """Writes objects in the form that the API server gave to the first one of their kind."""

    def __init__(self, etcd: Etcd) -> None:
        self._etcd = etcd
        self._forms: dict[str, dict[str, Any]] = {}
        self.objects = self.bytes = 0

    def learn(self, obj: Resource) -> None:
        """Take an object that is stored, status and all, as the form of its kind."""
        self._forms[obj.kind] = self._stored(PLACES[obj.kind], shape.address_of(obj))
        if obj.metadata.key != obj.id and not shape.by_key(obj):
            self._forms["KeyClaim"] = self._stored(KEY_CLAIM, keys.address(obj.kind, obj.metadata.key))

    def documents(self, obj: Resource) -> Iterator[tuple[str, bytes]]:
        """Return etcd's keys and values of an object with its status, and of its key where it needs one."""
        address, form = shape.address_of(obj), self._forms[obj.kind]
        document = {**form, "spec": shape.spec(obj, {}), "status": shape.status(obj)}
        document["metadata"] = self._metadata(form, address) | {"annotations": shape.notes(obj, {})}
        yield self._row(PLACES[obj.kind], address, document)
        if obj.metadata.key != obj.id and not shape.by_key(obj):
            form, there = self._forms["KeyClaim"], keys.address(obj.kind, obj.metadata.key)
            owner = {"ownerID": obj.id, "ownerNamespace": address.namespace, "ownerName": address.name}
            spec = form["spec"] | owner | {"kind": obj.kind, "key": obj.metadata.key}
            yield self._row(KEY_CLAIM, there, {**form, "metadata": self._metadata(form, there), "spec": spec})

    def put(self, objects: Iterator[Resource]) -> None:
        """Write them."""
        rows: dict[str, bytes] = {}
        for obj in objects:
            rows |= self.documents(obj)
            if len(rows) >= 100:
                self._write(rows)
                rows = {}
        self._write(rows)

    def _write(self, rows: dict[str, bytes]) -> None:
        self._etcd.put(rows)
        self.objects += len(rows)
        self.bytes += sum(map(len, rows.values()))

    def _stored(self, where: Place, address: shape.Address) -> dict[str, Any]:
        value = self._etcd.get(_key(where, address))
        if not value:
            raise RuntimeError(f"etcd has nothing at {_key(where, address)}")
        document: dict[str, Any] = json.loads(value)
        return document

    @staticmethod
    def _metadata(form: dict[str, Any], address: shape.Address) -> dict[str, Any]:
        metadata: dict[str, Any] = form["metadata"]
        return metadata | {"name": address.name, "namespace": address.namespace, "uid": str(uuid.uuid4())}

    @staticmethod
    def _row(where: Place, address: shape.Address, document: dict[str, Any]) -> tuple[str, bytes]:
        return _key(where, address), json.dumps(document, separators=(",", ":")).encode()


async def fill(plane: ControlPlane, config: StoreConfig, region: str, project: str, servers: int) -> Filled:
    """Fill a cluster that nobody else uses: `servers` with a port and a claim each, and a tenth as many groups."""
    store, journal = await open_store(
        StoreConfig(url=f"kubernetes://{plane.kubeconfig}", journal_url=config.journal_url), writer="gurum-pia"
    )
    try:
        network, subnet = place(region, project)
        await store.create_many([network, subnet])
        with Etcd(plane) as etcd:
            filler = Filler(etcd)
            await _learn(filler, store, region, project, network, subnet)
            filler.put(_servers(region, project, network, subnet, servers))
            filler.put(_groups(region, project, network, servers // 10))
            return Filled(filler.objects, filler.bytes)
    finally:
        await journal.close()
        await store.close()


async def _learn(filler: Filler, store: Store, region: str, project: str, network: Network, subnet: Subnet) -> None:
    """Make one object of each kind by the API server."""
    server, port, claim = seeded(region, project, network, subnet, 0)
    group, *rules = _group(region, project, 0)
    for obj in (server, port, claim, group, rules[0]):
        stored = await _admitted(store, obj)
        at_rest(stored, network, 0)
        stored = await store.update_status(stored)
        filler.learn(stored)


async def _admitted(store: Store, obj: Resource) -> Resource:
    """Create, on an API server that has just started: for half a minute its policies may not know their parameters."""
    deadline = time.monotonic() + STARTED
    while True:
        try:
            return await store.create(obj)
        except UnavailableError:
            if time.monotonic() > deadline:
                raise


def _servers(region: str, project: str, network: Network, subnet: Subnet, count: int) -> Iterator[Resource]:
    for number in range(1, count):
        for obj in seeded(region, project, network, subnet, number):
            at_rest(obj, network, number)
            yield obj


def _groups(region: str, project: str, network: Network, count: int) -> Iterator[Resource]:
    for number in range(1, count):
        for obj in _group(region, project, number):
            at_rest(obj, network, number)
            yield obj


def _group(region: str, project: str, number: int) -> list[Resource]:
    def meta(key: str = "") -> Metadata:
        one = new_id()
        return Metadata(id=one, key=key or one, region=region, project=project)

    group = SecurityGroup(metadata=meta(), spec=SecurityGroupSpec(name=f"seeded-{number}"))
    rules = [
        SecurityGroupRule(
            metadata=meta(f"{group.id}/seeded/{port}"),
            spec=SecurityGroupRuleSpec(
                security_group_id=group.id,
                direction="ingress",
                ethertype="IPv4",
                protocol="tcp",
                port_range_min=port,
                port_range_max=port,
            ),
        )
        for port in range(8000, 8000 + RULES)
    ]
    return [group, *rules]


def _key(where: Place, address: shape.Address) -> str:
    return f"/registry/{where.group}/{where.plural}/{address.namespace}/{address.name}"
