"""The authorization endpoint: a request becomes a page, a right password becomes a code.

There is no session between two logins, hence none to fix, to steal or to forget: every authorization asks for the
password. What leads back is compared to the letter with what the client registered, before anything else is looked at.
"""

from __future__ import annotations

import hmac
import secrets as random
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from gurum.identity.provider import pages
from gurum.identity.provider.config import Client
from gurum.identity.provider.passwords import Locked
from gurum.identity.provider.service import Code, Login, Provider, Refused, challenge_of, key, one, scope_of
from gurum.ops.bounded import Full

ATTEMPTS = 10  # wrong passwords on one page


class Authorize:
    """The endpoint of one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def begin(self, request: web.Request) -> web.Response:
        """Show the page, or send the browser back with what is wrong with the request."""
        form: MultiMapping[str] = await request.post() if request.method == "POST" else request.query  # type: ignore[assignment]  # files are refused by `one`
        try:
            client, redirect_uri = self._whom(form)
        except Refused as refused:  # nobody was shown to be at the address: it is not followed
            return pages.response(pages.said(self._title, refused.why), status=400)
        try:
            login = self._login(form, client, redirect_uri)
            number = random.token_urlsafe(24)
            self._provider.logins.put(number, login)
        except Full:
            return self._back(redirect_uri, form, error="temporarily_unavailable")
        except Refused as refused:
            return self._back(redirect_uri, form, error=refused.error, error_description=refused.why)
        answer = self._page(login, number)
        answer.set_cookie(
            self._cookie(number),
            login.browser,
            max_age=self._provider.config.login_seconds,
            path="/login",
            httponly=True,
            samesite="Strict",
            secure=self._provider.config.issuer.startswith("https:"),
        )
        return answer

    async def login(self, request: web.Request) -> web.Response:
        """Take the page's answer: a code, or the page again."""
        form: MultiMapping[str] = await request.post()  # type: ignore[assignment]  # files are refused by `one`
        try:
            number, username = one(form, "login"), one(form, "username")
            password = one(form, "password")
        except Refused as refused:
            return pages.response(pages.said(self._title, refused.why), status=400)
        login = self._provider.logins.get(number)
        browser = request.cookies.get(self._cookie(number), "")
        if login is None or not hmac.compare_digest(browser.encode(), login.browser.encode()):
            return pages.response(pages.said(self._title, "This login is over. Begin again."), status=400)
        try:
            person = await self._provider.passwords.check(username, password, request.remote or "")
        except Locked as locked:
            text = f"Too many attempts. Try again in {locked.seconds} seconds."
            answer = self._page(login, number, text, status=429)
            answer.headers["Retry-After"] = str(locked.seconds)
            return answer
        if person is None:
            login.attempts += 1
            if login.attempts >= ATTEMPTS:
                self._provider.logins.take(number)
            return self._page(login, number, "User name or password is wrong.", status=401)
        if self._provider.logins.take(number) is None:  # answered twice at once: one of them counts
            return pages.response(pages.said(self._title, "This login is over. Begin again."), status=400)
        code = random.token_urlsafe(32)
        whose = self._provider.subject(person, login.client, login.scope)
        stands_for = Code(whose=whose, redirect_uri=login.redirect_uri, nonce=login.nonce, challenge=login.challenge)
        try:
            self._provider.codes.put(key(code), stands_for)
        except Full:
            return self._to(login.redirect_uri, login.state, error="temporarily_unavailable")
        answer = self._to(login.redirect_uri, login.state, code=code)
        answer.del_cookie(self._cookie(number), path="/login")
        return answer

    @property
    def _title(self) -> str:
        return self._provider.config.title

    def _whom(self, form: MultiMapping[str]) -> tuple[Client, str]:
        client = self._provider.clients.get(one(form, "client_id"))
        redirect_uri = one(form, "redirect_uri")
        if client is None or "authorization_code" not in client.grants:
            raise Refused("invalid_request", "No such application is known here.")
        if redirect_uri not in client.redirect_uris:
            raise Refused("invalid_request", "The application did not register the address that leads back to it.")
        return client, redirect_uri

    def _login(self, form: MultiMapping[str], client: Client, redirect_uri: str) -> Login:
        if "request" in form or "request_uri" in form:
            raise Refused("request_not_supported")
        if one(form, "response_type") != "code":
            raise Refused("unsupported_response_type")
        if one(form, "response_mode", "query") != "query":
            raise Refused("invalid_request", "response_mode is query")
        scope = scope_of(one(form, "scope"))
        if "openid" not in scope.split():
            raise Refused("invalid_scope", "openid is wanted")
        challenge = challenge_of(form, wanted=client.pkce)
        if "none" in one(form, "prompt").split():
            raise Refused("login_required")
        return Login(
            client=client,
            redirect_uri=redirect_uri,
            state=one(form, "state"),
            nonce=one(form, "nonce"),
            scope=scope,
            challenge=challenge,
            browser=random.token_urlsafe(24),
        )

    def _cookie(self, number: str) -> str:
        # Cookies know no ports: two providers on one machine share a browser's.
        return f"{self._provider.config.name}-login-{key(number)[:16]}"

    def _page(self, login: Login, number: str, wrong: str = "", status: int = 200) -> web.Response:
        text = pages.login(self._title, login.client.id, "/login", {"login": number}, wrong)
        return pages.response(text, status=status, leads_to=login.redirect_uri)

    def _back(self, redirect_uri: str, form: MultiMapping[str], **said: str) -> web.Response:
        states = form.getall("state", [])
        return self._to(redirect_uri, states[0] if len(states) == 1 and len(states[0]) <= 4096 else "", **said)

    def _to(self, redirect_uri: str, state: str, **said: str) -> web.Response:
        values = {**said, **({"state": state} if state else {}), "iss": self._provider.config.issuer}
        query = urlencode({name: value for name, value in values.items() if value})
        location = f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"
        headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return web.Response(status=303, headers=headers)
