"""A store that has been used for years: every kind, many projects, deletions under way, a long history."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from tests.store.kubernetes.samples import KINDS, plain, sample

from gurum.model.base import Cause, Resource
from gurum.model.compute import Flavor
from gurum.model.engine import Lease, Transfer
from gurum.model.network import AddressClaim, Port, SecurityGroup, SecurityGroupRule
from gurum.model.server import Server
from gurum.ops.config import StoreConfig
from gurum.store import objects
from gurum.store.contract import Record
from gurum.store.moving.contract import PAGE, Line
from gurum.store.moving.ends import opened

# Of a hundred objects; every other kind has its part of what is left.
SHARES: Mapping[type[Resource], float] = {
    Server: 0.15, Port: 0.2, AddressClaim: 0.2, SecurityGroup: 0.04, SecurityGroupRule: 0.16,
}  # fmt: skip
PROJECTS = 40
_MOVED = [kind for kind in KINDS if kind is not Transfer]


def numbers(total: int) -> dict[type[Resource], int]:
    """Return how many of each kind there are; together exactly `total`, each at least once."""
    others = [kind for kind in _MOVED if kind not in SHARES]
    found = {kind: max(1, int(total * share)) for kind, share in SHARES.items()}
    left = total - sum(found.values())
    return found | {kind: left // len(others) + (n < left % len(others)) for n, kind in enumerate(others)}


def made(total: int, seed: int = 1) -> Iterator[Resource]:
    """Yield the objects, kind by kind."""
    rng = random.Random(seed)
    projects = [uuid.UUID(int=rng.getrandbits(128)).hex for _ in range(PROJECTS)]
    for kind, number in numbers(total).items():
        for n in range(number):
            yield _lived(plain(sample(kind, rng, full=n % 10 == 0)), rng, rng.choice(projects))


def _lived(obj: Resource, rng: random.Random, project: str) -> Resource:
    """Give the object a life: an id as they are, its generations, perhaps a deletion under way."""
    meta, own = obj.metadata, obj.metadata.key == obj.metadata.id
    meta.id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    meta.key = meta.id if own and rng.random() < 0.5 else f"{meta.id[:8]}/{meta.key}"
    meta.project = "" if isinstance(obj, Flavor) else project
    meta.generation, meta.revision = rng.choice((1, 2, 3, 50_000)), rng.randrange(9)
    meta.updated_at = meta.created_at + rng.choice((0.0, 0.5, 86_400.123456))
    meta.labels = {} if rng.random() < 0.5 else {"index": f"{rng.randrange(1000):03}"}
    meta.finalizers = ["engine"] if rng.random() < 0.7 else []
    obj.status.observed_generation = rng.choice((0, 1, meta.generation))
    if meta.finalizers and meta.generation > 1 and rng.random() < 0.05:
        meta.deletion_requested_at, meta.deletion_cause = meta.updated_at + 1.5, Cause(user_id="somebody")
    if isinstance(obj, Lease):
        obj.spec.renewed_at, obj.spec.duration = 1_700_000_000.0, 15.0  # of engines that have gone
    assert objects.whole(obj).spec is not None
    return obj


def history(lines: int, first: int = 5) -> Iterator[Line]:
    """Yield lines of a journal whose first ones were pruned, and which has gaps."""
    rng, position = random.Random(lines), first
    for n in range(lines):
        position += rng.choice((1, 1, 1, 2))
        record = Record(
            at=1_700_000_000.5 + n, type=("action", "event", "generation", "deleted")[n % 4], kind="Server",
            object_id=f"object-{n // 4}", region="kakao-usa-east1", project=f"project-{n % 7}", data=b'{"n": %d}' % n,
            request_id=f"req-{n}", position=position,
        )  # fmt: skip
        yield Line(record, f"once-{n % 5}")


async def fill(file: Path, total: int, lines: int) -> None:
    """Make the store in an SQLite file."""
    async with opened(StoreConfig(url=f"sqlite:///{file}"), make=True) as end:
        everything, written = made(total), history(lines)
        while page := list(islice(everything, PAGE)):
            await end.restorable.restore(page)
        after = 0
        while some := _page(written):
            await end.ledger.restore(some, after, some[-1].record.position)
            after = some[-1].record.position


def _page(lines: Iterator[Line]) -> Sequence[Line]:
    return list(islice(lines, PAGE))
