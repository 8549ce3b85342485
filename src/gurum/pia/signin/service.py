"""The exchange: who may have a token for the cluster, and what is made ready there for them.

Default deny: the token must be one of a project, and the person's whole authority in it. Whatever was given for less
(an application credential with access rules, a trust, an OAuth grant) would become more by an exchange, because the API
server knows of no such limits.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from gurum.identity.issuer import IssuerError
from gurum.identity.issuer.people import PeopleIssuer, SpentError
from gurum.identity.tokens import Principal
from gurum.ops.clock import Clock
from gurum.ops.secrets import SecretError
from gurum.ops.sign_in import SignInConfig
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Response, json
from gurum.pia.signin.wire import SignInWire
from gurum.store.kubernetes.kinds import namespace_of

PREFIX, NAME = "/cluster", "cluster"
REMEMBERED = 60.0  # seconds for which a project's namespace counts as made ready
_ROLE = re.compile(r"[A-Za-z0-9_.@+ -]{1,128}\Z")  # of a group's name: no colon, or one could be told as another

# Why a token is not exchanged: what it is, and the sentence. In this order; the first that holds is told.
REFUSED: tuple[tuple[Callable[[Principal], bool], str], ...] = (
    (lambda who: who.system, "A token of the system is not exchanged: it must be one of a project."),
    (lambda who: who.domain_id is not None, "A token of a domain is not exchanged: it must be one of a project."),
    (lambda who: not who.project_id, "An unscoped token is not exchanged: it must be one of a project."),
    (lambda who: who.trust is not None,
     "A token of a trust is not exchanged: it stands for a part of what its trustor may do."),
    (lambda who: who.oauth_consumer_id is not None or who.oauth_access_token_id is not None,
     "A token of an OAuth grant is not exchanged: it stands for a part of what its user may do."),
    (lambda who: who.application_credential is not None and who.application_credential.access_rules is not None,
     "A token of an application credential with access rules is not exchanged: the cluster does not know the rules."),
    (lambda who: namespace_of(who.project_id or "") != f"project-{who.project_id}",
     "The project's id can be no namespace's name."),
)  # fmt: skip


def refusal(principal: Principal) -> str:
    """Return why this person's token is not exchanged; empty if it is."""
    return next((sentence for holds, sentence in REFUSED if holds(principal)), "")


class Exchange:
    """`prepare` makes a project's namespace ready; it is asked at most each REMEMBERED seconds a project."""

    def __init__(
        self, config: SignInConfig, issuer: PeopleIssuer, prepare: Callable[[str], Awaitable[None]], clock: Clock
    ) -> None:
        self._config, self._issuer, self._prepare, self._clock = config, issuer, prepare, clock
        self._ready: dict[str, float] = {}
        self._log = structlog.get_logger("gurum.pia.signin")

    def service(self) -> Service:
        """Return it as a service of a region."""
        routes = (
            Route(method="POST", path="/tokens", handler=self.exchange, status=201, shape="write",
                  summary="Exchange a project's token for one of the cluster"),
            Route(method="GET", path="/cluster", handler=self.cluster, summary="Show how the cluster is reached"),
        )  # fmt: skip
        return Service(name=NAME, prefix=PREFIX, wire=SignInWire(), routes=routes)

    async def exchange(self, ctx: Context) -> Response:
        """Give a token of the cluster. Raises ApiError, UnavailableError."""
        person = self._person(ctx)
        await self._made_ready(str(person.project_id))
        try:
            signed = self._issuer.token(person)
        except SpentError:
            raise ApiError(401, "The request you have made requires authentication.") from None
        except (IssuerError, SecretError) as error:
            self._log.error("no token can be signed", why=str(error), request_id=ctx.request.request_id)
            raise ApiError(
                503, "No token can be signed now. Try again later.", headers=[("Retry-After", "10")]
            ) from None
        self._log.info(
            "signed in",
            user_id=person.user_id,
            project_id=person.project_id,
            token=signed.id,
            keystone_audit_id=person.audit_ids[0] if person.audit_ids else None,
            expires_at=signed.expires_at.isoformat(),
            request_id=ctx.request.request_id,
        )
        document = {
            "token": {
                "value": signed.text,
                "expires_at": signed.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "audience": self._config.audience,
                "user_id": person.user_id,
                "project_id": person.project_id,
                "roles": person.roles,
            }
        }
        response = json(document, 201)
        response.headers.append(("Cache-Control", "no-store"))
        return response

    async def cluster(self, ctx: Context) -> Response:
        """Tell what a kubeconfig says: nothing in it is secret. Raises ApiError."""
        person = self._person(ctx)
        try:
            authority = await asyncio.to_thread(_text, self._config.server_ca_file)
        except (OSError, UnicodeDecodeError) as error:
            self._log.error("the API server's authority cannot be read", why=str(error))
            raise ApiError(503, "The cluster's certificate cannot be told now. Try again later.") from None
        if not self._config.server:
            raise ApiError(404, "Where the cluster is reached is not configured (pia.sign_in.server).")
        document = {
            "server": self._config.server,
            "certificate_authority": authority,
            "issuer": self._config.url,
            "audience": self._config.audience,
            "project_id": person.project_id,
            "namespace": namespace_of(str(person.project_id)),
        }
        return json({"cluster": document})

    def _person(self, ctx: Context) -> Principal:
        why = refusal(ctx.principal)
        if why:
            self._log.info("not signed in", why=why, user_id=ctx.principal.user_id, request_id=ctx.request.request_id)
            raise ApiError(403, why)
        told = tuple(role for role in ctx.principal.roles if _ROLE.match(role))
        return msgspec.structs.replace(ctx.principal, roles=told)

    async def _made_ready(self, project: str) -> None:
        now = self._clock.time()
        if self._ready.get(project, float("-inf")) + REMEMBERED > now:
            return
        await self._prepare(project)
        self._ready = {one: at for one, at in self._ready.items() if at + REMEMBERED > now}
        self._ready[project] = now


def _text(file: str) -> str:
    return Path(file).read_text("ascii") if file else ""
