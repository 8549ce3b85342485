"""One question to an OPA server, and what may be believed of its answer.

It exists because a server can do more than an engine in the process: be slow, be gone, send half an answer, more than
anybody can hold, or somebody else's. Whatever is not a whole decision of the policy, said within the deadline by the
server that was asked, is no answer: a redirect is not followed, a body is read up to a bound, an undefined decision is
an error, and an unknown or missing field is one.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from gurum.ops import secrets
from gurum.ops.policy import PolicyConfig
from gurum.policy.answer import ENTRYPOINT, said_as, verdict
from gurum.policy.model import Verdict

LIMIT = 256 * 2**10  # bytes of an answer: fifty times the longest of our own bundle
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_REVISION = re.compile(r"[A-Za-z0-9._:/+-]{1,200}")


class UndecidedError(Exception):
    """There is no answer that can be believed; the message says why and quotes nothing that the server sent."""


class Answer(msgspec.Struct, frozen=True):
    """A verdict; the revision of the bundles it is by, empty if the server does not say; OPA's id of it, or empty."""

    verdict: Verdict
    revision: str
    decision_id: str


class _Revision(msgspec.Struct, frozen=True):
    revision: str = ""


class _Provenance(msgspec.Struct, frozen=True):
    revision: str = ""  # of a server that is configured in OPA's oldest way
    bundles: dict[str, _Revision] = {}


class _Reply(msgspec.Struct, frozen=True):
    """What OPA wraps a decision in; it may say more there from release to release."""

    result: Any = msgspec.UNSET
    provenance: _Provenance = _Provenance()
    decision_id: str = ""


_VERDICT = said_as(array=False)
_reply = msgspec.json.Decoder(_Reply)


def read(body: bytes) -> Answer:
    """Return what an answer's body says. Raises UndecidedError."""
    try:
        reply = _reply.decode(body)
        if reply.result is msgspec.UNSET:
            raise UndecidedError("the decision is undefined in OPA: has it the bundle?")
        said = msgspec.convert(reply.result, _VERDICT)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UndecidedError(f"OPA's answer is no decision: {_told(error)}") from error
    decision_id = reply.decision_id if _ID.fullmatch(reply.decision_id) else ""
    return Answer(verdict(said), _revision(reply.provenance), decision_id)


def _revision(provenance: _Provenance) -> str:
    """Name what decided, by the revisions of all bundles; empty if any has none: it could change unseen."""
    revisions = [provenance.bundles[name].revision for name in sorted(provenance.bundles)] or [provenance.revision]
    named = "+".join(revisions)
    return named if all(revisions) and _REVISION.fullmatch(named) else ""


def _told(error: Exception) -> str:
    if not isinstance(error, msgspec.ValidationError):
        return type(error).__name__
    return str(error) if "unknown field" not in str(error) else "it has a field that no decision has"


class Exchange:
    """The connections to a server. Belongs to one event loop."""

    def __init__(self, config: PolicyConfig) -> None:
        """Raise SecretError, OSError for a token or an authority that cannot be read."""
        self._deadline = config.deadline
        self._url = f"{config.url.rstrip('/')}/v1/data/{ENTRYPOINT}?provenance=true&strict-builtin-errors=true"
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if config.token_file:
            headers["Authorization"] = f"Bearer {secrets.read(Path(config.token_file))}"
        context = ssl.create_default_context(cafile=config.ca_file or None)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=config.connections, ssl=context),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # the deadline is of all that happens, ours
            auto_decompress=False,
            trust_env=False,
        )

    async def ask(self, document: dict[str, Any]) -> Answer:
        """Return OPA's answer on an input. Raises UndecidedError, within the deadline."""
        body = msgspec.json.encode({"input": document})
        try:
            async with asyncio.timeout(self._deadline):
                return read(await self._whole(body))
        except TimeoutError as error:
            raise UndecidedError(f"OPA has not answered within {self._deadline:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UndecidedError(f"OPA cannot be asked: {type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _whole(self, body: bytes) -> bytes:
        try:
            return await self._once(body)
        except aiohttp.ClientConnectorError:
            raise  # nobody is there, or somebody else
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # A connection that was kept, and that the server closed meanwhile. A question changes nothing: once more.
            return await self._once(body)

    async def _once(self, body: bytes) -> bytes:
        async with self._session.post(self._url, data=body, allow_redirects=False) as response:
            if response.status != 200:
                raise UndecidedError(f"OPA answered with status {response.status}")
            content = bytearray()
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) > LIMIT:
                    raise UndecidedError(f"OPA's answer is longer than {LIMIT} bytes")
            return bytes(content)
