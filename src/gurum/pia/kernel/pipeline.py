"""The way of one request, the same for all: nothing a handler could forget is left to handlers.

The order is the real services' as far as it shows: size, version documents, token, rate, path, version, body, schema,
then the object and policy, then the handler.
"""

from __future__ import annotations

import asyncio
import copy
import traceback

import msgspec
import structlog

from gurum.audit.errors import AuditUnavailableError
from gurum.identity.tokens import IdentityUnavailable, Principal, TokenInvalid, access_allowed
from gurum.ops.config import RegionConfig
from gurum.pia.kernel import adopted
from gurum.pia.kernel.audited import Deed, Observed, Recorded
from gurum.pia.kernel.context import SAFE_METHODS, Context, Parts, UndecidedError, certain
from gurum.pia.kernel.errors import ApiError, conflict
from gurum.pia.kernel.microversion import MalformedVersionError, UnsupportedVersionError
from gurum.pia.kernel.route import Match, Route, Table
from gurum.pia.kernel.seams import Tokens
from gurum.pia.kernel.service import Service, unauthorized
from gurum.pia.kernel.wire import Query, Request, Response
from gurum.store.contract import OwnedError, UnavailableError

BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


class Outcome:
    """What happened, for the log line; filled in as the request goes."""

    __slots__ = ("action", "context", "deed", "response", "version")

    def __init__(self) -> None:
        self.deed: Deed | None = None
        self.response: Response | None = None
        self.context: Context | None = None
        self.version = ""
        self.action = ""


class Pipeline:
    """Serves one service of one region. Stateless between requests."""

    def __init__(self, service: Service, region: RegionConfig, parts: Parts, tokens: Tokens, identity_url: str) -> None:
        self.service, self.region, self.parts = service, region, parts
        self._tokens, self._identity_url = tokens, identity_url
        self._observed = (
            Observed(parts.audit, service.name, region.name, parts.told) if parts.audit is not None else None
        )
        self._table = Table(service.routes)
        self._log = structlog.get_logger("gurum.pia").bind(region=region.name, service=service.name)

    def acting(self, parts: Parts, tokens: Tokens) -> Pipeline:
        """Return the same pipeline over another store, for requests that do not come by HTTP; the table is shared."""
        other = copy.copy(self)
        other.parts, other._tokens = parts, tokens
        if parts.audit is None:
            other._observed = None
        return other

    async def serve(self, request: Request) -> Outcome:
        """Answer a request. Never raises: what nobody expected is the service's own 500, logged with its traceback."""
        outcome = Outcome()
        outcome.response = await self._answer(request, outcome)
        if outcome.deed is not None:
            try:
                outcome.deed.end(outcome.response.status)
            except AuditUnavailableError as error:
                outcome.response = self._unaudited(request, error)
        self.service.wire.stamp(request, outcome.response, outcome.version)
        return outcome

    async def _answer(self, request: Request, outcome: Outcome) -> Response:
        try:
            return await self._serve(request, outcome)
        except ApiError as error:
            return self.service.wire.error(request, error)
        except OwnedError as error:
            return self.service.wire.error(request, conflict(str(error)))
        except AuditUnavailableError as error:
            return self._unaudited(request, error)
        except (UnavailableError, IdentityUnavailable, UndecidedError) as error:
            self._log.warning("cannot answer now", request_id=request.request_id, reason=str(error))
            return self.service.wire.error(request, busy())
        except Exception:  # the boundary: a fault of ours must not become a broken connection
            self._log.error("unexpected", request_id=request.request_id, traceback=traceback.format_exc())
            return self.service.wire.error(request, unexpected(request))

    def _unaudited(self, request: Request, error: AuditUnavailableError) -> Response:
        self._log.warning("cannot be recorded", request_id=request.request_id, reason=str(error))
        return self.service.wire.error(request, unrecorded())

    async def _serve(self, request: Request, outcome: Outcome) -> Response:
        service = self.service
        if len(request.body) > self.parts.config.body_limit:
            return service.wire.too_large(request)
        document = service.wire.documents(request)
        if document is not None:
            return document
        principal = await self._principal(request)
        if principal is None:
            if self._observed is not None:
                self._observed.refused()
            return unauthorized(self._identity_url)
        if self._observed is not None:
            outcome.deed = self._observed.deed(request, principal)
        if self.parts.limiter is not None:
            self.parts.limiter.admit(principal)
        begun = self.parts.board.expect()
        if begun is not None:
            await asyncio.sleep(0)  # the question is on its way while we work
        segments = service.wire.segments(request)
        match = self._table.match(request.method, segments) if segments is not None else None
        if match is None or not match.routes:
            return service.wire.unrouted(request, match.methods if match else frozenset())
        version = self._negotiate(request, outcome)
        if request.project and request.project != principal.project_id:
            raise ApiError(
                400,
                f"Malformed request URL: URL's project_id '{request.project}' doesn't match Context's project_id "
                f"'{principal.project_id}'",
            )
        route = self._route(request, match, version)
        try:
            query = Query(request.query_string)
        except (UnicodeDecodeError, ValueError):
            raise ApiError(400, "Query string is not UTF-8 encoded") from None
        deed = outcome.deed
        context = outcome.context = Context(
            parts=self.parts
            if deed is None
            else msgspec.structs.replace(self.parts, store=Recorded(self.parts.store, deed)),
            service=service,
            region=self.region,
            request=request,
            principal=principal,
            query=query,
            version=version,
            params=match.params,
        )
        if deed is not None:
            deed.context = context
        if request.method in BODY_METHODS:
            context.body = service.wire.body(request)
        if route is None:
            route = self._action(request, match, context.body, version)
        context.route = route
        outcome.action = route.policy or f"{route.method} {route.path}"
        self._validate(context, route)
        if begun is not None and request.method in SAFE_METHODS:
            return await self._read(context, route, begun, deed)
        if route.reads:
            await self.parts.board.fresh(*route.reads, begun=begun)
        return await self._handle(context, route, deed)

    async def _read(self, context: Context, route: Route, begun: float, deed: Deed | None) -> Response:
        """Answer from what is known while the store is asked whether that is all; if it was not, answer again."""
        board = self.parts.board
        before = board.state(*route.reads)
        early: Response | Exception
        try:
            early = await self._handle(context, route, deed)
        except Exception as error:  # believed only if nothing was missing
            early = error
        await board.fresh(*route.reads, begun=begun)
        if board.state(*route.reads) != before:
            return await self._handle(context, route, deed)
        if isinstance(early, Exception):
            raise early
        return early

    async def _handle(self, context: Context, route: Route, deed: Deed | None) -> Response:
        asked = context.body  # as it came: looking for its object, a service may turn it into values of its own
        await self._authorize(context, route)
        adopted.check(context, route, asked)
        if deed is not None and context.request.method not in SAFE_METHODS:
            deed.begin()  # it gets to disk while the handler looks whether it can be done at all
        return await route.handler(context)

    async def _principal(self, request: Request) -> Principal | None:
        token = request.headers.get("x-auth-token", "")
        if not token:
            return None
        try:
            principal = await self._tokens.validate(token)
        except TokenInvalid:
            return None
        return principal if access_allowed(principal, self.service.name, request.method, request.path) else None

    def _negotiate(self, request: Request, outcome: Outcome) -> int:
        rules = self.service.microversions
        if rules is None:
            return 0
        try:
            version = rules.negotiate(request.headers)
        except MalformedVersionError as error:
            raise ApiError(
                400, f"API Version String {error} is of invalid format. Must be of format MajorNum.MinorNum."
            ) from None
        except UnsupportedVersionError as error:
            outcome.version = str(error)
            raise ApiError(
                406,
                f"Version {error} is not supported by the API. "
                f"Minimum is {rules.major}.{rules.lowest} and maximum is {rules.major}.{rules.highest}.",
            ) from None
        outcome.version = f"{rules.major}.{version}"
        return version

    def _route(self, request: Request, match: Match, version: int) -> Route | None:
        """Return the row for a version; None where the body's key decides. Raises the service's refusal."""
        if match.routes[0].action:
            return None
        for route in match.routes:
            if route.since <= version <= route.until:
                return route
        raise self.service.wire.unversioned(request)

    def _action(self, request: Request, match: Match, body: object, version: int) -> Route:
        if not isinstance(body, dict) or len(body) != 1:
            raise self.service.wire.no_action(request, None)
        action = next(iter(body))
        rows = [route for route in match.routes if route.action == action]
        if not rows:
            raise self.service.wire.no_action(request, action)
        for route in rows:
            if route.since <= version <= route.until:
                return route
        raise self.service.wire.unversioned(request)

    def _validate(self, context: Context, route: Route) -> None:
        schema = route.query.at(context.version) if route.query else None
        fault = schema.query_fault(context.query.lists) if schema else None
        if fault is None:
            schema = route.body.at(context.version) if route.body else None
            if schema and context.request.lenient:
                schema.prune(context.body)
            fault = schema.body_fault(context.body) if schema else None
        if fault is not None:
            raise ApiError(400, fault)

    async def _authorize(self, context: Context, route: Route) -> None:
        if route.find:
            context.subject = route.find(context)
        if not route.policy:
            return
        subject = context.subject
        question = context.question(route.policy, subject.target if subject else context.own())
        decision = context.decision = await self.parts.policy.ask(question)
        certain(decision)  # what could not be decided must not read as "not found": clients would forget the object
        if decision.allow:
            return
        if subject is not None and subject.missing is not None and not decision.visible:
            raise subject.missing
        raise self.service.wire.denied(context.request, decision)


def busy() -> ApiError:
    """Return the refusal while store, Keystone or policy cannot answer: nothing was written, trying again is right."""
    return ApiError(
        503, "The service is currently unable to handle the request. Try again.", headers=[("Retry-After", "1")]
    )


def unrecorded() -> ApiError:
    """Return the refusal while the audit chain takes nothing: whatever cannot be recorded is not done."""
    text = "This request cannot be recorded in the audit chain now, so it was not carried out. Try again later."
    return ApiError(503, text, headers=[("Retry-After", "10")])


def unexpected(request: Request) -> ApiError:
    """Return the 500 of a fault of ours: it names the request and nothing else."""
    return ApiError(
        500, f"Unexpected API Error. Please contact the administrator with request id {request.request_id}."
    )
