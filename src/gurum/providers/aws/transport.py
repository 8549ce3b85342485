"""The wire to AWS: one client an account, one request a call, no retries of its own.

A retry layer under ours would repeat calls that the controllers do not know of; so botocore's is off. So is its search
for credentials (environment, files, metadata service): a call is signed with what the configuration names, or not sent.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import aiobotocore.session
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from gurum.ops import secrets
from gurum.ops.config import AwsAccountConfig, AwsConfig
from gurum.providers.aws.answering import answering
from gurum.providers.aws.errors import AwsError, LostError, NotSentError
from gurum.providers.aws.principals import name
from gurum.providers.aws.recorded import Signature, guard, looks
from gurum.providers.aws.sessions import Sessions
from gurum.providers.behalf import Behalf, behalf

__all__ = [
    "AwsError",
    "BotoTransport",
    "Chosen",
    "LostError",
    "NotSentError",
    "Transport",
    "credentials",
    "on_behalf",
    "operation",
]


class Transport(Protocol):
    """One call, one answer. `account` is the account's number."""

    async def ready(self, account: str, action: str) -> None:
        """Have what the call is signed with, which may take a request. Raises NoSessionError, NotSentError."""
        ...

    def signature(self, account: str, action: str) -> Signature:
        """Return whose key a call would be signed with now. Raises NotSentError: nobody's."""
        ...

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


_signing: ContextVar[ReadOnlyCredentials | None] = ContextVar("signing", default=None)


def _signer() -> str:
    chosen = _signing.get()
    return chosen.access_key if chosen is not None else ""


class Chosen(AioCredentials):  # type: ignore[misc]  # the library publishes no types
    """What botocore takes for the credentials of a client: those that were chosen for the call."""

    def __init__(self) -> None:
        super().__init__("", "")

    async def load_credentials(self) -> Chosen:
        """Return itself: nothing else is to be found."""
        return self

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what the call of this task is signed with. Raises NoCredentialsError."""
        chosen = _signing.get()
        if chosen is None:
            raise NoCredentialsError
        return chosen


def session_for(source: Any) -> Any:
    """Return a session of aiobotocore that has its credentials from `source` alone."""
    session = aiobotocore.session.get_session()
    session.register_component("credential_provider", source)
    return session


def on_behalf(action: str) -> Behalf | None:
    """Return for whom a call is made: what only looks is the system's own, whoever waits for it."""
    return None if looks(action) else behalf()


# Sessions that AWS does not take (any more), though they should last: revoked, or of a clock that was set.
_DEAD = ("AuthFailure", "ExpiredToken", "InvalidClientTokenId", "RequestExpired", "UnrecognizedClientException")
_DENIED = "UnauthorizedOperation"


class BotoTransport:
    """aiobotocore. An account with a role is entered by `sessions`; keys in files are read once, at their first use.

    recorded: nothing that may change something is signed without a record in the audit chain.
    """

    def __init__(
        self, config: AwsConfig, region: str, sessions: Sessions | None = None, *, recorded: bool = False
    ) -> None:
        self._config = config
        self._region = region
        self._sessions = sessions
        self._recorded = recorded
        self._session = session_for(Chosen())
        self._stored: dict[str, ReadOnlyCredentials] = {}
        self._stack = AsyncExitStack()
        self._clients: dict[str, Any] = {}

    def _entry(self, account: str) -> AwsAccountConfig:
        entry = next((a for a in self._config.accounts if a.number == account), None)
        if entry is None:
            raise NotSentError(f"no credentials are configured for the AWS account {account}")
        return entry

    async def _client(self, account: str) -> Any:
        client = self._clients.get(account)
        if client is None:
            client = await self._stack.enter_async_context(
                self._session.create_client(
                    "ec2",
                    region_name=self._region,
                    endpoint_url=self._config.endpoint_url or None,
                    config=AioConfig(
                        retries={"total_max_attempts": 1, "mode": "standard"},
                        max_pool_connections=self._config.in_flight + 8,
                        connect_timeout=10,
                        read_timeout=self._config.timeout,
                        parameter_validation=False,
                    ),
                )
            )
            guard(client, "ec2", _signer, strict=self._recorded)
            # Two tasks may have come here at once; the first client stays, the other is closed with the stack.
            client = self._clients.setdefault(account, client)
        return client

    async def ready(self, account: str, action: str) -> None:
        """Have a session for the call, if the account is entered by one. Raises NoSessionError, NotSentError."""
        if self._entry(account).role:
            if self._sessions is None:
                raise NotSentError(f"the AWS account {account} has a role, and there is no issuer to enter it by")
            await self._sessions.ready(account, on_behalf(action))

    def signature(self, account: str, action: str) -> Signature:
        """Return whose key a call would be signed with now. Raises NotSentError: nobody's."""
        key = self._key(account, action).access_key
        return Signature(name(on_behalf(action)) if self._entry(account).role else "", key)

    def _key(self, account: str, action: str) -> ReadOnlyCredentials:
        """Return what a call is signed with now: a session that is held, or the stored key. Raises NotSentError."""
        entry = self._entry(account)
        if entry.role and self._sessions is not None:
            held = self._sessions.held(account, on_behalf(action))
            if held is None:
                raise NotSentError("the session for it is over")
            return ReadOnlyCredentials(held.access_key, held.secret_key, held.token, None)
        found = self._stored.get(account)
        if found is None:
            secret = credentials(entry.credentials_file) if entry.credentials_file else {}
            if not (secret.get("access_key_id") and secret.get("secret_access_key")):
                raise NotSentError(f"no credentials are configured for the AWS account {account}")
            found = self._stored[account] = ReadOnlyCredentials(
                secret["access_key_id"], secret["secret_access_key"], secret.get("session_token"), None
            )
        return found

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the answer. Raises AwsError, NotSentError, LostError."""
        key = self._key(account, action)
        token = _signing.set(key)
        try:
            return await self._call(account, action, params)
        except AwsError as error:
            # A person's session may be denied because they have left; what they asked for before goes on by another.
            whose = on_behalf(action)
            if self._sessions is not None and (error.code in _DEAD or (whose is not None and error.code == _DENIED)):
                self._sessions.forget(account, whose, key.access_key)
            raise
        finally:
            _signing.reset(token)

    async def _call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        client = await self._client(account)
        with answering():
            answer: dict[str, Any] = await getattr(client, operation(action))(**params)
        return answer

    async def close(self) -> None:
        """Close every client, and forget every session."""
        if self._sessions is not None:
            await self._sessions.close()
        await self._stack.aclose()
