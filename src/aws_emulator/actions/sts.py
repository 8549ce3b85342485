"""STS: which account a client is in, and sessions for web identities."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.context import Context
from aws_emulator.federation.assume import assume


def get_caller_identity(call: Context, params: Params) -> Answer:
    """Tell account, user id and ARN of the caller."""
    account, session = call.region.account, call.federation.sessions.get(call.principal)
    if session is not None:
        return {"UserId": f"{session.role_id}:{session.name}", "Account": account, "Arn": session.arn}
    return {
        "UserId": call.principal,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:user/{call.principal}",
    }


def assume_role_with_web_identity(call: Context, params: Params) -> Answer:
    """Give a session for a token, if the role trusts it."""
    session, secret, token = assume(call, params, call.federation.keys)
    call.federation.sessions.add(session)
    call.made.append(session.access_key)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": session.expires_at,
        },
        "SubjectFromWebIdentityToken": session.subject,
        "AssumedRoleUser": {"AssumedRoleId": f"{session.role_id}:{session.name}", "Arn": session.arn},
        "Provider": session.provider,
        "Audience": session.audience,
    }


ACTIONS = (
    Action("GetCallerIdentity", get_caller_identity, service="sts"),
    Action(
        "AssumeRoleWithWebIdentity",
        assume_role_with_web_identity,
        "RoleArn RoleSessionName WebIdentityToken DurationSeconds",
        service="sts",
    ),
)
