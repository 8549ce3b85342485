"""The wire to AWS: one session, one client an account, one request a call, no retries of its own.

A retry layer under ours would repeat calls that the controllers do not know of; so botocore's is off.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import aiobotocore.session
import aiohttp
from aiobotocore.config import AioConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from gurum.ops import secrets
from gurum.ops.config import AwsConfig


class AwsError(Exception):
    """AWS answered with an error code."""

    def __init__(self, code: str, message: str, status: int, request_id: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.request_id = code, message, status, request_id


class NotSentError(Exception):
    """The request did not reach AWS: nothing happened."""


class LostError(Exception):
    """The request may have reached AWS; no usable answer came back."""


class Transport(Protocol):
    """One call, one answer. `account` is the account's number."""

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the answer. Raises AwsError, NotSentError, LostError."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


def operation(action: str) -> str:
    """Return botocore's method name of an action: RunInstances -> run_instances."""
    return "".join("_" + c.lower() if c.isupper() else c for c in action).lstrip("_")


def credentials(path: str) -> dict[str, str]:
    """Return the credentials in a file. Raises NotSentError."""
    try:
        secret: dict[str, str] = json.loads(secrets.read(Path(path)))
    except secrets.SecretError as error:
        raise NotSentError(str(error)) from error
    except ValueError as error:
        raise NotSentError(f"{path} is not JSON") from error
    return secret


class BotoTransport:
    """aiobotocore. Credentials are read from files, once per account, when the account is first used."""

    def __init__(self, config: AwsConfig, region: str) -> None:
        self._config = config
        self._region = region
        self._session = aiobotocore.session.get_session()
        self._stack = AsyncExitStack()
        self._clients: dict[str, Any] = {}

    async def _client(self, account: str) -> Any:
        client = self._clients.get(account)
        if client is None:
            entry = next((a for a in self._config.accounts if a.number == account), None)
            if entry is None:
                raise NotSentError(f"no credentials are configured for the AWS account {account}")
            secret = credentials(entry.credentials_file)
            client = await self._stack.enter_async_context(
                self._session.create_client(
                    "ec2",
                    region_name=self._region,
                    endpoint_url=self._config.endpoint_url or None,
                    aws_access_key_id=secret["access_key_id"],
                    aws_secret_access_key=secret["secret_access_key"],
                    aws_session_token=secret.get("session_token"),
                    config=AioConfig(
                        retries={"total_max_attempts": 1, "mode": "standard"},
                        max_pool_connections=self._config.in_flight + 8,
                        connect_timeout=10,
                        read_timeout=self._config.timeout,
                        parameter_validation=False,
                    ),
                )
            )
            # Two tasks may have come here at once; the first client stays, the other is closed with the stack.
            client = self._clients.setdefault(account, client)
        return client

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the answer. Raises AwsError, NotSentError, LostError."""
        client = await self._client(account)
        try:
            answer: dict[str, Any] = await getattr(client, operation(action))(**params)
        except ClientError as error:
            response = error.response
            meta = response.get("ResponseMetadata", {})
            raise AwsError(
                response.get("Error", {}).get("Code", ""),
                response.get("Error", {}).get("Message", ""),
                int(meta.get("HTTPStatusCode", 500)),
                meta.get("RequestId", ""),
            ) from error
        except (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError) as error:
            raise NotSentError(str(error)) from error
        except (BotoCoreError, ResponseParserError, aiohttp.ClientError, TimeoutError, OSError) as error:
            # A body that is not EC2's (a proxy's page, a crash) proves nothing about what was done.
            raise LostError(f"{type(error).__name__}: {error}") from error
        return answer

    async def close(self) -> None:
        """Close every client."""
        await self._stack.aclose()
