"""An end of sessions that are out: AWS cannot call them back, but it can deny them everything.

It is done as IAM's console does it ("Revoke active sessions"): an inline policy of the role denies what was issued
before a moment; here only to sessions of one person, who is told by the session's tag. So others' sessions, and the
system's, go on, and so does what the person asked for before: the engine takes a session of later for it. A policy for
each person, because a common one would be read and written back by two off-boardings at once, and one would be lost.
Source: IAM User Guide, "Revoke IAM role temporary security credentials"; "IAM and AWS STS quotas".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Protocol

import aiobotocore.session
from aiobotocore.config import AioConfig

from gurum.ops.clock import Clock
from gurum.ops.config import AwsConfig
from gurum.providers.aws.answering import answering
from gurum.providers.aws.errors import AwsError, NotSentError
from gurum.providers.aws.principals import OFFBOARDING, TAGS, offboarder, tagged
from gurum.providers.aws.refusals import explain
from gurum.providers.aws.sessions import Broker, Signer

SECONDS = 10  # for an answer of IAM
SKEW = 60.0  # seconds by which AWS's clock, which issued the sessions, may be ahead of ours
LONGEST = 43_200.0  # seconds that a session can last: a policy that is older than that denies nothing any more
PREFIX = "gurum-left-"
_NAME = re.compile(rf"{PREFIX}(\d{{1,12}})-(.+)\Z", re.DOTALL)


def document(user: str, before: float) -> dict[str, Any]:
    """Return the policy that denies everything to a person's sessions that were issued before a moment."""
    moment = datetime.fromtimestamp(before, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    statement = {
        "Sid": "Left",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {f"aws:PrincipalTag/{TAGS['user']}": tagged(user)},
            "DateLessThan": {"aws:TokenIssueTime": moment},
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def name(user: str, before: float) -> str:
    """Return the policy's name: it says until when it is of use, so that it can be cleared away unread."""
    return f"{PREFIX}{int(before)}-{_who(user)}"


def _who(user: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.=+@-]", "_", tagged(user))[:64]


class Roles(Protocol):
    """IAM's calls on one role of one account."""

    async def put(self, name: str, document: Mapping[str, Any]) -> None:
        """Write an inline policy."""
        ...

    async def names(self) -> list[str]:
        """List the inline policies."""
        ...

    async def delete(self, name: str) -> None:
        """Remove an inline policy; not being there is fine."""
        ...


async def deny(role: Roles, user: str, now: float) -> None:
    """Deny the role's sessions of a person that were issued until now, and clear away what is of no use any more.

    Idempotent, and safe to be killed anywhere: the new policy is there before an older one goes.
    """
    before = int(now + SKEW)
    await role.put(name(user, before), document(user, before))
    for each in await role.names():
        if found := _NAME.match(each):
            of = int(found[1])
            if of + LONGEST < now or (found[2] == _who(user) and of < before):
                await role.delete(each)


class Denials:
    """What ends sessions in the accounts of a region that have an `offboarding_role`."""

    def __init__(
        self, config: AwsConfig, region: str, signer: Signer, broker: Broker, clock: Clock, owner: str
    ) -> None:
        self._config, self._region = config, region
        self._signer, self._broker, self._clock, self._owner = signer, broker, clock, owner

    async def deny(self, account: str, user: str) -> None:
        """End a person's sessions in an account. Raises NoSessionError, AwsError, NotSentError, LostError."""
        async with AsyncExitStack() as stack:
            await deny(await self._role(stack, account), user, self._clock.time())

    async def check(self, account: str) -> int:
        """Return how many denials there are in an account, or raise what `deny` would."""
        async with AsyncExitStack() as stack:
            return sum(1 for each in await (await self._role(stack, account)).names() if _NAME.match(each))

    async def close(self) -> None:
        """Close the connection to STS."""
        await self._broker.close()

    async def _role(self, stack: AsyncExitStack, account: str) -> _Iam:
        entry = next((one for one in self._config.accounts if one.number == account and one.offboarding_role), None)
        if entry is None:
            raise NotSentError(f"the AWS account {account} has no offboarding_role")
        token = self._signer.token(offboarder(self._owner), {})
        try:
            held = await self._broker.assume(account, OFFBOARDING, token)
        except AwsError as error:
            raise explain(error, account, self._signer.url) from error
        client = await stack.enter_async_context(
            aiobotocore.session.get_session().create_client(
                "iam",
                region_name=self._region,
                endpoint_url=self._config.iam_url or self._config.endpoint_url or None,
                aws_access_key_id=held.access_key,
                aws_secret_access_key=held.secret_key,
                aws_session_token=held.token,
                config=AioConfig(
                    retries={"total_max_attempts": 3, "mode": "standard"},  # nothing is made twice by these calls
                    connect_timeout=SECONDS,
                    read_timeout=SECONDS,
                ),
            )
        )
        return _Iam(client, entry.role.rpartition("/")[2])


class _Iam:
    """`Roles` by aiobotocore."""

    def __init__(self, client: Any, role: str) -> None:
        self._client, self._role = client, role

    async def put(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, separators=(",", ":"))
        await self._call("put_role_policy", PolicyName=name, PolicyDocument=text)

    async def names(self) -> list[str]:
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            answer = await self._call("list_role_policies", **more)
            found += answer["PolicyNames"]
            if not answer.get("IsTruncated"):
                return found
            more = {"Marker": answer["Marker"]}

    async def delete(self, name: str) -> None:
        try:
            await self._call("delete_role_policy", PolicyName=name)
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise

    async def _call(self, operation: str, **params: str) -> dict[str, Any]:
        with answering():
            answer: dict[str, Any] = await getattr(self._client, operation)(RoleName=self._role, **params)
        return answer
