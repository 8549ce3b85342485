"""AWS's STS: one call, unsigned, that turns a token of ours into a session."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import botocore
from aiobotocore.config import AioConfig

from gurum.ops.clock import Clock
from gurum.ops.config import AwsConfig
from gurum.providers.aws.answering import answering
from gurum.providers.aws.errors import NotSentError
from gurum.providers.aws.recorded import guard
from gurum.providers.aws.sessions import Credentials
from gurum.providers.aws.transport import session_for
from gurum.providers.aws.trust import role_arn

SECONDS = 10  # for an answer: it decides nothing but whether it may be tried


class _Nobody:
    """Nobody's credentials: the token is the proof."""

    async def load_credentials(self) -> None:
        """Return none."""


class Sts:
    """What `sessions.Sessions` asks."""

    def __init__(self, config: AwsConfig, region: str, clock: Clock) -> None:
        self._config, self._region, self._clock = config, region, clock
        self._session = session_for(_Nobody())
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._one = asyncio.Lock()

    async def assume(self, account: str, name: str, token: str) -> Credentials:
        """Return a session of the account's role. Raises AwsError, NotSentError, LostError."""
        entry = next((entry for entry in self._config.accounts if entry.number == account and entry.role), None)
        if entry is None:
            raise NotSentError(f"no role is configured for the AWS account {account}")
        client, began = await self._sts(), self._clock.time()
        with answering(secret=True):
            answer = await client.assume_role_with_web_identity(
                RoleArn=role_arn(entry.role, account, partition(self._region)),
                RoleSessionName=name,
                WebIdentityToken=token,
                DurationSeconds=self._config.session_seconds,
            )
        made, meta = answer["Credentials"], answer.get("ResponseMetadata", {})
        # Whose clock is right is not known: the session is over when either of the two says so.
        until = min(made["Expiration"].timestamp(), began + self._config.session_seconds)
        return Credentials(
            made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], until, meta.get("RequestId", "")
        )

    async def _sts(self) -> Any:
        async with self._one:
            if self._client is None:
                self._client = await self._stack.enter_async_context(
                    self._session.create_client(
                        "sts",
                        region_name=self._region,
                        endpoint_url=self._config.sts_url or self._config.endpoint_url or None,
                        config=AioConfig(
                            signature_version=botocore.UNSIGNED,
                            retries={"total_max_attempts": 1, "mode": "standard"},
                            connect_timeout=SECONDS,
                            read_timeout=SECONDS,
                        ),
                    )
                )
                guard(self._client, "sts", lambda: "", strict=False)  # a command that only looks needs a session, too
            return self._client

    async def close(self) -> None:
        """Close the connection."""
        await self._stack.aclose()


def partition(region: str) -> str:
    """Return the partition of a region, as ARNs begin with it."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
