"""What an adoption would do, and what stands in its way: told before anything is written.

The order is that of dependency, so that whatever is killed when, what is there refers to nothing that is not; and doing
it again does the rest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gurum.model.base import Resource
from gurum.model.compute import CloudKey
from gurum.model.network import Domain, Subnet
from gurum.providers.contract import Found

BEHIND = (Domain, CloudKey)  # behind a network and a key pair, with which they are adopted: no user sees them
ADOPT, ADOPTED, LEFT = "adopt", "adopted", "left"


@dataclass(frozen=True)
class Line:
    """What becomes of a thing. `deed`: adopt, adopted (already), left. `id`, `name`: those that OpenStack shows."""

    found: Found
    deed: str
    kind: str
    id: str
    name: str
    notes: Sequence[str] = field(default_factory=list)


def chosen(found: Sequence[Found], ids: Collection[str], filters: Mapping[str, str]) -> list[Found]:
    """Return what is asked for, and what that refers to; everything without ids and filters.

    An attached interface brings its instance, and that its interfaces: half of a server cannot be shown.
    """
    if not ids and not filters:
        return list(found)
    by_id: dict[str, list[Found]] = {}
    for one in found:
        by_id.setdefault(one.id, []).append(one)
    tagged = {one.id for one in found if filters and all(one.tags.get(k) == v for k, v in filters.items())}
    todo, wanted = [*(id_ for id_ in by_id if id_ in ids), *tagged], set[str]()
    children: dict[str, list[str]] = {}
    for one in found:
        if one.parent:
            children.setdefault(one.parent, []).append(one.id)
    while todo:
        id_ = todo.pop()
        if id_ in wanted or id_ not in by_id:
            continue
        wanted.add(id_)
        todo += children.get(id_, [])
        for one in by_id[id_]:
            todo += [*one.needs, *([one.parent] if one.parent else [])]
    return [one for one in found if one.id in wanted]


def planned(found: Sequence[Found], present: Iterable[Resource], project: str) -> list[Line]:
    """Return a line for each thing, in the order of adoption. `present`: the store's objects of the region."""
    there = {obj.id: obj for obj in present}
    refused = {one.id: one.refused for one in found if one.object is None}
    ranges = [
        (ipaddress.ip_network(obj.spec.cidr), obj)
        for obj in there.values()
        if isinstance(obj, Subnet) and obj.metadata.project == project
    ]
    ranges += [
        (ipaddress.ip_network(one.object.spec.cidr), one.object) for one in found if isinstance(one.object, Subnet)
    ]
    lines: list[Line] = []
    for one in found:
        obj = one.object
        if isinstance(obj, BEHIND):
            continue
        if obj is None:
            lines.append(Line(one, LEFT, "", "", one.name, [one.refused, *one.notes]))
            continue
        missing = [need for need in one.needs if need in refused]
        if missing:
            refused[one.id] = f"it needs {missing[0]}, which is left: {refused[missing[0]]}"
            lines.append(Line(one, LEFT, "", "", one.name, [refused[one.id], *one.notes]))
            continue
        notes = list(one.notes)
        if isinstance(obj, Subnet):
            notes += _overlaps(obj, ranges)
        held = there.get(obj.id)
        other = held is not None and held.metadata.project not in ("", project)
        if other and held is not None:
            notes.append(f"it is in the project {held.metadata.project}")
        deed = ADOPTED if held is not None else ADOPT
        lines.append(Line(one, deed, obj.kind, obj.id, _name(obj) or one.name, notes))
    return lines


def _name(obj: Resource) -> str:
    spec = getattr(obj, "spec", None)
    return str(getattr(spec, "name", "") or "")


def _overlaps(
    subnet: Subnet, ranges: Sequence[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, Subnet]]
) -> list[str]:
    mine = ipaddress.ip_network(subnet.spec.cidr)
    others = {
        other.spec.name or other.id
        for cidr, other in ranges
        if other.id != subnet.id and other.spec.network_id != subnet.spec.network_id and mine.overlaps(cidr)
    }
    return [f"its range overlaps with that of {name}: one router cannot join both" for name in sorted(others)]


def adoptable(lines: Iterable[Line], found: Sequence[Found]) -> list[Found]:
    """Return what is to be created, with what stands behind it, in order."""
    there = [line for line in lines if line.deed in (ADOPT, ADOPTED)]
    wanted, behind = {line.id for line in there if line.deed == ADOPT}, {line.found.id for line in there}
    return [
        one
        for one in found
        if one.object is not None and (one.object.id in wanted or (isinstance(one.object, BEHIND) and one.id in behind))
    ]


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """Return how many lines there are of each deed."""
    out: dict[str, int] = {}
    for line in lines:
        out[line.deed] = out.get(line.deed, 0) + 1
    return out
