"""The flows: how each of keystoneauth's plugins is used, and what a person does beside it in a browser."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.browser import Browser
from tests.support.federation import Site

from gurum.supervisor.federation import CODE_RETURN

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # WebOb, which keystoneauth looks for, imports cgi
    from keystoneauth1 import session
    from keystoneauth1.identity import v3
    from keystoneauth1.identity.v3 import oidc, websso


@dataclass(frozen=True)
class Who:
    """Somebody, and what the login must give them."""

    provider: str
    username: str
    domain: str
    project: str
    roles: frozenset[str]


ALICE = Who("private", "alice", "staff", "team-media", frozenset({"manager", "member", "reader"}))
BOB = Who("private", "bob", "staff", "team-search", frozenset({"member", "reader"}))
CAROL = Who("public", "carol", "partners", "partner-sandbox", frozenset({"reader"}))
ROBOTS = {
    "private": Who("private", "svc-robot", "staff", "automation", frozenset({"member", "reader"})),
    "public": Who("public", "svc-robot", "partners", "partner-sandbox", frozenset({"reader"})),
}
PEOPLE = {"private": ALICE, "public": CAROL}


@dataclass(frozen=True)
class Outcome:
    """What a login gave."""

    username: str
    user_domain: str
    project: str
    roles: frozenset[str]
    seconds: float

    def problems(self, who: Who) -> list[str]:
        """Return what is not as it must be."""
        found = (self.username, self.user_domain, self.project, self.roles)
        wanted = (who.username, who.domain, who.project, who.roles)
        return [] if found == wanted else [f"{found} instead of {wanted}"]


def login(plugin: Any) -> Outcome:
    """Log in with a plugin; give what the token says."""
    began = time.monotonic()
    with_plugin = session.Session(auth=plugin)
    access = plugin.get_access(with_plugin)
    return Outcome(
        access.username,
        access.user_domain_name,
        access.project_name,
        frozenset(access.role_names),
        time.monotonic() - began,
    )


def options(site: Site, who: Who) -> dict[str, Any]:
    """Return what every plugin is told."""
    return {
        "auth_url": site.auth_url,
        "identity_provider": who.provider,
        "protocol": "openid",
        "project_name": who.project,
        "project_domain_name": who.domain,
    }


def discovery(site: Site, who: Who) -> dict[str, Any]:
    """Return what the plugins are told that ask the provider themselves."""
    return options(site, who) | {"discovery_endpoint": f"{site.issuer(who.provider)}/.well-known/openid-configuration"}


def password(site: Site, who: Who) -> Any:
    """v3oidcpassword."""
    return v3.OidcPassword(
        client_id="openstack",
        client_secret=None,  # type: ignore[arg-type]  # it is a public client's, which has none
        username=who.username,
        password=site.secret(who.username),
        **discovery(site, who),
    )


def client_credentials(site: Site, who: Who) -> Any:
    """v3oidcclientcredentials."""
    robot = ROBOTS[who.provider]
    secret = site.secret(f"{who.provider}-robot")
    return v3.OidcClientCredentials(client_id="robot", client_secret=secret, **discovery(site, robot))


def code(site: Site, who: Who) -> Any:
    """v3oidcauthcode, with a code that a browser was given."""
    browser = Browser()
    asked = {
        "response_type": "code",
        "client_id": "openstack-code",
        "redirect_uri": CODE_RETURN,
        "scope": "openid profile",
        "state": "state-of-a-person",
    }
    page = browser.get(f"{site.issuer(who.provider)}/authorize?{urllib.parse.urlencode(asked)}")
    back = browser.log_in(page, who.username, site.secret(who.username))
    given = urllib.parse.parse_qs(urllib.parse.urlsplit(back.location).query)
    return v3.OidcAuthorizationCode(
        client_id="openstack-code",
        client_secret=site.secret(f"{who.provider}-code"),
        redirect_uri=CODE_RETURN,
        code=given["code"][0],
        **discovery(site, who),
    )


class _Device(oidc.OidcDeviceAuthorization):
    """The stock plugin; its person answers when it has the code."""

    def __init__(self, answer: Callable[[str, str], None], **told: Any) -> None:
        super().__init__(**told)
        self._answer = answer

    def get_payload(self, session: session.Session) -> dict[str, str | None]:
        payload = super().get_payload(session)
        self._answer(str(self.verification_uri_complete), str(self.user_code))
        return payload


def device(site: Site, who: Who) -> Any:
    """v3oidcdeviceauthz, with PKCE, whose code a person types on the page."""

    def answer(page: str, _: str) -> None:
        browser = Browser()
        action, fields = (shown := browser.get(page)).form
        typed = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)["user_code"][0]
        said = {"username": who.username, "password": site.secret(who.username), "answer": "allow", "user_code": typed}
        assert shown.status == 200
        assert browser.post(action, fields | said).status == 200

    return _Device(
        answer, client_id="openstack", client_secret=None, code_challenge_method="S256", **discovery(site, who)
    )


def access_token(site: Site, who: Who) -> Any:
    """v3oidcaccesstoken."""
    return v3.OidcAccessToken(access_token=token(site, who), **options(site, who))


def token(site: Site, who: Who, kind: str = "access_token") -> str:
    """Return a token of the provider, got by the password grant."""
    form = {
        "grant_type": "password",
        "client_id": "openstack",
        "username": who.username,
        "password": site.secret(who.username),
        "scope": "openid profile email",
    }
    answer = Browser().post(f"{site.issuer(who.provider)}/token", form)
    assert answer.status == 200, answer.text
    return str(json.loads(answer.text)[kind])


def web(site: Site, who: Who) -> Any:
    """v3websso: the plugin listens, and a browser goes the way through provider and front."""

    def browse(url: str, new: int) -> bool:
        threading.Thread(target=visit, args=(site, who, url), daemon=True).start()
        return True

    websso.webbrowser.open = browse  # type: ignore[attr-defined]  # the one in which a person would log in
    return websso.WebSSO(**options(site, who))


def visit(site: Site, who: Who, url: str) -> None:
    """Log in as a person does in a browser, and press the last page's button."""
    browser = Browser()
    page = browser.follow(browser.get(url))
    given = browser.follow(browser.log_in(page, who.username, site.secret(who.username)))
    assert given.status == 200, given.text
    action, fields = given.form
    sent = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document", "Sec_Fetch_Site": "cross-site"}
    browser.post(action, fields, Origin=site.auth_url.removesuffix("/v3"), **sent)


FLOWS: dict[str, Callable[[Site, Who], Any]] = {
    "v3oidcpassword": password,
    "v3oidcclientcredentials": client_credentials,
    "v3oidcauthcode": code,
    "v3oidcdeviceauthz": device,
    "v3oidcaccesstoken": access_token,
    "v3websso": web,
}


def wanted(flow: str, provider: str) -> Who:
    """Return who a flow logs in."""
    return ROBOTS[provider] if flow == "v3oidcclientcredentials" else PEOPLE[provider]
