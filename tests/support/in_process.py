"""An AWS emulator in the test's own process: no sockets, the time of the test."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

from aws_emulator.emulator import Dropped, Emulator, InjectedError
from aws_emulator.rules import Refusal
from gurum.audit.words import MARK
from gurum.ops.clock import Clock
from gurum.providers.aws.principals import name
from gurum.providers.aws.recorded import Signature, made_now
from gurum.providers.aws.sessions import Sessions
from gurum.providers.aws.transport import AwsError, LostError, NotSentError, on_behalf


class EmulatorClock:
    """The world's time, as the emulator asks for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Return the world's time."""
        return self._clock.time()


def _typed(answer: Any, name: str = "") -> Any:
    """Return the answer with times as botocore gives them."""
    if isinstance(answer, dict):
        return {key: _typed(value, key) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_typed(value, name) for value in answer]
    if isinstance(answer, float) and name.endswith("Time"):
        return datetime.fromtimestamp(answer, UTC)
    return answer


class EmulatorTransport:
    """The emulator called in process: same parameters, same answers, no sockets."""

    def __init__(self, emulator: Emulator, region: str = "us-east-1") -> None:
        self.emulator = emulator
        self.down = False
        self.sessions: Sessions | None = None
        self._region = region

    async def ready(self, account: str, action: str) -> None:
        """Have a session, where there are any."""
        if self.sessions is not None:
            await self.sessions.ready(account, on_behalf(action))

    def signature(self, account: str, action: str) -> Signature:
        """Return whose key would sign."""
        held = self.sessions.held(account, on_behalf(action)) if self.sessions is not None else None
        return Signature(name(on_behalf(action)), held.access_key) if held is not None else Signature("", "in-process")

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Answer as AWS would."""
        key, record = self.signature(account, action).access_key, made_now()
        agent = f"in-process {MARK}{record.id}" if record is not None else ""
        await asyncio.sleep(0.01)
        if self.down:
            raise NotSentError("connection refused")
        if isinstance(params.get("UserData"), bytes):
            params = params | {"UserData": base64.b64encode(params["UserData"]).decode()}  # as botocore does
        try:
            answer = self.emulator.call(
                action, params, account=account, region=self._region, access_key=key, user_agent=agent
            )
        except Dropped as error:
            raise LostError("the connection was cut") from error
        except (Refusal, InjectedError) as error:
            raise AwsError(error.code, str(error), error.status, "req-emulated") from error
        typed: dict[str, Any] = _typed(dict(answer))
        return typed | {"ResponseMetadata": {"RequestId": "req-emulated"}}

    async def close(self) -> None:
        """Nothing is open."""
