"""The front as a WSGI application around Keystone's: which path is protected how, in one table made at start."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from gurum.identity.front import environ as environment
from gurum.identity.front.config import FrontConfig, Trusted
from gurum.identity.front.fetch import Fetch, fetch
from gurum.identity.front.introspect import still_good
from gurum.identity.front.keys import Keys
from gurum.identity.front.refused import Answer, Refused, WsgiApplication, answer
from gurum.identity.front.verify import Verifier
from gurum.identity.front.websso import WebSso
from gurum.ops.clock import Clock

# Keystone's own log is where an operator looks for a login that fails; this goes into it.
log = logging.getLogger("keystone.gurum.front")

Environ = dict[str, Any]
Start = Callable[..., Any]
Way = Callable[[Environ, Start], Iterable[bytes]]


class Front:
    """The application. `app` gets every request, stripped; who logged in is said only on protected paths."""

    def __init__(
        self, app: WsgiApplication, config: FrontConfig, *, root: str, clock: Clock, ask: Fetch = fetch
    ) -> None:
        self._app = app
        self.keys: dict[str, Keys] = {}
        self._ways: dict[str, tuple[str, Way]] = {}
        for trusted in config.trusted:
            keys = self.keys[trusted.name] = Keys(trusted, clock, ask)
            verifier = Verifier(trusted, keys, clock)
            base = f"/v3/OS-FEDERATION/identity_providers/{trusted.name}/protocols/{trusted.protocol}/auth"
            self._ways[base] = (trusted.name, self._bearer(trusted, verifier, keys, ask))
            if trusted.client_id:
                websso = WebSso(config, trusted, root, keys, verifier, clock, ask)
                self._ways[websso.start_path] = (trusted.name, self._start(websso))
                self._ways[websso.return_path] = (trusted.name, self._return(trusted, websso))

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer a request."""
        clean = environment.stripped(environ)
        found = self._ways.get(clean.get("PATH_INFO", ""))
        if found is None:
            return self._app(clean, start_response)
        name, way = found
        try:
            return way(clean, start_response)
        except Refused as refused:
            log.warning("Federated login refused: provider %s: %s", name, refused.why)
            return _send(answer(refused.status), start_response)

    def _bearer(self, trusted: Trusted, verifier: Verifier, keys: Keys, ask: Fetch) -> Way:
        def way(environ: Environ, start_response: Start) -> Iterable[bytes]:
            scheme, _, token = environ.pop("HTTP_AUTHORIZATION", "").partition(" ")
            if scheme.lower() != "bearer":
                raise Refused("no bearer token")
            claims = verifier.access(token.strip())
            if trusted.introspects:
                still_good(trusted, keys, ask, token.strip())
            return self._app(environ | environment.said(claims, trusted.claims), start_response)

        return way

    def _start(self, websso: WebSso) -> Way:
        def way(environ: Environ, start_response: Start) -> Iterable[bytes]:
            _only_get(environ)
            return _send(websso.begin(environ.get("QUERY_STRING", "")), start_response)

        return way

    def _return(self, trusted: Trusted, websso: WebSso) -> Way:
        def way(environ: Environ, start_response: Start) -> Iterable[bytes]:
            _only_get(environ)
            query, cookies = environ.get("QUERY_STRING", ""), environ.pop("HTTP_COOKIE", "")
            claims, dashboard, forget = websso.end(query, cookies)
            environ.pop("HTTP_AUTHORIZATION", None)
            asked = {"PATH_INFO": websso.start_path, "QUERY_STRING": urlencode({"origin": dashboard})}
            said = environment.said(claims, trusted.claims)

            def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                private = [forget, ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
                return start_response(status, [*headers, *private], *rest)

            return self._app(environ | asked | said, started)

        return way


def _only_get(environ: Mapping[str, Any]) -> None:
    if environ["REQUEST_METHOD"] != "GET":
        raise Refused("a browser's login is a GET", 400)


def _send(what: Answer, start_response: Start) -> Iterable[bytes]:
    status, headers, body = what
    start_response(status, headers)
    return body
