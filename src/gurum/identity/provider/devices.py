"""The device grant (RFC 8628): a code of eight letters is shown on the device and typed on a page.

Eight of twenty letters are 2.5 * 10^10 codes. That is only much as long as few may be tried, and as no answer tells
whether a code exists before the password was right.
"""

from __future__ import annotations

import secrets as random

from aiohttp import web
from multidict import MultiMapping

from gurum.identity.provider import pages
from gurum.identity.provider.config import DEVICE
from gurum.identity.provider.passwords import Locked
from gurum.identity.provider.service import Device, Provider, Refused, challenge_of, key, one, scope_of
from gurum.ops.bounded import Full

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no words; nothing that looks like a digit
LENGTH = 8
EVERYBODY = "everybody"  # codes may be guessed from many places: all wrong ones count together, too


class Devices:
    """Both ends of the grant, but for the polling, which is the token endpoint's."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def begin(self, request: web.Request) -> web.Response:
        """Give a device its codes. Raises Refused."""
        form: MultiMapping[str] = await request.post()  # type: ignore[assignment]  # files are refused by `one`
        provider = self._provider
        client = provider.client(form, request.headers.get("Authorization", ""), request.remote or "")
        if DEVICE not in client.grants:
            raise Refused("unauthorized_client")
        scope = scope_of(one(form, "scope", "openid"))
        device_code = random.token_urlsafe(32)
        user_code = "".join(random.choice(LETTERS) for _ in range(LENGTH))
        device = Device(
            client_id=client.id,
            scope=scope,
            challenge=challenge_of(form, wanted=False),
            user_code=user_code,
            interval=provider.config.device_interval,
        )
        try:
            provider.user_codes.put(user_code, key(device_code))
            provider.devices.put(key(device_code), device)
        except Full:
            raise Refused("temporarily_unavailable", status=503, wait=provider.config.login_seconds) from None
        shown = f"{user_code[:4]}-{user_code[4:]}"
        page = f"{provider.config.issuer}/device"
        answer = {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={shown}",
            "expires_in": provider.config.login_seconds,
            "interval": provider.config.device_interval,
        }
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    async def page(self, request: web.Request) -> web.Response:
        """Show the page; the code may come with the address, the answer may not."""
        return self._page(_letters(request.query.get("user_code", "")))

    async def answer(self, request: web.Request) -> web.Response:
        """Take somebody's answer."""
        form: MultiMapping[str] = await request.post()  # type: ignore[assignment]  # files are refused by `one`
        provider, address = self._provider, request.remote or ""
        try:
            code, username = _letters(one(form, "user_code")), one(form, "username")
            password, wanted = one(form, "password"), one(form, "answer")
        except Refused as refused:
            return pages.response(pages.said(provider.config.title, refused.why), status=400)
        if wait := max(provider.wrong_user_codes.wait(address), provider.wrong_user_codes.wait(EVERYBODY)):
            return self._page(code, "Too many wrong codes. Try again later.", 429, int(wait) + 1)
        try:
            person = await provider.passwords.check(username, password, address)
        except Locked as locked:
            return self._page(code, f"Too many attempts. Try again in {locked.seconds} seconds.", 429, locked.seconds)
        if person is None:
            return self._page(code, "User name or password is wrong.", 401)
        device_key = provider.user_codes.take(code)
        device = provider.devices.get(device_key) if device_key else None
        if device is None or device.answer != "pending":
            provider.wrong_user_codes.failed(address)
            provider.wrong_user_codes.failed(EVERYBODY)
            return self._page(code, "There is no such code, or no longer.", 400)
        if wanted == "allow":
            device.answer = provider.subject(person, provider.clients[device.client_id], device.scope)
            return pages.response(pages.said(provider.config.title, "The device may go on. You can close this page."))
        device.answer = "denied"
        return pages.response(pages.said(provider.config.title, "The device was refused."))

    def _page(self, code: str, wrong: str = "", status: int = 200, wait: int = 0) -> web.Response:
        answer = pages.response(pages.device(self._provider.config.title, "/device", {}, code, wrong), status=status)
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer


def _letters(typed: str) -> str:
    """Return the code as it was given out, whatever the dashes and the case."""
    return "".join(letter for letter in typed.upper()[:32] if letter in LETTERS)[:LENGTH]
