"""Requests without HTTP: the API's own way of one, for a person whom the API server knows.

Who signed in with a token of Keystone's comes with the project and the roles of that token. Of anybody else the API
server knows a name only: the project is the namespace's, and that they may write there at all was RBAC's to say, so
they come with the role of a member. Policy is asked as for any other request.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gurum.identity.tokens import Principal
from gurum.model.conditions import Reason
from gurum.ops.config import RegionConfig
from gurum.pia.faces.stores import Trying
from gurum.pia.kernel.claims import QuotaClaims
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.pipeline import Pipeline
from gurum.pia.kernel.seams import Claims
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Request, encode
from gurum.store.contract import Store
from gurum.store.kubernetes.people import Asker
from gurum.store.kubernetes.wishes import project_of
from gurum.store.quotas import Quotas

ROLES = ("member", "reader")
NOBODY = "https://faces.invalid"  # the root of links in answers that nobody reads


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request: `prefix` is the service's; `path` is below it, version included."""

    prefix: str
    method: str
    path: str
    body: Any = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: the status, the API's sentence if it is a refusal, and whose request it was."""

    status: int
    message: str
    type: str
    request_id: str
    decision_id: str
    action: str

    @property
    def refused(self) -> bool:
        """Whether it is a refusal."""
        return self.status >= 400

    @property
    def reason(self) -> Reason:
        """Return the class of what to do about a refusal."""
        if self.status >= 500 or self.status == 429:
            return Reason.TRANSIENT_ERROR
        if self.type == "OverQuota" or self.message.startswith("Quota exceeded"):
            return Reason.QUOTA_EXCEEDED
        return Reason.POLICY_DENIED if self.status == 403 else Reason.INVALID_CONFIGURATION


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a request is played."""

    project: str
    user: str
    roles: tuple[str, ...] = ROLES

    @classmethod
    def of(cls, asker: Asker, namespace: str) -> Person:
        """Return who asks in a namespace."""
        if asker.signed_in is None:
            return cls(project=project_of(namespace), user=asker.user_id)
        return cls(project=asker.signed_in.project_id, user=asker.user_id, roles=asker.signed_in.roles)


class _Signed:
    """Whoever asks is this one."""

    def __init__(self, person: Person) -> None:
        now = datetime.now(UTC)
        self._principal = Principal(
            user_id=person.user,
            user_name=person.user,
            user_domain_id=None,
            project_id=person.project,
            roles=person.roles,
            issued_at=now,
            expires_at=now + timedelta(hours=1),
            audit_ids=(),
            methods=("kubernetes",),
        )

    async def validate(self, token: str) -> Principal:
        """See `gurum.pia.kernel.seams.Tokens`."""
        return self._principal


class Actor:
    """Plays requests, of every region of the configuration: any process may be the one that is asked."""

    def __init__(self, services: Sequence[Service], regions: Iterable[RegionConfig], parts: Parts) -> None:
        self.parts = parts
        nobody = _Signed(Person(project="", user=""))
        self._pipelines = {
            (region.name, service.prefix): Pipeline(service, region, parts, nobody, NOBODY)
            for region in regions
            for service in services
        }
        self.regions = tuple(dict.fromkeys(name for name, _ in self._pipelines))

    async def play(
        self, region: str, person: Person, ask: Ask, *, store: Store, claims: Claims | None = None, request_id: str = ""
    ) -> Answer:
        """Play a request over a store. Never raises for what a client could be told. Raises KeyError for the region.

        Without `claims`, reservations are in that store too.
        """
        parts = msgspec.structs.replace(
            self.parts,
            store=store,
            claims=claims or QuotaClaims(Quotas(store), self.parts.clock),
            limiter=None,
            audit=None if type(store) is Trying else self.parts.audit,  # a rehearsal is nobody's deed
        )
        pipeline = self._pipelines[region, ask.prefix].acting(parts, _Signed(person))
        headers = {"x-auth-token": "kubernetes", "accept": "application/json", "content-type": "application/json"}
        request = Request(
            method=ask.method,
            path=ask.path,
            headers={**headers, "openstack-api-version": "compute latest"},
            root=NOBODY + ask.prefix,
            request_id=request_id or new_request_id(),
            body=b"" if ask.body is None else encode(ask.body),
        )
        outcome = await pipeline.serve(request)
        response, context = outcome.response, outcome.context
        status = response.status if response is not None else 500
        type_, message = _told(response.body) if response is not None and status >= 400 else ("", "")
        return Answer(
            status=status,
            message=message,
            type=type_,
            request_id=request.request_id,
            decision_id=context.decision.decision_id if context is not None else "",
            action=outcome.action,
        )


def new_request_id() -> str:
    """Return a fresh id of a request, in OpenStack's form."""
    return f"req-{uuid.uuid4()}"


def _told(body: bytes) -> tuple[str, str]:
    """Return (type, sentence) of a refusal in whichever envelope its service has."""
    try:
        document = json.loads(body)
    except ValueError:
        return "", body.decode("utf-8", "replace")[:1000]
    for name, inner in document.items() if isinstance(document, Mapping) else ():
        if isinstance(inner, Mapping) and "message" in inner:
            return str(inner.get("type", name)), str(inner["message"])
    return "", str(document)[:1000]
