"""The journey: three legs, each killed on the way, and what is looked at after each."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from tests.move import rows
from tests.move.leg import Outcome, Point, leg

from gurum.cli.reading import everything
from gurum.model.codec import KINDS
from gurum.model.server import Server
from gurum.ops.config import StoreConfig
from gurum.store.contract import EVERYTHING, StoreError
from gurum.store.factory import open_store
from gurum.store.kubernetes import KubernetesStore, sealed, shape
from gurum.store.kubernetes.client import BARE_LIST, Client
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, namespace_of
from gurum.store.kubernetes.lists import list_all
from gurum.store.moving.transfer import UnfinishedStoreError


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stores are. journal: the SQLite file of the cluster's. judge: the cluster for who may see all of it."""

    first: Path
    cluster: str
    judge: str
    journal: Path
    postgresql: str
    last: Path

    @property
    def stores(self) -> Sequence[StoreConfig]:
        """Return all four, in the order of the journey."""
        return (
            StoreConfig(url=f"sqlite:///{self.first}"),
            StoreConfig(url=self.cluster, journal_url=f"sqlite:///{self.journal}"),
            StoreConfig(url=self.postgresql),
            StoreConfig(url=f"sqlite:///{self.last}"),
        )


LEGS = ("kubernetes", "postgresql", "sqlite")


def travel(
    places: Places, points: Mapping[str, Sequence[Point]], say: Callable[[str], None], put: Callable[[str, float], None]
) -> None:
    """Go all the way; put the figures."""
    environ, objects = dict(os.environ), rows.objects(places.first)
    for number, name in enumerate(LEGS):
        source, target = places.stores[number : number + 2]
        say(f"{source.url.partition(':')[0]} to {name}")
        shut = 0

        def between(target: StoreConfig = target) -> None:
            nonlocal shut
            # A kill at the very end may come when all is done and the mark is gone.
            shut += asyncio.run(_refused(target, whole=objects))

        outcome = leg(_words(source, target), points[name], environ, between)
        _put(name, outcome, put)
        put(f"{name}_opened_while_not_whole", outcome.kills - shut)
        put(f"{name}_opened_when_whole", asyncio.run(_opened(target)))
        if name == "kubernetes":
            for what, value in asyncio.run(looked(msgspec.structs.replace(target, url=places.judge))).items():
                put(f"kubernetes_{what}", value)
    found = list(rows.differences(places.first, places.last))
    for words in found[:10]:
        say(words)
    put("differences", len(found))
    put("lines", rows.lines(places.last))


def _put(name: str, outcome: Outcome, put: Callable[[str, float], None]) -> None:
    report = outcome.report
    put(f"{name}_status", outcome.status)
    put(f"{name}_kills", outcome.kills)
    put(f"{name}_resumed", report["resumed"])
    put(f"{name}_objects", report["objects"])
    put(f"{name}_different", sum(v["different"] for v in (*report["kinds"].values(), report["journal"])))
    put(f"{name}_written_after_the_last_kill", report["written"])
    put(f"{name}_objects_per_second", outcome.per_second)
    put(f"{name}_verification_s", report["seconds"] - report["copy_seconds"])


def _words(source: StoreConfig, target: StoreConfig) -> list[str]:
    words = ["--from", source.url, "--to", target.url]
    for end, config in (("from", source), ("to", target)):
        words += [f"--{end}-journal", config.journal_url] if config.journal_url else []
    return words


async def _refused(config: StoreConfig, whole: int = -1) -> bool:
    """Whether nobody may open the store, because it is not whole; or it has as many objects as a whole one."""
    try:
        store, journal = await open_store(config)
    except UnfinishedStoreError:
        return True
    found = sum([len(await everything(store, kind, EVERYTHING)) for kind in KINDS.values()]) if whole >= 0 else 0
    await journal.close()
    await store.close()
    return found == whole


async def _opened(config: StoreConfig) -> bool:
    try:
        return not await _refused(config)
    except StoreError:
        return False


async def looked(config: StoreConfig) -> dict[str, float]:
    """Return what is wrong in the cluster, as numbers: what an ordinary process relies on beside the objects."""
    store, journal = await open_store(config)
    assert isinstance(store, KubernetesStore)
    wrong = Counter[str](namespaces_missing=0, keys_missing=0, names_wrong=0, heads_wrong=0, user_data_in_objects=0)
    keys = await _key_claims(store.client)
    named, listed = set[str](), (await list_all(store.client, sealed.COLLECTION, BARE_LIST)).documents
    secrets = {one["metadata"]["name"] for one in listed}
    spaces = {one["metadata"]["name"] for one in (await list_all(store.client, "/api/v1/namespaces")).documents}
    await store.heads.refresh()
    for kind in KINDS.values():
        objects = await list_all(store.client, shape.collection(PLACES[kind.kind]))
        newest = 0
        for document in objects.documents:
            document["kind"] = kind.kind
            obj = shape.read(kind, document)
            newest = max(newest, obj.metadata.resource_version)
            if isinstance(obj, Server):
                wrong["user_data_in_objects"] += bool(obj.spec.user_data)
                named |= {obj.spec.user_data_secret} - {""}
            wrong["names_wrong"] += shape.address_in(document) != shape.address_of(obj)
            if not shape.by_key(obj):
                wrong["namespaces_missing"] += namespace_of(obj.metadata.project) not in spaces
            if shape.apart(obj):
                holding = obj.kind, obj.metadata.key, obj.id
                wrong["keys_missing"] += holding not in keys
                keys.discard(holding)
        wrong["heads_wrong"] += not newest <= store.heads.head(kind.kind) <= objects.version
    await journal.close()
    await store.close()
    return {**wrong, "keys_too_many": len(keys), "secrets_wrong": len(named ^ secrets)}


async def _key_claims(client: Client) -> set[tuple[str, str, str]]:
    listed = await list_all(client, shape.collection(KEY_CLAIM))
    return {(one["spec"]["kind"], one["spec"]["key"], one["spec"]["ownerID"]) for one in listed.documents}
