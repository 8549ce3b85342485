"""What a row is, and how an attempt's answer is judged."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.attacks.forge import Site
from tests.support.browser import Browser, Page

BEARER = "/OS-FEDERATION/identity_providers/{}/protocols/openid/auth"
WEBSSO = "/auth/OS-FEDERATION/identity_providers/{}/protocols/openid/websso"
CALLBACK = "/auth/OS-FEDERATION/identity_providers/{}/protocols/openid/callback"


@dataclass(frozen=True)
class Result:
    """An attempt's status, and whether it gave what it must not give."""

    status: int
    accepted: bool


@dataclass(frozen=True)
class Row:
    """An attack. `guard` is what keeps it out: a name of `guards.GUARDS`, or nothing for what several keep out."""

    name: str
    attempt: Callable[[Site], Result]
    guard: str = ""


Rows = Iterator[Row]


def judged(page: Page) -> Result:
    """Judge an answer of Keystone: a token is a token, whatever the status."""
    token = "x-subject-token" in page.headers or 'name="token"' in page.text
    return Result(page.status, token or page.status in (200, 201))


def bearer(site: Site, token: str, provider: str = "private", **headers: str) -> Result:
    """Come with a token to a provider's path."""
    sent = {"Authorization": f"Bearer {token}"} | headers
    return judged(Browser().post(site.auth_url + BEARER.format(provider), {}, **sent))


def query(**values: str) -> str:
    """Return a query string."""
    return urllib.parse.urlencode(values)
