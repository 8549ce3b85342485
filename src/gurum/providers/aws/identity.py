"""Whose credentials an account has: asked of AWS itself, before anything is made with them."""

from __future__ import annotations

from typing import Any

import aiobotocore.session
from aiobotocore.config import AioConfig

from gurum.ops.config import AwsConfig
from gurum.providers.aws.answering import answering
from gurum.providers.aws.sessions import Sessions
from gurum.providers.aws.transport import NotSentError, credentials

SECONDS = 10


async def account_of(config: AwsConfig, region: str, number: str, sessions: Sessions | None = None) -> str:
    """Return the number of the account that `number` is entered by (sts:GetCallerIdentity), by key or by role.

    It needs no permission. Raises NoSessionError, AwsError, NotSentError, LostError.
    """
    entry = next((account for account in config.accounts if account.number == number), None)
    if entry is None:
        raise NotSentError(f"no credentials are configured for the AWS account {number}")
    secret = await _session(sessions, number) if entry.role else credentials(entry.credentials_file)
    client: Any
    try:
        key, hidden = secret["access_key_id"], secret["secret_access_key"]
    except KeyError as error:
        raise NotSentError(f"{entry.credentials_file} lacks {error.args[0]}") from error
    with answering():
        async with aiobotocore.session.get_session().create_client(
            "sts",
            region_name=region,
            endpoint_url=config.sts_url or config.endpoint_url or None,
            aws_access_key_id=key,
            aws_secret_access_key=hidden,
            aws_session_token=secret.get("session_token"),
            config=AioConfig(
                retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=SECONDS, read_timeout=SECONDS
            ),
        ) as client:
            answer = await client.get_caller_identity()
    return str(answer["Account"])


async def _session(sessions: Sessions | None, number: str) -> dict[str, str]:
    if sessions is None:
        raise NotSentError(f"the AWS account {number} has a role, and there is no issuer to enter it by")
    held = await sessions.ready(number, None)
    return {"access_key_id": held.access_key, "secret_access_key": held.secret_key, "session_token": held.token}
