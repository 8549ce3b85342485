"""What the emulator's ledger proves: nothing was ever made twice, even if one of the two was removed again.

And no call reached the cloud past the points at which processes are killed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.chaos.plan import Point
from tests.permissions import verdict

# A call that makes one thing, and the prefix of that thing's id among all that the call made.
_MAKES = {
    "RunInstances": "i-",
    "CreateVpc": "vpc-",
    "CreateSubnet": "subnet-",
    "CreateSecurityGroup": "sg-",
    "CreateNetworkInterface": "eni-",
    "ImportKeyPair": "key-",
    "CreateInternetGateway": "igw-",
    "CreateRouteTable": "rtb-",
    "AllocateAddress": "eipalloc-",
    "CreatePlacementGroup": "pg-",
}
_ENDS = ("TerminateInstances", "DeleteVpc", "DeleteSubnet", "DeleteSecurityGroup", "DeleteNetworkInterface",
         "DeleteKeyPair", "DeleteInternetGateway", "DeleteRouteTable", "ReleaseAddress",
         "DeletePlacementGroup")  # fmt: skip


def _step(params: Mapping[str, Any]) -> tuple[str, str]:
    for specification in params.get("TagSpecifications", ()):
        tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
        return tags.get("pia:uid", ""), tags.get("pia:step", "")
    return "", ""


def _ended(line: Mapping[str, Any]) -> Iterator[str]:
    yield from line.get("changed", ())  # what is deleted by its name has its id here alone
    for value in line["params"].values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))


def doubles(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return in words every creation for a (uid, step) that happened while an earlier one was not yet ended."""
    made: dict[tuple[str, str], str] = {}
    found = []
    for line in lines:
        if line["outcome"] != "ok":
            continue
        action = line["action"]
        if action in _ENDS:
            for id_ in _ended(line):
                for key in [key for key, value in made.items() if value == id_]:
                    del made[key]
        elif action in _MAKES:
            for id_ in (one for one in line["made"] if one.startswith(_MAKES[action])):
                key = _step(line["params"])
                if key in made:
                    found.append(f"duplicated: {action} made {id_} for {key} while {made[key]} was there")
                made[key] = id_
    return found


def untagged(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield in words every creation that does not say for whom it is: neither we nor the collector would find it."""
    for line in lines:
        if line["outcome"] == "ok" and line["action"] in _MAKES and not all(_step(line["params"])):
            yield f"leaked: {line['action']} made {', '.join(line['made'])} without our tags"


def forbidden(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield in words every call that the generated policy does not allow."""
    for words in verdict.outside(lines):
        yield f"forbidden: {words}"


def unseen(lines: Iterable[Mapping[str, Any]], passed: Iterable[tuple[Point, int]]) -> Iterator[str]:
    """Yield in words every action that came more often than a point was passed before it."""
    points: Counter[str] = Counter()
    for point, count in passed:
        word, _, call = point.step.partition(" ")
        if word == "AWS" and point.side == "before":
            points[call.partition(" ")[0]] += count
    for action, count in Counter(str(line["action"]) for line in lines).items():
        if count > points[action]:
            yield f"unseen: {count} calls of {action} reached the cloud, {points[action]} passed a point"
