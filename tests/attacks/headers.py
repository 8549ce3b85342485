"""Headers that say who one is, in every spelling, on every path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from tests.attacks.forge import Site
from tests.attacks.rows import BEARER, CALLBACK, WEBSSO, Result, Row, judged
from tests.support.browser import Browser

CLAIMS = {"iss": "", "sub": "forged", "preferred_username": "mallory", "groups": "media-leads", "project": "team-media"}
# How a claim is spelt as a header. urllib writes the first letter large and the rest small: servers do not care.
SPELLINGS = {
    "OIDC-claim": "OIDC-{}",
    "oidc-claim": "oidc-{}",
    "OIDC_claim": "OIDC_{}",
    "OIDC-CLAIM-claim": "OIDC-CLAIM-{}",
    "HTTP-OIDC-claim": "HTTP-OIDC-{}",
    "HTTP_OIDC_claim": "HTTP_OIDC_{}",
    "OpenID-claim": "OpenID-{}",
    "Shib-claim": "Shib-{}",
    "MELLON_claim": "MELLON_{}",
}
WORDS = {"Remote-User": "admin", "REMOTE_USER": "admin", "Http-Remote-User": "admin", "SSL-Client-S-DN": "CN=admin"}
PATHS = {
    "the private path": BEARER.format("private"),
    "the public path": BEARER.format("public"),
    "the private browser's path": WEBSSO.format("private") + "?origin=http://localhost:9990/auth/websso/",
    "the way back": CALLBACK.format("private") + "?code=x&state=y",
    "the path without a provider": "/auth/OS-FEDERATION/websso/openid?origin=http://localhost:9990/auth/websso/",
    "a path with a slash more": BEARER.format("private") + "/",
    "a path with two slashes": "/" + BEARER.format("private"),
    "a path with a dot": "/./" + BEARER.format("private")[1:],
    "an encoded path": BEARER.format("private").replace("/auth", "/%61uth"),
    "another protocol's path": BEARER.format("private").replace("openid", "mapped"),
    "large letters": BEARER.format("private").upper(),
    "tokens, method openid": "/auth/tokens#openid",
    "tokens, method mapped": "/auth/tokens#mapped",
}


def rows() -> Iterator[Row]:
    """Every spelling on every path."""
    for place, path in PATHS.items():
        for spelling, form in SPELLINGS.items():
            yield Row(f"{spelling} at {place}", partial(_forged, path, form), "strip")
    for word, value in WORDS.items():
        yield Row(f"{word} with method external", partial(_external, {word: value}), "strip")


def _forged(path: str, form: str, site: Site) -> Result:
    said = CLAIMS | {"iss": site.issuer("private")}
    headers = {form.format(name): value for name, value in said.items()}
    return _send(site, path, headers)


def _send(site: Site, path: str, headers: dict[str, str]) -> Result:
    browser, (place, _, method) = Browser(), path.partition("#")
    if method:
        body = {
            "auth": {"identity": {"methods": [method], method: {"identity_provider": "private", "protocol": "openid"}}}
        }
        return judged(browser.send(site.auth_url + place, json.dumps(body).encode(), headers | JSON))
    get = "websso" in place or "callback" in place
    return judged(browser.send(site.auth_url + place, None if get else b"", headers))


JSON = {"Content-Type": "application/json"}


def _external(headers: dict[str, str], site: Site) -> Result:
    body = {"auth": {"identity": {"methods": ["external"], "external": {}}}}
    return judged(Browser().send(f"{site.auth_url}/auth/tokens", json.dumps(body).encode(), headers | JSON))
