"""Everything a handler may know about its request, and the ways it may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gurum.audit.contract import Audit
from gurum.identity.tokens import Principal
from gurum.model.base import Cause, Resource, read_only
from gurum.ops.clock import Clock
from gurum.ops.config import PiaConfig, RegionConfig
from gurum.pia.kernel.adopted import refusal
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.kernel.rate import Limiter
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.seams import Claims
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Query, Request
from gurum.policy.model import Decision, DecisionPoint, PolicyInput, Target
from gurum.policy.model import Principal as Asker
from gurum.policy.model import Request as Asked
from gurum.store.contract import ConflictError, Journal, NotFoundError, Store, UnavailableError

R = TypeVar("R", bound=Resource)
SAFE_METHODS = frozenset({"GET", "HEAD"})  # their handlers may run twice: what they make is made once


class UndecidedError(Exception):
    """Policy could not be asked: the request is neither allowed nor refused, and may be tried again."""


def certain(decision: Decision) -> Decision:
    """Return the decision if it is one. Raises UndecidedError."""
    if decision.error:
        raise UndecidedError(decision.reason)
    return decision


UNDECIDED = Decision(allow=False, visible=False, reason="nothing was asked", decision_id="", revision="")


class Parts(msgspec.Struct, kw_only=True):
    """What a process gives its handlers: the same for every request."""

    store: Store
    journal: Journal
    board: Board
    claims: Claims
    policy: DecisionPoint
    clock: Clock
    config: PiaConfig
    limiter: Limiter | None = None
    audit: Audit | None = None  # None: nothing is recorded
    told: set[tuple[str, ...]] = msgspec.field(default_factory=set)  # tokens the chain was told of


class Context(msgspec.Struct, kw_only=True):
    """One request, as far as it has come.

    version: the minor microversion (0 in a service without). params: the path's named segments. body: decoded and
    valid against the route's schema. subject: what `find` returned. decision: what policy said of the route's action.
    """

    parts: Parts
    service: Service
    region: RegionConfig
    request: Request
    principal: Principal
    query: Query
    version: int = 0
    route: Route | None = None
    params: dict[str, str] = msgspec.field(default_factory=dict)
    body: Any = None
    subject: Subject | None = None
    decision: Decision = UNDECIDED

    @property
    def project(self) -> str:
        """The caller's project id."""
        return self.principal.project_id or ""

    @property
    def root(self) -> str:
        """The service's public URL, without a version: what links begin with."""
        return self.request.root

    @property
    def cause(self) -> Cause:
        """Who and what this request's writes are put down to."""
        return Cause(
            user_id=self.principal.user_id, request_id=self.request.request_id, decision_id=self.decision.decision_id
        )

    def found(self, kind: type[R]) -> R:
        """Return the object the request is about. It belongs to the cache: read it, never change it."""
        if self.subject is None or not isinstance(self.subject.object, kind):
            raise TypeError(f"this route finds no {kind.__name__}")
        return self.subject.object

    def mirror(self, kind: type[R]) -> Mirror[R]:
        """Return the mirror of a kind."""
        return self.parts.board.of(kind)

    async def fresh(self, *kinds: type[Resource]) -> None:
        """Bring kinds up to everything acknowledged before this call: for what the route's `reads` do not name."""
        await self.parts.board.fresh(*kinds)

    def own(self, *attributes: str) -> Target:
        """Return what policy is asked about where there is no object yet: it will belong to the caller."""
        return Target(
            project_id=self.principal.project_id, user_id=self.principal.user_id, attributes=tuple(attributes)
        )

    def question(self, action: str, target: Target) -> PolicyInput:
        """Return what policy is asked, of the caller."""
        principal = self.principal
        return PolicyInput(
            action=action,
            principal=Asker(
                roles=principal.roles,
                user_id=principal.user_id,
                project_id=principal.project_id,
                domain_id=principal.domain_id,
                system_scope="all" if principal.system else None,
            ),
            target=target,
            region=self.region.name,
            request=Asked(id=self.request.request_id),
        )

    def decide(self, action: str, target: Target) -> Decision:
        """Ask policy, where nothing can be awaited. The kernel asks for the route's action; more is rarely needed.

        Raises UndecidedError when there is no decision.
        """
        return certain(self.parts.policy.decide(self.question(action, target)))

    async def ask(self, action: str, target: Target) -> Decision:
        """As `decide`, and other requests go on meanwhile."""
        return certain(await self.parts.policy.ask(self.question(action, target)))

    async def revealed(self, action: str, target: Target) -> frozenset[str]:
        """Ask which fields of an answer the caller may see beyond the ordinary.

        Raises UndecidedError of a read. Of what has been done already the answer must not fail: it then shows none.
        """
        decision = await self.parts.policy.ask(self.question(action, target))
        if self.request.method in SAFE_METHODS:
            certain(decision)
        return frozenset(decision.reveals)

    def require(self, action: str, target: Target) -> None:
        """Raise the service's refusal unless policy allows one more thing, where nothing can be awaited."""
        self._insist(self.decide(action, target))

    async def demand(self, action: str, target: Target) -> None:
        """As `require`, and other requests go on meanwhile."""
        self._insist(await self.ask(action, target))

    def _insist(self, decision: Decision) -> None:
        if not decision.allow:
            raise self.service.wire.denied(self.request, decision)

    async def change(self, kind: type[R], id: str, mutate: Callable[[R], None], missing: ApiError | None = None) -> R:
        """Change an object's spec by compare-and-swap and return it as stored.

        `mutate` gets a fresh copy at every attempt; it must check again what it depends on and may raise ApiError.
        Raises `missing` (or the subject's) when the object is gone, 503 after config.pia.write_retries conflicts.
        """
        for _ in range(self.parts.config.write_retries):
            try:
                obj = await self.parts.store.get(kind, id)
                if read_only(obj):  # adopted between the look at it and this write, or reached by another way
                    raise refusal(obj)
                mutate(obj)
                return await self.parts.store.update_spec(obj, cause=self.cause)
            except ConflictError:
                continue
            except NotFoundError:
                raise (
                    missing or (self.subject and self.subject.missing) or ApiError(404, f"{kind.kind} {id} not found.")
                ) from None
        raise UnavailableError(f"{kind.kind} {id} changed at every one of {self.parts.config.write_retries} attempts")
