"""The one call of STS that a client needs to know which account it is in."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.context import Context


def get_caller_identity(call: Context, params: Params) -> Answer:
    """Tell account, user id and ARN of the caller."""
    account = call.region.account
    return {
        "UserId": call.principal,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:user/{call.principal}",
    }


ACTIONS = (Action("GetCallerIdentity", get_caller_identity, service="sts"),)
