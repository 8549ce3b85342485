"""A provider's endpoints, and the one way in which its refusals are said."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import MultiMapping

from gurum.identity.issuer.keys import ALGORITHM
from gurum.identity.provider import pages
from gurum.identity.provider.authorize import Authorize
from gurum.identity.provider.devices import Devices
from gurum.identity.provider.grants import Grants
from gurum.identity.provider.service import SCOPES, Provider, Refused, one
from gurum.identity.provider.tokens import ACCESS, IDENTITY

BODY = 16_384  # bytes: the longest form is a login
DISCOVERY, KEYS = "/.well-known/openid-configuration", "/jwks"
AGE = 60  # seconds that keys may be kept on the way: far less than they are published ahead of their use


class Endpoints:
    """What is neither a login nor a grant: documents, and questions about tokens."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def discovery(self, _: web.Request) -> web.Response:
        """Say what there is (OpenID Connect Discovery; RFC 8414)."""
        issuer = self._provider.config.issuer
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}{KEYS}",
            "introspection_endpoint": f"{issuer}/introspect",
            "device_authorization_endpoint": f"{issuer}/device_authorization",
            "end_session_endpoint": f"{issuer}/end_session",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(Grants(self._provider).table),
            "subject_types_supported": ["public"],
            "scopes_supported": list(SCOPES),
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_supported": ["sub", "iss", "preferred_username", "name", "email", "groups", "project"],
            "request_uri_parameter_supported": False,
        }
        return web.json_response(document, headers={"Cache-Control": f"public, max-age={AGE}"})

    async def keys(self, _: web.Request) -> web.Response:
        """Give the public keys whose signatures are to be believed, now or soon."""
        document = {"keys": [each.public() for each in self._provider.ring.published()]}
        return web.json_response(document, headers={"Cache-Control": f"public, max-age={AGE}"})

    async def userinfo(self, request: web.Request) -> web.Response:
        """Say whose access token it is."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = self._provider.mint.read(token, ACCESS) if scheme.lower() == "bearer" else None
        if claims is None:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"', "Cache-Control": "no-store"}
            return web.json_response({"error": "invalid_token"}, status=401, headers=headers)
        told = ("sub", "preferred_username", "name", "email", "groups", "project")
        found = {name: claims[name] for name in told if name in claims}
        return web.json_response(found, headers={"Cache-Control": "no-store"})

    async def introspect(self, request: web.Request) -> web.Response:
        """Say whether an access token is good now, whose person may still log in (RFC 7662). Raises Refused."""
        form: MultiMapping[str] = await request.post()  # type: ignore[assignment]  # files are refused by `one`
        client = self._provider.client(form, request.headers.get("Authorization", ""), request.remote or "")
        if not client.introspects:
            raise Refused("unauthorized_client", status=403)
        claims = self._provider.mint.read(one(form, "token"), ACCESS)
        if claims is not None and not self._there(claims):
            claims = None
        body: dict[str, Any] = {"active": False} if claims is None else {**claims, "active": True}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    def _there(self, claims: dict[str, Any]) -> bool:
        subject = str(claims["sub"])
        return subject.startswith("client-") or self._provider.people.since(subject, float(claims["iat"]))

    async def end_session(self, request: web.Request) -> web.Response:
        """End the session of an ID token, and lead back only to where the client registered."""
        form: MultiMapping[str] = await request.post() if request.method == "POST" else request.query  # type: ignore[assignment]  # files are refused by `one`
        title = self._provider.config.title
        try:
            hint, back, state = (one(form, name) for name in ("id_token_hint", "post_logout_redirect_uri", "state"))
        except Refused as refused:
            return pages.response(pages.said(title, refused.why), status=400)
        claims = self._provider.mint.read(hint, IDENTITY, expired=True) if hint else None
        if claims is None:
            return pages.response(pages.said(title, "It is not known whose session is to end."), status=400)
        self._provider.end(str(claims["sid"]))
        client = self._provider.clients.get(str(claims["aud"]))
        if back and client and back in client.logout_uris:
            query = f"{'&' if '?' in back else '?'}{urlencode({'state': state})}" if state else ""
            return web.Response(status=303, headers={"Location": back + query, "Cache-Control": "no-store"})
        return pages.response(pages.said(title, "You are logged out."))


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.response()


def application(provider: Provider) -> web.Application:
    """Return the server of one provider."""
    endpoints, authorize = Endpoints(provider), Authorize(provider)
    devices, grants = Devices(provider), Grants(provider)
    made = web.Application(client_max_size=BODY, middlewares=[_refusals])
    made.add_routes(
        [
            web.get(DISCOVERY, endpoints.discovery),
            web.get(KEYS, endpoints.keys),
            web.get("/authorize", authorize.begin),
            web.post("/authorize", authorize.begin),
            web.post("/login", authorize.login),
            web.post("/token", grants.token),
            web.post("/device_authorization", devices.begin),
            web.get("/device", devices.page),
            web.post("/device", devices.answer),
            web.get("/userinfo", endpoints.userinfo),
            web.post("/userinfo", endpoints.userinfo),
            web.post("/introspect", endpoints.introspect),
            web.get("/end_session", endpoints.end_session),
            web.post("/end_session", endpoints.end_session),
        ]
    )
    return made
