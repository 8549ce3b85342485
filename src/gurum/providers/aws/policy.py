"""The IAM policy of a deployment: what its calls need in an account, and nothing else.

Everything that changes something is bound to the deployment's owner tag: what is made must be tagged with it in the
same call, and only what carries it may be touched. So the credentials cannot harm what others have in the account, even
in the hands of a thief or of a defect of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gurum.providers.aws import tags
from gurum.providers.aws.permissions import ADOPTED, ADOPTION, PERMISSIONS, Permission

MANAGED_LIMIT = 6144  # characters without white space; IAM's quota for a managed policy


def document(
    owner: str,
    region: str,
    account: str = "*",
    partition: str = "aws",
    permissions: Mapping[str, Permission] = PERMISSIONS,
    *,
    adopts: bool = False,
) -> dict[str, Any]:
    """Return the policy document. `region` is AWS's, `account` a number or `*` for whichever it is attached in.

    adopts: with what adoption needs. That lets the credentials put the deployment's tag on what others have, and so
    touch it: it is for accounts in which something is to be taken over, and can be taken back afterwards.
    """
    if adopts:
        permissions = {**permissions, **ADOPTION}

    def arns(types: Iterable[str], owned: bool = True) -> list[str]:
        return [f"arn:{partition}:ec2:{region}:{account if owned else ''}:{type_}/*" for type_ in sorted(set(types))]

    def statement(sid: str, actions: Iterable[str], resource: Any, condition: dict[str, Any]) -> dict[str, Any]:
        named = [f"ec2:{action}" for action in sorted(actions)]
        out = {"Sid": sid, "Effect": "Allow", "Action": named, "Resource": resource}
        return out | ({"Condition": {"StringEquals": condition}} if condition else {})

    looks = [name for name, row in permissions.items() if not (row.makes or row.uses or row.foreign)]
    uses = {name: row.uses for name, row in permissions.items() if row.uses}
    makes = {name: row.makes for name, row in permissions.items() if row.makes}
    foreign = {name: row.foreign for name, row in permissions.items() if row.foreign}
    statements = [statement("Look", looks, "*", {"aws:RequestedRegion": region})]
    tagged = {f"aws:RequestTag/{tags.OWNER}": owner}
    # One for each set of types: in a common one, the tags of a request would stand for what it only uses.
    for types in sorted(set(makes.values())):
        names = [name for name, made in makes.items() if made == types]
        statements.append(statement("".join(sorted(names)), names, arns(types), tagged))
    made = [type_ for types in makes.values() for type_ in types]
    statements.append(statement("Tag", ["CreateTags"], arns(made), {**tagged, "ec2:CreateAction": sorted(makes)}))
    # One for all: an action is only ever asked about the types that it touches, and each must carry our tag.
    owned = {f"aws:ResourceTag/{tags.OWNER}": owner}
    statements.append(statement("Use", uses, arns(type_ for types in uses.values() for type_ in types), owned))
    if adopts:
        statements.append(statement("Adopt", ["CreateTags"], arns(ADOPTED), tagged))
    for types in sorted(set(foreign.values())):
        names = [name for name, used in foreign.items() if used == types]
        sid = "Foreign" + "".join(part.capitalize() for type_ in types for part in type_.split("-"))
        statements.append(statement(sid, names, arns(types, owned=False), {}))
    return {"Version": "2012-10-17", "Statement": statements}


def size(policy: Mapping[str, Any]) -> int:
    """Return the characters that IAM counts: all but white space."""
    return len("".join(json.dumps(policy).split()))


def granted(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return each (statement, action or type of resource) of the policy: what a run must be seen to need."""
    found = set()
    for statement in policy["Statement"]:
        found |= {(statement["Sid"], action.removeprefix("ec2:")) for action in statement["Action"]}
        if statement["Resource"] != "*":
            found |= {(statement["Sid"], arn.rpartition(":")[2].partition("/")[0]) for arn in statement["Resource"]}
    return found
