"""A browser without JavaScript, as far as logins need one: cookies by host, forms, redirects one at a time."""

from __future__ import annotations

import html
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.cookies import SimpleCookie


@dataclass(frozen=True)
class Page:
    """An answer. `location` is where it leads, if it redirects."""

    url: str
    status: int
    text: str
    headers: dict[str, str]

    @property
    def location(self) -> str:
        """Give the absolute URL that the answer leads to."""
        return urllib.parse.urljoin(self.url, self.headers.get("location", ""))

    @property
    def form(self) -> tuple[str, dict[str, str]]:
        """Give the action and the hidden fields of the page's form."""
        action = re.search(r'<form[^>]* action="([^"]*)"', self.text)
        assert action, self.text
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.text)
        fields = {html.unescape(name): html.unescape(value) for name, value in hidden}
        return urllib.parse.urljoin(self.url, html.unescape(action[1])), fields


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass
class Browser:
    """Cookies, and requests that follow nothing by themselves. Cookies know paths and no ports, as in life."""

    cookies: dict[str, tuple[str, str]] = field(default_factory=dict)  # value and path by name

    def get(self, url: str, **headers: str) -> Page:
        """Ask for a page."""
        return self.send(url, None, _named(headers))

    def post(self, url: str, form: dict[str, str], **headers: str) -> Page:
        """Send a form."""
        return self.send(url, urllib.parse.urlencode(form).encode(), _named(headers))

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.status in (302, 303), (page.status, page.text)
        return self.get(page.location)

    def log_in(self, page: Page, username: str, password: str, **further: str) -> Page:
        """Fill in a login page."""
        action, fields = page.form
        return self.post(action, fields | {"username": username, "password": password} | further)

    def send(self, url: str, data: bytes | None, headers: dict[str, str]) -> Page:
        """Send anything, headers spelt as they are given."""
        path, sent = urllib.parse.urlsplit(url).path, dict(headers)
        if cookies := [f"{name}={value}" for name, (value, below) in self.cookies.items() if path.startswith(below)]:
            sent["Cookie"] = "; ".join(cookies)
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(urllib.request.Request(url, data=data, headers=sent), timeout=60) as answer:
                page = self._page(url, answer.status, answer.read(), answer.headers.items())
        except urllib.error.HTTPError as error:
            with error:
                page = self._page(url, error.code, error.read(), error.headers.items())
        return page

    def _page(self, url: str, status: int, body: bytes, headers: object) -> Page:
        found: dict[str, str] = {}
        for name, value in headers:  # type: ignore[attr-defined]  # pairs, of either kind of answer
            if name.lower() == "set-cookie":
                for one in SimpleCookie(value).values():
                    if one["max-age"] == "0":
                        self.cookies.pop(one.key, None)
                    else:
                        self.cookies[one.key] = (one.value, one["path"] or "/")
            found[name.lower()] = value
        return Page(url, status, body.decode(), found)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
