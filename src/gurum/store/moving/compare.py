"""Whether two stores say the same: by digest, and where they do not, in words.

The resource version is left out, because it is the store's own; everything else counts. Maps have no order: one that
came back sorted is the same. A field that has its default is the same whether or not it was written down. User data
counts wherever it is kept (an `Instant` puts it in), and once: an intent that has its text says what one says that
refers to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from gurum.model.base import Resource
from gurum.model.server import Server
from gurum.store import objects, userdata
from gurum.store.moving.contract import Instant, Ledger, Line

NAMED = 20  # differences of a kind that are told one by one
_encode = msgspec.json.Encoder(order="deterministic").encode


class Verdict(msgspec.Struct, kw_only=True):
    """What a kind (or the journal) comes to.

    sha256: over everything of it in the target, and in the source, if they are equal. different: how many are not.
    differences: the first `NAMED` of them, in words.
    """

    count: int = 0
    sha256: str = ""
    different: int = 0
    differences: list[str] = msgspec.field(default_factory=list)

    def add(self, words: str) -> None:
        """Count a difference, and tell it if there is room."""
        self.different += 1
        if len(self.differences) < NAMED:
            self.differences.append(words)


def digest(obj: Resource) -> bytes:
    """Return what stands for everything that the object says, whichever store it comes from."""
    return hashlib.sha256(_encode(canonical(obj))).digest()


def line_digest(line: Line) -> bytes:
    """Return what stands for a line of a journal, position included."""
    return hashlib.sha256(_encode(line)).digest()


def whole(digests: Mapping[str, bytes]) -> str:
    """Return what stands for objects of these ids."""
    total = hashlib.sha256()
    for uid in sorted(digests):
        total.update(uid.encode("utf-8", "surrogatepass") + b"\0" + digests[uid])
    return total.hexdigest()


async def digests(instant: Instant, kind: type[Resource]) -> dict[str, bytes]:
    """Return the digest of every object of a kind, by its id."""
    return {obj.id: digest(obj) async for page in instant.objects(kind) for obj in page}


async def compare(kind: type[Resource], ours: Mapping[str, bytes], source: Instant, target: Instant) -> Verdict:
    """Return how the target's objects of a kind stand to those of these digests.

    source: where fields that differ are looked up, as far as the objects are still there.
    """
    theirs = await digests(target, kind)
    verdict = Verdict(count=len(theirs), sha256=whole(theirs))
    for uid in sorted(ours.keys() - theirs.keys()):
        verdict.add(f"{kind.kind} {uid} is missing")
    for uid in sorted(theirs.keys() - ours.keys()):
        verdict.add(f"{kind.kind} {uid} is not in the source")
    other = sorted(uid for uid in ours.keys() & theirs.keys() if ours[uid] != theirs[uid])
    if other:
        named = set(other[:NAMED])
        first, second = await _those(source, kind, named), await _those(target, kind, named)
        for uid in other:
            fields = ", ".join(_paths(first[uid], second[uid])) if uid in first and uid in second else "what it says"
            verdict.add(f"{kind.kind} {uid} differs in {fields}")
    return verdict


async def compare_lines(source: Ledger, target: Ledger, until: int) -> Verdict:
    """Return how the target's journal stands to the source's, up to a position."""
    verdict, total, after = Verdict(), hashlib.sha256(), 0
    while after < until:
        page = await source.lines(after, until)
        end = page[-1].record.position if page else until
        here = {line.record.position: line for line in page}
        there = {line.record.position: line for line in await target.lines(after, end, 1_000_000_000)}
        for position in sorted(there):
            verdict.count += 1
            total.update(line_digest(there[position]))
        for position in sorted(here.keys() | there.keys()):
            if here.get(position) != there.get(position):
                how = "is missing" if position not in there else "differs" if position in here else "is too many"
                verdict.add(f"line {position} of the journal {how}")
        after = end
    last = await target.last()
    for line in await target.lines(until, last):
        verdict.add(f"line {line.record.position} of the journal is too many")
    verdict.sha256 = total.hexdigest()
    return verdict


async def _those(instant: Instant, kind: type[Resource], ids: Iterable[str]) -> dict[str, Any]:
    wanted = set(ids)
    return {obj.id: canonical(obj) async for page in instant.objects(kind) for obj in page if obj.id in wanted}


def canonical(obj: Resource) -> Any:
    """Return everything that the object says, and nothing of how it was written down."""
    mine = objects.apart(userdata.quoted(obj) if isinstance(obj, Server) else obj)
    mine.metadata.resource_version, mine.schema = 0, type(obj).version
    return _plain(mine)


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        given = ((name, getattr(value, field), default) for name, field, default in _fields(type(value)))
        return {name: _plain(one) for name, one, default in given if one != default}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


@cache
def _fields(struct: type[msgspec.Struct]) -> Sequence[tuple[str, str, Any]]:
    """Return each field's name in a document, its name, and its default (one that nothing equals, if there is none)."""
    return [
        (one.encode_name, one.name, one.default_factory() if one.default is msgspec.NODEFAULT and
         one.default_factory is not msgspec.NODEFAULT else one.default)
        for one in msgspec.structs.fields(struct)
    ]  # fmt: skip


def _paths(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Yield where two documents differ, as deep as both are maps."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                yield from _paths(one.get(name), other.get(name), f"{at}.{name}" if at else str(name))
    else:
        yield at
