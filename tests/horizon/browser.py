"""A browser without a screen: cookies, redirects, the token against forged requests, and what scripts would send.

It speaks HTTP to Horizon as a person's browser does, so that sessions, cookies and refusals of forged requests are
Horizon's own and not something that a test client has switched off.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any

from tests.horizon.page import Form, Page, parse

PATIENCE = 120.0  # seconds for one page
HIDDEN = re.compile(r"(?:Unable to|Failed to|Could not) [^.:]*")  # what a page says where its content should be
Pairs = list[tuple[str, str]]


class BrowserError(Exception):
    """What came is not what a person can go on with: an error page, an error message, no page at all."""


@dataclass(frozen=True)
class Answer:
    """What came in the end, after redirects."""

    status: int
    headers: Message
    body: bytes
    address: str

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class _Kept(urllib.request.HTTPErrorProcessor):
    """Lets an answer with an error's status through: judging it is the caller's."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        if response.status in (301, 302, 303, 307, 308):
            return super().http_response(request, response)
        return response


class Browser:
    """One person's browser at a site. `root` is the site's URL without a slash at its end."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies), _Kept()
        )
        self.requests = 0

    def cookie(self, name: str) -> str:
        """Return a cookie's value; empty if there is none."""
        return next((one.value or "" for one in self._cookies if one.name == name), "")

    def get(self, address: str, *, script: bool = False) -> Page:
        """Go to an address (`script`: as a page's script fetches a part). Raises BrowserError if an error is shown."""
        return self._page(self.send("GET", address, script=script))

    def submit(self, page: Page, form: Form, values: dict[str, str | list[str]], *, script: bool = False) -> Page:
        """Fill a form and send it; go where that leads. Raises BrowserError if an error is shown."""
        return self.post(form.action or page.address, form.filled(values), script=script)

    def form(self, address: str, pairs: Pairs) -> Answer:
        """Send a dialogue's fields; return what comes, which may be a file."""
        return self.send("POST", address, urllib.parse.urlencode(pairs).encode(), script=True)

    def post(self, address: str, pairs: Pairs, *, script: bool = False) -> Page:
        """Send fields; go where that leads. Raises BrowserError if an error is shown."""
        answer = self.send("POST", address, urllib.parse.urlencode(pairs).encode(), script=script)
        onward = answer.headers.get("X-Horizon-Location")
        if onward:  # so a dialogue tells the script where the page goes on
            return self.get(onward)
        return self._page(answer)

    def tell(self, address: str, pairs: Pairs) -> Page:
        """Send fields that shall be refused; return the page that says so."""
        answer = self.send("POST", address, urllib.parse.urlencode(pairs).encode())
        return parse(answer.text, answer.address.removeprefix(self._root))

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Call what the pages' scripts call; return the document. Raises BrowserError unless it succeeds."""
        data = None if body is None else json.dumps(body).encode()
        answer = self.send(method, path, data, script=True, kind="application/json;charset=utf-8")
        if answer.status >= 300:
            raise BrowserError(f"{method} {path}: {answer.status} {answer.text[:300]}")
        return answer.json()

    def send(
        self, method: str, address: str, data: bytes | None = None, *, script: bool = False, kind: str = ""
    ) -> Answer:
        url = urllib.parse.urljoin(self._root + "/", address)
        if not url.startswith(self._root + "/"):
            raise BrowserError(f"{address} leads away from {self._root}")
        headers = {"Accept": "text/html,application/json;q=0.9", "Referer": self._root + "/"}
        if script:
            headers |= {"X-Requested-With": "XMLHttpRequest", "X-CSRFToken": self.cookie("csrftoken")}
        if data is not None:
            headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        self.requests += 1
        try:
            with self._opener.open(request, timeout=PATIENCE) as response:
                return _answer(response)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise BrowserError(f"{method} {address}: {error}") from error

    def _page(self, answer: Answer) -> Page:
        path = answer.address.removeprefix(self._root)
        if answer.status >= 400:
            raise BrowserError(f"{path}: {answer.status} {parse(answer.text, path).text[:300]}")
        page = parse(answer.text, path)
        told = page.errors() + _told(answer.headers) + HIDDEN.findall(page.text)
        if told:
            raise BrowserError(f"{path} says: {'; '.join(told)}")
        return page


def _answer(response: Any) -> Answer:
    return Answer(response.status, response.headers, response.read(), response.url)


def _told(headers: Message) -> list[str]:
    """Return the messages of trouble that an answer to a script carries beside the page."""
    rows = json.loads(headers.get("X-Horizon-Messages") or "[]")
    return [str(row[1]) for row in rows if row[0] in ("error", "warning", "danger")]
