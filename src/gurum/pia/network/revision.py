"""Neutron's revision_number, and the preconditions that clients build on it.

It must rise by one with every change that a client can see, whoever makes it, and also when a part changes that is an
object of its own here: a network's when a subnet comes or goes, a group's when its rules do. A change of spec raises
`metadata.generation`, so the number is counted from there; what the engine saw change is in `metadata.revision`; the
label REVISION holds the rest and may be negative, for changes of spec that Neutron does not count.
"""

from __future__ import annotations

from gurum.model.base import Resource
from gurum.model.network import Network, Port, SecurityGroup
from gurum.model.routing import Router
from gurum.pia.network.faults import fault

REVISION = "network.openstack.org/revision"
FIRST = {Network: 1, Port: 1, SecurityGroup: 1, Router: 1}  # the number of a new object; of the other nouns it is 0
_PRECONDITION = "revision_number="


def number(obj: Resource) -> int:
    """Return the object's revision_number."""
    meta = obj.metadata
    return FIRST.get(type(obj), 0) + meta.generation - 1 + meta.revision + int(meta.labels.get(REVISION, "0"))


def adjust(obj: Resource, by: int) -> None:
    """Move the number by so much beside what the change of spec itself moves it."""
    obj.metadata.labels[REVISION] = str(int(obj.metadata.labels.get(REVISION, "0")) + by)


def check(obj: Resource, if_match: str | None) -> None:
    """Raise RevisionNumberConstraintFailed unless the object is at the revision that `If-Match` asks for.

    A header that asks for something else than a revision is ignored, as in Neutron.
    """
    wanted = (if_match or "").strip().strip('"')
    if not wanted.startswith(_PRECONDITION):
        return
    text = wanted.removeprefix(_PRECONDITION)
    if text != str(number(obj)):
        raise fault("RevisionNumberConstraintFailed", wanted=text, current=number(obj))
