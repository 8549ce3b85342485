"""Who may change a role's policies: IAM's own calls, authorised on the role that they name.

Whoever may write a role's policies may give it anything; so that right is asked for here as any other is.
"""

from collections.abc import Mapping
from typing import Any

from aws_emulator.caller import Caller
from aws_emulator.iam.document import Policy
from aws_emulator.rules import refuse


def authorise(policy: Policy, action: str, params: Mapping[str, Any], caller: Caller) -> list[str]:
    """Return what allowed it, as for EC2. Raises Refusal (AccessDenied)."""
    resource = f"arn:aws:iam::{caller.account}:role/{params.get('RoleName', '')}"
    sid = policy.grant(f"iam:{action}", resource, caller.context)
    if sid is None:
        raise refuse("iam.denied", principal=caller.arn, action=action, resource=resource)
    return [f"{sid} {action} role"]
