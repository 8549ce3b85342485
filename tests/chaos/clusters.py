"""A cluster as a run's store: its objects are read where etcd has them, past the API server and past our own client.

One question to etcd is one moment of everything, also while the API server is dead.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from tests.chaos.ground import Ground
from tests.chaos.timelapse import Lapse
from tests.chaos.trap import Trap, sqlite_changes
from tests.support.etcd import Etcd

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.server import Server
from gurum.store.contract import Journal, Store
from gurum.store.kubernetes import KubernetesStore, keys, shape
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import SILENCE, Client
from gurum.store.kubernetes.feed import Feed
from gurum.store.kubernetes.heads import SqliteHeads
from gurum.store.kubernetes.kinds import KEY_CLAIM, KINDS_BY_PLURAL, PLACES, USER_DATA
from gurum.store.sqlite import SqliteJournal

_GROUPS = tuple(f"/registry/{group}/" for group in sorted({place.group for place in PLACES.values()}))
_KEYS = f"/registry/{KEY_CLAIM.group}/{KEY_CLAIM.plural}/"
_NAMESPACES = "/registry/namespaces/project-"
_SECRETS = f"/registry/secrets/{USER_DATA}/"


class AwayError(Exception):
    """etcd does not answer: it is dead, or just coming up."""


class Cluster:
    """A cluster, and the journal's file beside it. See `stores.Kept`."""

    def __init__(self, ground: Ground, directory: Path, revision: int) -> None:
        self.cluster: Ground | None = ground
        self._ground, self._directory, self._revision = ground, directory, revision

    async def open(self, lapse: Lapse, trap: Trap, watch_interval: float) -> tuple[Store, Journal]:
        """As the protocol. Watchers hear of writes as they happen, whatever the pace."""
        manager = f"gurum-{trap.who}"
        journal = await SqliteJournal.open(self._directory / "journal.sqlite")
        client = _Client(access(f"kubernetes://{self._ground.kubeconfig}", manager), manager, lapse, trap)
        reach = Feed.reach

        async def reached(feed: Feed[Any], condition: Any) -> None:
            with lapse.pace.slowed(trap.who):  # what is waited for comes in the machine's time
                await reach(feed, condition)

        mock.patch.object(Feed, "reach", reached).start()
        # The API server breaks its silence by the machine's clock.
        mock.patch("gurum.store.kubernetes.client.SILENCE", SILENCE * lapse.factor).start()
        trap.gate(journal.database, sqlite_changes)
        return KubernetesStore(client, SqliteHeads(journal.database), clock=lapse), journal

    def objects(self) -> Iterable[Resource]:
        """As the protocol."""
        with _asked(self._ground) as etcd:
            return [obj for document in etcd.under(*_GROUPS) if (obj := _read(document)) is not None]

    def writes(self) -> int:
        """As the protocol: etcd's own count, in which a write of the store may be several."""
        with _asked(self._ground) as etcd:
            return int(etcd.revision()) - self._revision

    def amiss(self) -> list[str]:
        """As the protocol: a key that is not the name of its object, and a Secret, is held by exactly that object."""
        with _asked(self._ground) as etcd:
            rows = etcd.under(*_GROUPS, _SECRETS)
        secrets = {row.key.removeprefix(_SECRETS) for row in rows if row.key.startswith(_SECRETS)}
        rows = [row for row in rows if not row.key.startswith(_SECRETS)]
        held = {row.key: json.loads(row.value)["spec"] for row in rows if row.key.startswith(_KEYS)}
        wanted, sealed = dict[str, str](), set[str]()
        for obj in filter(None, map(_read, rows)):
            if isinstance(obj, Server) and obj.spec.user_data_secret:
                sealed.add(obj.spec.user_data_secret)
            if shape.apart(obj):
                place = keys.address(obj.kind, obj.metadata.key)
                wanted[f"{_KEYS}{place.namespace}/{place.name}"] = obj.id
        found = [
            f"left: the key of {spec['kind']} {spec['ownerID']}" for key, spec in held.items() if key not in wanted
        ]
        found += [f"unclaimed: the key of {id_}" for key, id_ in wanted.items() if key not in held]
        found += [f"left: the user data of Server {name}" for name in sorted(secrets - sealed)]
        found += [f"lost: the user data of Server {name}" for name in sorted(sealed - secrets)]
        both = held.keys() & wanted.keys()
        return found + [f"unclaimed: the key of {wanted[key]}" for key in both if held[key]["ownerID"] != wanted[key]]

    def dump(self, path: Path) -> None:
        """Write every object down as it is stored, if anybody can say."""
        try:
            with _asked(self._ground) as etcd:
                rows = etcd.under(*_GROUPS)
        except AwayError as error:
            path.write_text(str(error))
            return
        found = [{"key": row.key, "revision": row.revision, "object": json.loads(row.value)} for row in rows]
        path.write_text(json.dumps(found, indent=1))


@contextlib.contextmanager
def _asked(ground: Ground) -> Any:
    try:
        with Etcd(ground.plane) as etcd:
            yield etcd
    except (OSError, http.client.HTTPException) as error:
        raise AwayError(str(error)) from error


def _read(found: Any) -> Resource | None:
    """Return the object, None for a kind that the model has no word for."""
    _, _, group, plural, *_ = found.key.split("/")
    kind = KINDS_BY_PLURAL.get((group, plural))
    if kind is None:
        return None
    document = json.loads(found.value)
    document["metadata"]["resourceVersion"] = str(found.revision)
    if not shape.admitted({**document, "kind": kind}):
        raise AssertionError(f"{found.key} is nobody's, and nobody but the product wrote")
    return shape.read(codec.KINDS[kind], document)


class _Client(Client):
    """The product's client: time slows down while a request is under way, and the trap sees what changes something."""

    def __init__(self, where: Any, manager: str, lapse: Lapse, trap: Trap) -> None:
        super().__init__(where, manager=manager)
        self._lapse, self._trap = lapse, trap

    async def _insist(self, method: str, path: str, *more: Any) -> Any:
        if method == "GET":
            return await super()._insist(method, path, *more)
        insist = super()._insist
        return await self._trap.request(named(method, path), lambda: insist(method, path, *more))

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        with self._lapse.pace.slowed(self._trap.who), super()._busy():
            yield


def named(method: str, path: str) -> str:
    """Return what a request is called: its method, and what it is about without any name."""
    words = path.split("/")[3 if path.startswith("/api/") else 4 :]
    if words[0] == "namespaces" and len(words) > 2:
        words = words[2:]
    return f"{method} {'/'.join(words[:1] + words[2:])}"


def emptied(ground: Ground, directory: Path) -> Cluster:
    """Return the ground's cluster with nothing of any run's in it. Raises BrokenGroundError."""
    ground.whole()
    with Etcd(ground.plane) as etcd:
        etcd.remove(*_GROUPS, _NAMESPACES, _SECRETS)
        return Cluster(ground, directory, etcd.revision())
