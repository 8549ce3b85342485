"""The provider itself: guessing, replaying, leading astray; and what its own tokens are good for elsewhere."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.attacks.forge import FOREIGN, Site, claims, signed
from tests.attacks.rows import BEARER, Result, Row, bearer, judged, query
from tests.support.browser import Browser, Page

from gurum.identity.front.keys import COOL
from gurum.supervisor.federation import CODE_RETURN


def rows() -> Iterator[Row]:
    """Every way to a token that is not the person's own."""
    for name, kind in {"an ID token": "id_token", "a refresh token": "refresh_token"}.items():
        yield Row(f"{name} as a bearer token", partial(_other_kind, kind), "kind" if kind == "id_token" else "")
    for name, address in {
        "another site": "http://evil.test/",
        "a path more": CODE_RETURN + "x",
        "a query more": CODE_RETURN + "?a=b",
        "a slash less": CODE_RETURN.rstrip("/"),
        "another port": CODE_RETURN.replace("9991", "80"),
        "a name before an at sign": CODE_RETURN.rstrip("/") + "@evil.test/",
        "large letters": CODE_RETURN.replace("localhost", "LOCALHOST"),
        "two slashes": "//evil.test/",
        "a script": "javascript:alert(1)",
        "a line end": CODE_RETURN + "\r\nLocation: http://evil.test/",
    }.items():
        yield Row(f"the code is to go to {name}", partial(_address, address), "redirect")
        yield Row(f"after logging out to {name}", partial(_logout, address), "logout")
    stories: dict[str, tuple[Callable[[Site], Result], str]] = {
        "a code used twice": (_replayed, "code once"),
        "a code for another client": (partial(_exchange, {"client_id": "robot"}), ""),
        "a code for another address": (partial(_exchange, {"redirect_uri": "http://evil.test/"}), "code's address"),
        "a code with a verifier out of nowhere": (partial(_exchange, {"code_verifier": "v" * 43}), "pkce"),
        "a code without the client's secret": (partial(_exchange, {"client_secret": ""}), "secret"),
        "a code with a wrong secret": (partial(_exchange, {"client_secret": "x"}), "secret"),
        "a code as a refresh token": (_as_refresh, ""),
        "a refresh token used twice": (_refreshed, "refresh once"),
        "a login page's answer from another browser": (_other_browser, "browser"),
        "guessing a password, right at the eighth time": (_guessed, "password limit"),
        "guessing a device's code, right at the fifteenth time": (_devices, "device limit"),
        "guessing a client's secret, right at the thirtieth time": (_secrets, "secret limit"),
        "a password grant of a client that may not": (_may_not, ""),
        "a device's code before its person answered": (_unanswered, ""),
    }
    for name, (attempt, guard) in stories.items():
        yield Row(name, attempt, guard)
    smuggled: dict[str, tuple[dict[str, Any], str]] = {
        "groups and a project in a public token": ({"groups": ["media-leads", "admin"], "project": "team-media"}, ""),
        "groups in a text": ({"groups": "media-leads;admin"}, ""),
        "Keystone's own words as claims": ({"group_ids": ["x"], "projects_json": "[]", "user": "admin"}, ""),
        "roles and a domain as claims": ({"roles": ["admin"], "domain": "Default"}, ""),
    }
    for name, (values, _) in smuggled.items():
        yield Row(name, partial(_smuggled, values), "claims")
    yield Row("a group within a group", partial(_member, "a;media-leads"), "plain")
    yield Row("keys asked for by thirty unknown kids", _flood, "cool")


def given(page: Page) -> Result:
    """Judge an answer of a token endpoint."""
    return Result(page.status, "access_token" in page.text and page.status == 200)


def _tokens(site: Site) -> dict[str, Any]:
    form = {
        "grant_type": "password",
        "client_id": "openstack",
        "username": "bob",
        "password": site.secret("bob"),
        "scope": "openid profile",
    }
    page = Browser().post(f"{site.issuer('private')}/token", form)
    assert page.status == 200, page.text
    found: dict[str, Any] = json.loads(page.text)
    return found


def _other_kind(kind: str, site: Site) -> Result:
    return bearer(site, _tokens(site)[kind])


def _ask(**values: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "openstack-code",
        "redirect_uri": CODE_RETURN,
        "scope": "openid",
        "state": "s",
    } | values


def _address(address: str, site: Site) -> Result:
    page = Browser().get(f"{site.issuer('private')}/authorize?{query(**_ask(redirect_uri=address))}")
    return Result(page.status, page.status in (200, 302, 303))


def _logout(address: str, site: Site) -> Result:
    hint = _tokens(site)["id_token"]
    asked = query(id_token_hint=hint, post_logout_redirect_uri=address)
    page = Browser().get(f"{site.issuer('private')}/end_session?{asked}")
    return Result(page.status, "location" in page.headers)


def _code(site: Site, **values: str) -> str:
    browser = Browser()
    page = browser.get(f"{site.issuer('private')}/authorize?{query(**_ask(**values))}")
    back = browser.log_in(page, "bob", site.secret("bob"))
    assert back.status == 303, back.text
    return urllib.parse.parse_qs(urllib.parse.urlsplit(back.location).query)["code"][0]


def _form(site: Site, code: str, **values: str) -> dict[str, str]:
    full = {
        "grant_type": "authorization_code",
        "client_id": "openstack-code",
        "client_secret": site.secret("private-code"),
        "redirect_uri": CODE_RETURN,
        "code": code,
    } | values
    return {name: value for name, value in full.items() if value}


def _exchange(values: dict[str, str], site: Site) -> Result:
    told = dict(values)
    if told.get("client_id") == "robot":
        told["client_secret"] = site.secret("private-robot")
    return given(Browser().post(f"{site.issuer('private')}/token", _form(site, _code(site), **told)))


def _replayed(site: Site) -> Result:
    form = _form(site, _code(site))
    first = given(Browser().post(f"{site.issuer('private')}/token", form))
    assert first.accepted, "the good way is to work"
    return given(Browser().post(f"{site.issuer('private')}/token", form))


def _as_refresh(site: Site) -> Result:
    form = {"grant_type": "refresh_token", "client_id": "openstack", "refresh_token": _code(site)}
    return given(Browser().post(f"{site.issuer('private')}/token", form))


def _refreshed(site: Site) -> Result:
    form = {"grant_type": "refresh_token", "client_id": "openstack", "refresh_token": _tokens(site)["refresh_token"]}
    assert given(Browser().post(f"{site.issuer('private')}/token", form)).accepted, "the good way is to work"
    return given(Browser().post(f"{site.issuer('private')}/token", form))


def _other_browser(site: Site) -> Result:
    page = Browser().get(f"{site.issuer('private')}/authorize?{query(**_ask())}")
    back = Browser().log_in(page, "bob", site.secret("bob"))
    return Result(back.status, back.status in (302, 303))


def _guessed(site: Site) -> Result:
    form = {"grant_type": "password", "client_id": "openstack", "username": "carol", "scope": "openid"}
    url = f"{site.issuer('public')}/token"
    for number in range(7):
        Browser().post(url, form | {"password": f"guess-{number}"})
    return given(Browser().post(url, form | {"password": site.secret("carol")}))


def _devices(site: Site) -> Result:
    url = site.issuer("private")
    begun = json.loads(Browser().post(f"{url}/device_authorization", {"client_id": "openstack"}).text)
    form = {"username": "bob", "password": site.secret("bob"), "answer": "allow"}
    for _ in range(14):
        Browser().post(f"{url}/device", form | {"user_code": "BBBB-BBBB"})
    page = Browser().post(f"{url}/device", form | {"user_code": begun["user_code"]})
    return Result(page.status, page.status == 200)


def _secrets(site: Site) -> Result:
    form = {"grant_type": "client_credentials", "client_id": "robot"}
    url = f"{site.issuer('private')}/token"
    for number in range(29):
        Browser().post(url, form | {"client_secret": f"guess-{number}"})
    return given(Browser().post(url, form | {"client_secret": site.secret("private-robot")}))


def _may_not(site: Site) -> Result:
    form = {"grant_type": "password", "username": "bob", "password": site.secret("bob"), "client_id": "openstack-code"}
    form["client_secret"] = site.secret("private-code")
    return given(Browser().post(f"{site.issuer('private')}/token", form))


def _unanswered(site: Site) -> Result:
    url = site.issuer("private")
    begun = json.loads(Browser().post(f"{url}/device_authorization", {"client_id": "openstack"}).text)
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "openstack",
        "device_code": begun["device_code"],
    }
    return given(Browser().post(f"{url}/token", form))


def _smuggled(values: dict[str, Any], site: Site) -> Result:
    """A partner logs in; what the token claims beyond that must give nothing: no project of the staff, no domain.

    The token bears the provider's signature and is none of its own: where the provider is asked, it is refused whole.
    """
    body = claims(site, "public", groups=None, project=None, sub="smuggler")
    token = signed(site, body | values, provider="public")
    sent = {"Authorization": f"Bearer {token}"}
    page = Browser().post(site.auth_url + BEARER.format("public"), {}, **sent)
    if page.status == 401:  # the provider was asked, and knows no such token
        return Result(page.status, False)
    assert page.status == 201, page.text
    return Result(page.status, _gained(site, page))


def _member(group: str, site: Site) -> Result:
    token = signed(site, claims(site, groups=[group, "everyone"], project=None, sub="member"))
    page = Browser().post(site.auth_url + BEARER.format("private"), {}, Authorization=f"Bearer {token}")
    if page.status == 401:  # the provider was asked, and knows no such token
        return Result(page.status, False)
    assert page.status == 201, page.text
    return Result(page.status, _gained(site, page))


def _gained(site: Site, page: Page) -> bool:
    """Tell whether a login gave a group, or a role on the staff's project."""
    said = json.loads(page.text)
    if "token" not in said:  # the Keystone that believes anything shows what it was told
        return any(name in said for name in ("OIDC-PROJECT", "OIDC-ROLES", "OIDC-DOMAIN")) or (
            "media-leads" in said.get("OIDC-GROUPS", "")
        )
    if said["token"]["user"]["OS-FEDERATION"]["groups"]:
        return True
    body = {
        "auth": {
            "identity": {"methods": ["token"], "token": {"id": page.headers["x-subject-token"]}},
            "scope": {"project": {"name": "team-media", "domain": {"name": "staff"}}},
        }
    }
    sent = {"Content-Type": "application/json"}
    return judged(Browser().send(f"{site.auth_url}/auth/tokens", json.dumps(body).encode(), sent)).accepted


def _flood(site: Site) -> Result:
    """What would be gained is that the provider is asked for each of them: its fetches are counted, where one can."""
    front = getattr(site, "front", None)
    before, began = front.keys["private"].fetches if front else 0, time.monotonic()
    body = claims(site)
    status = 0
    for number in range(30):
        status = bearer(site, signed(site, body, key=FOREIGN, kid=f"unknown-{number}")).status
    fetches = front.keys["private"].fetches - before if front else 0
    return Result(status, fetches > 1 + (time.monotonic() - began) / COOL)
