"""What of a request goes into the audit chain, and that it is there before the request changes anything.

No handler calls anything here. A handler writes by its context's store, and that is this module's: before the first
write of a request passes, "this person, by this decision, is about to" is on disk.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

import structlog

from gurum.audit import words
from gurum.audit.contract import Audit
from gurum.audit.errors import AuditUnavailableError
from gurum.audit.event import Links, Made, Party, Reason, opaque
from gurum.identity.tokens import Principal, RevocationEvent
from gurum.model.base import Cause, Resource
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.through import R, Through
from gurum.pia.kernel.wire import Request
from gurum.store.contract import Store, StoreError

log = structlog.get_logger("gurum.pia")

REMEMBERED = 20_000  # tokens that were told of already; beyond, all are told of once more
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\Z")
BOOKKEEPING = frozenset({"AddressClaim", "FloatingIPClaim", "KeyClaim", "QuotaUsage"})  # beside the object, not it


class Observed:
    """What a service of a region tells the chain. One a pipeline; `told` are the tokens that any of them told of."""

    def __init__(self, audit: Audit, service: str, region: str, told: set[tuple[str, ...]]) -> None:
        self.audit, self.service, self.region = audit, service, region
        self.party = Party(id=opaque(region), type_uri=f"service/{service}")
        self._seen = told
        self._refused, self._refused_at = 0, float("-inf")

    def token(self, principal: Principal) -> None:
        """Tell of a token, the first time. Raises AuditUnavailableError."""
        if principal.audit_ids in self._seen or not principal.audit_ids:
            return
        credential = principal.application_credential
        federation = principal.federation
        links = Links(
            sign_in=opaque(principal.audit_ids[-1]),
            token=opaque(principal.audit_ids[0]),
            methods=tuple(opaque(method) for method in principal.methods),
            roles=tuple(opaque(role) for role in principal.roles),
            identity_provider=opaque(federation.identity_provider) if federation is not None else "",
            credential=opaque(credential.id) if credential is not None else "",
        )
        self.audit.record(words.token_seen(words.person(principal.user_id, principal.project_id), self.party, links))
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen.add(principal.audit_ids)

    def refused(self) -> None:
        """Count a token that is none; one event a second tells of all. Raises AuditUnavailableError."""
        self._refused += 1
        now = time.monotonic()
        if now - self._refused_at < 1.0:
            return  # whoever sends a thousand must not be able to fill the disk
        self.audit.record(words.token_refused(self.party, Links(count=self._refused, region=self.region)))
        self._refused, self._refused_at = 0, now

    def deed(self, request: Request, principal: Principal) -> Deed:
        """Return the request as the chain will know it; its token is told of first. Raises AuditUnavailableError."""
        self.token(principal)
        return Deed(self, request, principal)


def revocations(audit: Audit) -> Callable[[RevocationEvent], None]:
    """Return what tells the chain of Keystone's revocations: people who may no longer do anything, above all."""
    party = Party(id="pia", type_uri="service/gurum")

    def told(event: RevocationEvent) -> None:
        links = Links(token=opaque(event.audit_id), sign_in=opaque(event.audit_chain_id))
        try:
            audit.record(words.revoked(party, opaque(event.user_id), opaque(event.project_id), links))
        except AuditUnavailableError as error:  # that it takes effect matters more than that it is told
            log.error("a revocation is not recorded", why=str(error))

    return told


class Deed:
    """One request on its way into the chain."""

    __slots__ = ("_observed", "_principal", "_request", "_ticket", "context", "made")

    def __init__(self, observed: Observed, request: Request, principal: Principal) -> None:
        self._observed, self._request, self._principal = observed, request, principal
        self._ticket = 0
        self.context: Context | None = None
        self.made: list[Made] = []

    @property
    def begun(self) -> bool:
        """Whether it may have changed anything."""
        return self._ticket > 0

    def begin(self) -> None:
        """Record that it is about to change something. Idempotent. Raises AuditUnavailableError."""
        if not self._ticket:
            observed = self._observed
            event = words.asked(
                self._action(), self._who(), self._target(), observed.party, self._links(), self._rule()
            )
            self._ticket = observed.audit.record(event, soon=True)

    async def certain(self) -> None:
        """Wait until that is on disk. Raises AuditUnavailableError."""
        self.begin()
        await self._observed.audit.durable(self._ticket)

    def end(self, status: int) -> None:
        """Record what became of it. Raises AuditUnavailableError; of what has begun, that is said in the log only."""
        told = words.answered(
            self._action(), self._who(), self._target(), self._observed.party, self._links(), self._rule(), status,
            self.made,
        )  # fmt: skip
        try:
            for event in told:
                self._observed.audit.record(event)
        except AuditUnavailableError as error:
            if not self.begun:
                raise
            log.error("an outcome is not recorded", request_id=self._request.request_id, why=str(error))

    def _action(self) -> str:
        return words.ACTIONS.get(self._request.method, "unknown")

    def _who(self) -> Party:
        return words.person(self._principal.user_id, self._principal.project_id)

    def _target(self) -> Party:
        observed, context = self._observed, self.context
        noun = observed.service
        named = ""
        if context is not None:
            subject = context.subject
            if context.route is not None and context.route.policy:
                noun = "/".join(context.route.policy.split(":")[:2])
            if subject is not None and subject.object is not None:
                named = subject.object.id
            else:  # of what a client calls an id, only what looks like one: anything may stand in a path
                named = next((value for value in context.params.values() if _UUID.match(value)), "")
        if not named and self.made:
            named = self.made[0].id
        return Party(id=opaque(named) or observed.party.id, type_uri=noun)

    def _links(self) -> Links:
        request, context, ids = self._request, self.context, self._principal.audit_ids
        return Links(
            token=opaque(ids[0]) if ids else "",
            request=opaque(request.request_id),
            global_request=opaque(request.global_request_id),
            decision=opaque(context.decision.decision_id) if context is not None else "",
            verb=context.route.policy if context is not None and context.route is not None else "",
            service=self._observed.service,
            region=self._observed.region,
        )

    def _rule(self) -> Reason:
        decision = self.context.decision if self.context is not None else None
        if decision is None or not decision.decision_id:
            return Reason()
        named = decision.denied[0] if decision.denied else decision.rule
        return Reason(policy_type=f"rego@{opaque(decision.revision)}", policy_id=opaque(named))


class Recorded(Through):
    """A request's store: the chain knows of the request before anything is written, and of what was written."""

    def __init__(self, store: Store, deed: Deed) -> None:
        super().__init__(store)
        self._deed = deed

    async def create(self, obj: R) -> R:
        """As the contract. Raises AuditUnavailableError."""
        await self._deed.certain()
        stored = await self._store.create(obj)
        self._wrote(stored)
        return stored

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """As the contract. Raises AuditUnavailableError."""
        await self._deed.certain()
        stored, refusal = await self._store.create_many(objs)
        for one in stored:
            self._wrote(one)
        return stored, refusal

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """As the contract. Raises AuditUnavailableError."""
        await self._deed.certain()
        stored = await self._store.update_spec(obj, cause=cause)
        self._wrote(stored)
        return stored

    async def update_status(self, obj: R) -> R:
        """As the contract. Raises AuditUnavailableError."""
        await self._deed.certain()
        return await self._store.update_status(obj)

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """As the contract. Raises AuditUnavailableError."""
        await self._deed.certain()
        left = await self._store.delete(kind, id, cause=cause, resource_version=resource_version)
        if kind.kind not in BOOKKEEPING:
            self._deed.made.append(Made(kind=kind.kind, id=opaque(id)))
        return left

    def _wrote(self, obj: Resource) -> None:
        if obj.kind not in BOOKKEEPING:
            self._deed.made.append(Made(kind=obj.kind, id=opaque(obj.id), generation=obj.metadata.generation))
