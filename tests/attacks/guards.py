"""Each guard, and how it is taken out: what is left then must let something in, or the rows prove nothing.

A guard is a line of the product. It is taken out by compiling its function anew with the line changed; if the line is
no longer there, the row here fails, so that the list cannot outlive the code.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest import mock

from gurum.identity.front import environ, fetch, keys, middleware, verify, websso
from gurum.identity.provider import app, authorize, devices, grants, passwords, service


@dataclass(frozen=True)
class Change:
    """A line of a function or method, and what stands in its place without the guard."""

    owner: Any  # a module, or a class
    function: str
    line: str
    instead: str


# By the name that rows bear.
GUARDS: dict[str, tuple[Change, ...]] = {
    "strip": (Change(environ, "stripped", "if not FORGED.match(key)", "if True"),),
    "claims": (
        Change(environ, "said", '("iss", "sub", *names)', '("iss", "sub", "groups", "project", "roles", "domain")'),
    ),
    "plain": (Change(environ, "plain", "isinstance(value, str)", "True or isinstance(value, str)"),),
    "signature": (
        Change(
            verify.Verifier,
            "_claims",
            "claims = dict(jwt.decode(token, key, algorithms=[str(algorithm)]).claims)",
            'part = token.split(".")[1]; claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))',
        ),
    ),
    # A provider's keys may say their algorithm themselves, as ours do: then that stands behind the list.
    "algorithms": (
        Change(verify.Verifier, "_claims", "if algorithm not in self._trusted.algorithms:", "if False:"),
        Change(keys.Keys, "key", 'stated not in ("", algorithm)', "False"),
    ),
    "issuer": (Change(verify.Verifier, "_held", 'if claims.get("iss") != self._trusted.issuer:', "if False:"),),
    "audience": (
        Change(verify.Verifier, "access", "if self._trusted.audience not in _audience(claims):", "if False:"),
    ),
    "kind": (
        Change(
            verify.Verifier,
            "access",
            'if _media(header.get("typ")) != self._trusted.token_type.lower():',
            "if False:",
        ),
    ),
    "nonce of an ID token": (
        Change(verify.Verifier, "access", 'if "nonce" in claims or "at_hash" in claims:', "if False:"),
    ),
    "expired": (Change(verify.Verifier, "_held", '_moment(claims, "exp") <= now - leeway', "False"),),
    "future": (Change(verify.Verifier, "_held", "> now + leeway", "> now + 1e9"),),
    "nonce": (Change(verify.Verifier, "identity", 'if not nonce or claims.get("nonce") != nonce:', "if False:"),),
    "dashboards": (Change(websso.WebSso, "begin", "if origin not in self._dashboards:", "if False:"),),
    "state": (
        Change(
            websso.WebSso,
            "end",
            'if not hmac.compare_digest(_one(query, "state").encode(), kept["state"].encode()):',
            "if False:",
        ),
    ),
    "answering issuer": (
        Change(websso.WebSso, "end", 'if _one(query, "iss") not in ("", self._trusted.issuer):', "if False:"),
    ),
    "error": (Change(websso.WebSso, "end", 'if _one(query, "error"):', "if False:"),),
    "cool": (Change(keys.Keys, "_refresh", "now - self._tried_at < COOL", "False"),),
    "origin": (Change(keys.Keys, "_own", "own = origin(url) == origin(self._trusted.issuer)", "own = True"),),
    "issuer's document": (
        Change(keys.Keys, "_refresh", 'if document.get("issuer") != self._trusted.issuer:', "if False:"),
    ),
    "key's algorithm": (Change(keys.Keys, "key", 'stated not in ("", algorithm)', "False"),),
    "use": (Change(keys, "_read", 'or jwk.get("use", "sig") != "sig"', ""),),
    "bytes": (Change(fetch, "_body", "if len(body) > BYTES:", "if False:"),),
    "redirect": (Change(authorize.Authorize, "_whom", "if redirect_uri not in client.redirect_uris:", "if False:"),),
    "logout": (Change(app.Endpoints, "end_session", "if back and client and back in client.logout_uris:", "if back:"),),
    "code once": (Change(grants.Grants, "_code", "self._provider.codes.take(code)", "self._provider.codes.get(code)"),),
    "code's address": (Change(grants.Grants, "_code", 'one(form, "redirect_uri") == found.redirect_uri', "True"),),
    "pkce": (Change(grants.Grants, "_code", 'verified(found.challenge, one(form, "code_verifier"))', "True"),),
    "refresh once": (Change(grants.Grants, "_refresh", "self._provider.refreshes.take(token)", "pass"),),
    "secret": (Change(service.Provider, "client", "if client is None or not right:", "if client is None:"),),
    "secret limit": (
        Change(service.Provider, "client", "if wait := self._wrong_secrets.wait(place):", "if wait := 0:"),
    ),
    "password limit": (
        Change(
            passwords.Passwords,
            "check",
            "if waits := max(limit.wait(keys[name]) for name, limit in self._limits.items()):",
            "if waits := 0:",
        ),
    ),
    "device limit": (
        Change(
            devices.Devices,
            "answer",
            "max(provider.wrong_user_codes.wait(address), provider.wrong_user_codes.wait(EVERYBODY))",
            "0",
        ),
    ),
    "browser": (
        Change(
            authorize.Authorize,
            "login",
            "not hmac.compare_digest(browser.encode(), login.browser.encode())",
            "False",
        ),
    ),
}


@contextmanager
def without(guard: str) -> Iterator[None]:
    """Take a guard out for the duration of a block; what is started within is without it."""
    with ExitStack() as ends:
        for change in GUARDS[guard]:
            made = _compiled(change)
            ends.enter_context(mock.patch.object(change.owner, change.function, made))
            # Functions of modules were imported by name.
            for module in (middleware, websso, grants, devices, authorize, keys):
                if isinstance(change.owner, ModuleType) and hasattr(module, change.function):
                    ends.enter_context(mock.patch.object(module, change.function, made))
        yield


def _compiled(change: Change) -> Any:
    function = getattr(change.owner, change.function)
    source = textwrap.dedent(inspect.getsource(function))
    if change.line not in source:
        raise LookupError(f"{change.function} has no line {change.line!r}: the guard has another form now")
    found: dict[str, Any] = {}
    exec(source.replace(change.line, change.instead, 1), function.__globals__, found)
    return found[change.function]
