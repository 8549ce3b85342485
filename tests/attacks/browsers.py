"""The code flow: an attacker who has a browser, an account, or a place between two answers."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial

from tests.attacks.forge import Site
from tests.attacks.rows import CALLBACK, WEBSSO, Result, Row, judged, query
from tests.support.browser import Browser, Page

DASHBOARD = "http://localhost:9990/auth/websso/"
PERSON = {"private": "alice", "public": "carol"}


def rows() -> Iterator[Row]:
    """Every way that the flow could be bent."""
    for name, origin in {
        "another site": "http://evil.test/",
        "another path": DASHBOARD + "x",
        "a path above": DASHBOARD.rstrip("/"),
        "another port": DASHBOARD.replace("9990", "9999"),
        "a name before an at sign": "http://localhost:9990@evil.test/auth/websso/",
        "a longer name": "http://localhost:9990.evil.test/auth/websso/",
        "a query": DASHBOARD + "?next=http://evil.test",
        "a script": "javascript:alert(1)",
        "nothing": "",
    }.items():
        yield Row(f"the token is to go to {name}", partial(_origin, [origin]), "dashboards")
    yield Row("the token is to go to two places", partial(_origin, [DASHBOARD, "http://evil.test/"]))
    stories: dict[str, tuple[Callable[[Site], Result], str]] = {
        "a way back that was used": (_replayed, ""),
        "no login under way": (_no_cookie, ""),
        "no state": (partial(_bent, {"state": ""}), "state"),
        "another state": (partial(_bent, {"state": "x" * 43}), "state"),
        "the state twice": (_twice, ""),
        "no code": (partial(_bent, {"code": ""}), ""),
        "another code": (partial(_bent, {"code": "x" * 43}), ""),
        "the answer of another provider (mix-up)": (_mixed, "answering issuer"),
        "an error with a code": (partial(_bent, {"error": "access_denied"}), "error"),
        "a cookie of somebody's own": (partial(_cookie, "made-up"), ""),
        "a cookie with a letter changed": (_tampered, ""),
        "another provider's cookie": (_other_cookie, ""),
        "a code of the attacker's own login (login CSRF)": (_injected, ""),
        "a person's code at the attacker's browser": (_stolen, ""),
        "an ID token without nonce": (partial(_downgraded, "nonce", ""), "nonce"),
        "an ID token with another nonce": (partial(_downgraded, "nonce", "mine"), "nonce"),
        "a code without PKCE": (partial(_downgraded, "code_challenge", ""), ""),
        "a code with the attacker's PKCE": (partial(_downgraded, "code_challenge", "A" * 43), "pkce"),
        "a POST to the way back": (_posted, ""),
    }
    for name, (attempt, guard) in stories.items():
        yield Row(name, attempt, guard)


def _origin(origins: list[str], site: Site) -> Result:
    """To be sent on to the provider for a dashboard that is none is what must not happen."""
    asked = urllib.parse.urlencode([("origin", origin) for origin in origins])
    page = Browser().get(f"{site.auth_url}{WEBSSO.format('private')}?{asked}")
    return Result(page.status, page.status in (200, 302, 303))


def begun(site: Site, provider: str = "private") -> tuple[Browser, Page]:
    """Begin a login in a new browser; give it with the answer that leads to the provider."""
    browser = Browser()
    page = browser.get(f"{site.auth_url}{WEBSSO.format(provider)}?{query(origin=DASHBOARD)}")
    assert page.status == 302, (page.status, page.text)
    return browser, page


def came_back(site: Site, browser: Browser, location: str, provider: str = "private") -> str:
    """Log in at the provider; give the URL of the way back."""
    person = PERSON[provider]
    back = browser.log_in(browser.get(location), person, site.secret(person))
    assert back.status == 303, (back.status, back.text)
    return back.location


def changed(url: str, **values: str) -> str:
    """Give a URL with parameters changed; empty ones are left out."""
    parts = urllib.parse.urlsplit(url)
    found = dict(urllib.parse.parse_qsl(parts.query)) | values
    return parts._replace(query=urllib.parse.urlencode({name: text for name, text in found.items() if text})).geturl()


def _bent(values: dict[str, str], site: Site) -> Result:
    browser, page = begun(site)
    return judged(browser.get(changed(came_back(site, browser, page.location), **values)))


def _replayed(site: Site) -> Result:
    browser, page = begun(site)
    back = came_back(site, browser, page.location)
    cookies = dict(browser.cookies)
    first = judged(browser.get(back))
    assert first.accepted, "the good way is to work"
    browser.cookies = cookies
    return judged(browser.get(back))


def _no_cookie(site: Site) -> Result:
    browser, page = begun(site)
    return judged(Browser().get(came_back(site, browser, page.location)))


def _twice(site: Site) -> Result:
    browser, page = begun(site)
    return judged(browser.get(came_back(site, browser, page.location) + "&state=x"))


def _mixed(site: Site) -> Result:
    browser, page = begun(site)
    return judged(browser.get(changed(came_back(site, browser, page.location), iss=site.issuer("public"))))


def _cookie(value: str, site: Site) -> Result:
    browser, page = begun(site)
    back = came_back(site, browser, page.location)
    browser.cookies = {name: (value, path) for name, (_, path) in browser.cookies.items()}
    return judged(browser.get(back))


def _tampered(site: Site) -> Result:
    browser, page = begun(site)
    back = came_back(site, browser, page.location)
    name = next(name for name in browser.cookies if name.startswith("keystone-"))
    value, path = browser.cookies[name]
    browser.cookies[name] = (value[:40] + ("A" if value[40] != "A" else "B") + value[41:], path)
    return judged(browser.get(back))


def _other_cookie(site: Site) -> Result:
    browser, page = begun(site)
    back = came_back(site, browser, page.location)
    other, _ = begun(site, "public")
    ((value, _),) = (found for name, found in other.cookies.items() if name.startswith("keystone-"))
    browser.cookies = {name: (value, path) for name, (_, path) in browser.cookies.items()}
    return judged(browser.get(back))


def _injected(site: Site) -> Result:
    """The victim's browser, with a login of its own under way, is led to the attacker's way back."""
    attacker, page = begun(site)
    back = came_back(site, attacker, page.location)
    victim, _ = begun(site)
    return judged(victim.get(back))


def _stolen(site: Site) -> Result:
    """The attacker has seen a person's code, and puts it into a login of their own with their own state."""
    person, page = begun(site)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(came_back(site, person, page.location)).query)["code"][0]
    attacker, own = begun(site)
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(own.location).query)["state"][0]
    return judged(attacker.get(f"{site.auth_url}{CALLBACK.format('private')}?{query(code=code, state=state)}"))


def _downgraded(parameter: str, value: str, site: Site) -> Result:
    """What goes to the provider is changed on the way."""
    browser, page = begun(site)
    shown = browser.get(changed(page.location, **{parameter: value}))
    if shown.status != 200:  # the provider itself refuses; then there is a way back with an error
        return judged(browser.follow(shown))
    return judged(browser.follow(browser.log_in(shown, "alice", site.secret("alice"))))


def _posted(site: Site) -> Result:
    browser, page = begun(site)
    back = came_back(site, browser, page.location)
    return judged(browser.send(back, json.dumps({}).encode(), {}))
