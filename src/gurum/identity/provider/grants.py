"""The token endpoint: a function for each way to a token, in a table."""

from __future__ import annotations

import secrets as random
from collections.abc import Awaitable, Callable

from aiohttp import web
from multidict import MultiMapping

from gurum.identity.provider.config import DEVICE, Client
from gurum.identity.provider.passwords import Locked
from gurum.identity.provider.service import Provider, Refused, key, one, scope_of, verified
from gurum.identity.provider.tokens import Subject
from gurum.ops.bounded import Full

Form = MultiMapping[str]


class Grants:
    """The endpoint of one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.table: dict[str, Callable[[Form, Client, str], Awaitable[web.Response]]] = {
            "authorization_code": self._code,
            "client_credentials": self._client,
            "password": self._password,
            "refresh_token": self._refresh,
            DEVICE: self._device,
        }

    async def token(self, request: web.Request) -> web.Response:
        """Answer with tokens. Raises Refused."""
        form: Form = await request.post()  # type: ignore[assignment]  # files are refused by `one`
        address = request.remote or ""
        client = self._provider.client(form, request.headers.get("Authorization", ""), address)
        wanted = one(form, "grant_type")
        if wanted not in self.table:
            raise Refused("unsupported_grant_type")
        if wanted not in client.grants:
            raise Refused("unauthorized_client")
        try:
            return await self.table[wanted](form, client, address)
        except Full:
            raise Refused("temporarily_unavailable", status=503, wait=60) from None

    async def _code(self, form: Form, client: Client, _: str) -> web.Response:
        code = key(one(form, "code"))
        found = self._provider.codes.take(code)
        if found is None:
            if session := self._provider.spent.get(code):
                self._provider.end(session)  # one of the two who had it is a thief (RFC 6749, 4.1.2)
            raise Refused("invalid_grant")
        self._provider.spent.put(code, found.whose.session)
        right = (
            found.whose.client_id == client.id
            and one(form, "redirect_uri") == found.redirect_uri
            and verified(found.challenge, one(form, "code_verifier"))
        )
        if not right:
            raise Refused("invalid_grant")
        return self._answer(found.whose, client, found.nonce)

    async def _client(self, form: Form, client: Client, _: str) -> web.Response:
        whose = Subject(
            subject=f"client-{client.id}",
            username=f"svc-{client.id}",
            claims=client.claims,
            client_id=client.id,
            scope=scope_of(one(form, "scope")),
            session=random.token_urlsafe(16),
            authenticated_at=int(self._provider.clock.time()),
        )
        return self._answer(whose, client, person=False)

    async def _password(self, form: Form, client: Client, address: str) -> web.Response:
        scope = scope_of(one(form, "scope"))
        try:
            person = await self._provider.passwords.check(one(form, "username"), one(form, "password"), address)
        except Locked as locked:
            raise Refused("invalid_grant", "too many attempts", 429, locked.seconds) from None
        if person is None:
            raise Refused("invalid_grant")
        return self._answer(self._provider.subject(person, client, scope), client)

    async def _refresh(self, form: Form, client: Client, _: str) -> web.Response:
        token = key(one(form, "refresh_token"))
        whose = self._provider.refreshes.get(token)
        if whose is None:
            if session := self._provider.used_refreshes.get(token):
                self._provider.end(session)
            raise Refused("invalid_grant")
        if whose.client_id != client.id or self._provider.ended(whose.session):
            raise Refused("invalid_grant")
        self._provider.refreshes.take(token)
        self._provider.used_refreshes.put(token, whose.session)
        return self._answer(whose, client)

    async def _device(self, form: Form, client: Client, _: str) -> web.Response:
        device_code, now = key(one(form, "device_code")), self._provider.clock.time()
        device = self._provider.devices.get(device_code)
        if device is None or device.client_id != client.id:
            raise Refused("expired_token" if device is None else "invalid_grant")
        if not verified(device.challenge, one(form, "code_verifier")):
            raise Refused("invalid_grant")
        if device.answer == "pending":
            # A second of grace: a device that waits just as long as it was told is not too early.
            early, device.asked_at = now - device.asked_at < device.interval - 1, now
            if early:
                device.interval += 5
            raise Refused("slow_down" if early else "authorization_pending")
        self._provider.devices.take(device_code)
        if device.answer == "denied":
            raise Refused("access_denied")
        return self._answer(device.answer, client)

    def _answer(self, whose: Subject, client: Client, nonce: str = "", *, person: bool = True) -> web.Response:
        if person and not self._provider.people.since(whose.subject, whose.authenticated_at):
            raise Refused("invalid_grant")  # they have left meanwhile, whoever they are again now
        access = self._provider.mint.access(whose)
        answer = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self._provider.config.access_token_seconds,
            "scope": whose.scope,
        }
        if person and "openid" in whose.scope.split():
            answer["id_token"] = self._provider.mint.identity(whose, nonce, access)
        if person and "refresh_token" in client.grants:
            refresh = random.token_urlsafe(32)
            self._provider.refreshes.put(key(refresh), whose)
            answer["refresh_token"] = refresh
        return web.json_response(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
