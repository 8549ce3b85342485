"""IAM: the inline policies of roles, by which sessions that are out are denied what they could do.

They are part of the configuration (`role_policies`), so that they are kept, shown and reset as it is. At AWS a change
takes seconds to be in force everywhere; here it is at once.
Source: IAM API Reference; "IAM and AWS STS quotas".
"""

import json
from typing import Any

from aws_emulator import iam
from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.context import Context
from aws_emulator.rules import refuse

LARGEST = 10_240  # characters without white space of all inline policies of a role


def put_role_policy(call: Context, params: Params) -> Answer:
    """Write a policy of a role, in place of one of that name."""
    key, name = _role(call, params), params["PolicyName"]
    try:
        document: dict[str, Any] = json.loads(params["PolicyDocument"])
        iam.read(document)
    except (ValueError, TypeError) as error:
        raise refuse("iam.malformed", error=str(error)) from None
    there = call.config.role_policies.get(key, {}) | {name: document}
    if sum(len("".join(json.dumps(each).split())) for each in there.values()) > LARGEST:
        raise refuse("iam.limit", role=params["RoleName"], limit=LARGEST)
    # Removed first: a patch merges objects, and a statement of the former policy must not stay.
    call.configure({"role_policies": {key: {name: None}}})
    call.configure({"role_policies": {key: {name: document}}})
    call.changed.append(f"{params['RoleName']}/{name}")
    return {}


def list_role_policies(call: Context, params: Params) -> Answer:
    """List the names of a role's inline policies."""
    return {"PolicyNames": sorted(call.config.role_policies.get(_role(call, params), {})), "IsTruncated": False}


def delete_role_policy(call: Context, params: Params) -> Answer:
    """Remove a policy of a role."""
    key, name = _role(call, params), params["PolicyName"]
    if name not in call.config.role_policies.get(key, {}):
        raise refuse("iam.no-policy", name=name)
    call.configure({"role_policies": {key: {name: None}}})
    call.changed.append(f"{params['RoleName']}/{name}")
    return {}


def _role(call: Context, params: Params) -> str:
    """Return under what a role's policies stand. A role is named without its path. Raises Refusal."""
    wanted = params["RoleName"]
    for role in call.config.roles:
        if role.account == call.region.account and role.name.rpartition("/")[2] == wanted:
            return f"{role.account}/{role.name}"
    raise refuse("iam.no-role", name=wanted)


ACTIONS = (
    Action("PutRolePolicy", put_role_policy, "RoleName PolicyName PolicyDocument", service="iam"),
    Action("ListRolePolicies", list_role_policies, "RoleName", service="iam"),
    Action("DeleteRolePolicy", delete_role_policy, "RoleName PolicyName", service="iam"),
)
