"""What of a call to AWS goes into the audit chain, and that no call is made that is not there.

Before a call that may change something is signed, "for this person, by this session, about this object" is on disk;
afterwards comes what AWS answered. What only looks (Describe…) is not told of: it is the system's own, changes nothing,
and is nine calls in ten.

The rule is kept at the client itself (`guard`): what is about to be signed without a record is a defect, and is not
signed. There the record's id goes into the call's user agent, which AWS's own log repeats: so the two belong together
even if the answer was lost, and we with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from gurum.audit import words
from gurum.audit.contract import Audit
from gurum.audit.errors import AuditUnavailableError
from gurum.audit.event import FAILURE, Links, Made, Party, opaque
from gurum.audit.words import MARK
from gurum.providers.behalf import Behalf, subject

log = structlog.get_logger("gurum.aws")

NOT_SENT, LOST, CUT_OFF = "not-sent", "lost", "cut-off"  # in the place of a code: why AWS answered nothing
MOST_THINGS = 32  # of one event
_THING = re.compile(r"[a-z]{1,12}-[0-9a-f]{8,17}\Z")


def looks(action: str) -> bool:
    """Whether an action of EC2 only looks, and so is not recorded."""
    return action.startswith("Describe")


class UnrecordedError(RuntimeError):
    """A defect of ours: a call that the chain does not know was about to be signed. It was not sent."""


@dataclass(frozen=True)
class Signature:
    """Whose key signs. session: its name as AWS has it, empty of a stored key."""

    session: str
    access_key: str


class Call:
    """One call, as the chain knows it."""

    def __init__(self, audit: Audit, action: str, parties: tuple[Party, Party, Party], links: Links) -> None:
        self.action, self.id, self.access_key = action, links.call, links.access_key
        self._audit, self._parties, self._links = audit, parties, links

    async def certain(self) -> None:
        """Return once it is on disk that it is about to be made. Raises AuditUnavailableError: then it must not be."""
        who, target, observer = self._parties
        ticket = self._audit.record(words.calling(self.action, who, target, observer, self._links), soon=True)
        try:
            await self._audit.durable(ticket)
        except AuditUnavailableError:
            self.ended(FAILURE, NOT_SENT)  # what waits in memory may still be written: then it must not be left open
            raise

    def ended(
        self, outcome: str, code: str = "", request_id: str = "", made: Iterable[str] = (), key: str = ""
    ) -> None:
        """Record what became of it: the cloud's code and its id of the request, ids that it made, a key that it gave.

        Nobody waits for that: a process that is killed within the next second loses it.
        """
        links = self._links
        things = tuple(dict.fromkeys((*links.things, *made)))[:MOST_THINGS]
        links = msgspec.structs.replace(
            links, aws_request=opaque(request_id), things=things, access_key=opaque(key) or links.access_key
        )
        try:
            self._audit.record(words.called(self.action, outcome, *self._parties, links, code))
        except AuditUnavailableError as error:
            log.error("an outcome is not recorded", call=self.id, aws_request_id=request_id, why=str(error))


class Recorder:
    """What a region's calls tell the chain. system: who acts where nobody asked."""

    def __init__(self, audit: Audit, region: str, system: Party) -> None:
        self._audit, self._region, self._system = audit, region, system
        self._observer = Party(id=opaque(region), type_uri="service/gurum/engine")

    async def begun(
        self, action: str, account: str, whose: Behalf | None, signature: Signature, params: Mapping[str, Any]
    ) -> Call:
        """Record that a call is about to be made, and return once that is on disk. action: `service:Action`.

        Raises AuditUnavailableError: then it must not be made.
        """
        if self._audit.trouble:  # it is tried again every second; until then nothing more need wait in memory
            raise AuditUnavailableError(self._audit.trouble)
        about = subject()
        made: tuple[Made, ...] = ()
        target = Party(id=opaque(account), type_uri="cloud/account")
        if about is not None:
            target = Party(id=opaque(about.id), type_uri=opaque(about.kind), project=opaque(about.project))
            made = (Made(kind=opaque(about.kind), id=opaque(about.id), generation=about.generation),)
        who = words.person(whose.user, whose.project) if whose is not None else self._system
        links = Links(
            request=opaque(whose.request) if whose is not None else "",
            decision=opaque(whose.decision) if whose is not None else "",
            region=opaque(self._region),
            objects=made,
            call=os.urandom(16).hex(),
            account=opaque(account),
            session=opaque(signature.session),
            access_key=opaque(signature.access_key),
            things=tuple(things(params)),
        )
        call = Call(self._audit, action, (who, target, self._observer), links)
        await call.certain()
        return call


def things(document: Any) -> Iterator[str]:
    """Yield the cloud's ids of things that are named in what is asked, or answered, each once."""
    seen: set[str] = set()
    queue = [document]
    while queue:
        one = queue.pop(0)
        if isinstance(one, str):
            if one not in seen and _THING.match(one):
                seen.add(one)
                yield one
        elif isinstance(one, Mapping):
            queue += one.values()
        elif isinstance(one, list | tuple):
            queue += one


_making: ContextVar[Call | None] = ContextVar("making", default=None)


@contextmanager
def making(call: Call | None) -> Iterator[None]:
    """Let this task make that one call."""
    token = _making.set(call)
    try:
        yield
    finally:
        _making.reset(token)


def made_now() -> Call | None:
    """Return the call that this task may make."""
    return _making.get()


def guard(client: Any, service: str, key: Callable[[], str], *, strict: bool) -> None:
    """Have a client sign only what is recorded, and name its record to AWS. strict: else what has none is signed, too.

    key: tells the id of the key that signs.
    """

    def known(operation: str) -> Call | None:
        call = made_now()
        ours = call is not None and (call.action, call.access_key) == (f"{service}:{operation}", key())
        return call if ours else None

    def signing(operation_name: str, **more: Any) -> None:
        if strict and not looks(operation_name) and known(operation_name) is None:
            raise UnrecordedError(f"{service}:{operation_name} is not in the audit chain")

    def sending(
        request: Any, event_name: str, **more: Any
    ) -> None:  # behind the signature, which leaves this header out
        call = known(event_name.rpartition(".")[2])
        if call is not None:
            agent = request.headers["User-Agent"]
            del request.headers["User-Agent"]
            request.headers["User-Agent"] = f"{agent.decode() if isinstance(agent, bytes) else agent} {MARK}{call.id}"

    client.meta.events.register(f"before-sign.{service}", signing)
    client.meta.events.register(f"before-send.{service}", sending)
