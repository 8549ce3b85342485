"""The provider's pages: plain HTML, no script, nothing from elsewhere, and every word of others escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem}"
    "label,input,button{display:block;width:100%;box-sizing:border-box}"
    "input,button{padding:.5rem;margin:.25rem 0 1rem;font:inherit}"
    ".wrong{color:#a00}.note{color:#555;font-size:.875rem}"
)


def login(title: str, application: str, action: str, hidden: Mapping[str, str], wrong: str = "") -> str:
    """Return the page that asks for name and password."""
    body = (
        f"<h1>{_text(title)}</h1><p>Log in for <strong>{_text(application)}</strong>.</p>{_wrong(wrong)}"
        f'<form method="post" action="{_text(action)}">{_hidden(hidden)}'
        '<label for="username">User name</label>'
        '<input id="username" name="username" autocomplete="username" required autofocus>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<button type="submit">Log in</button></form>'
    )
    return _page(title, body)


def device(title: str, action: str, hidden: Mapping[str, str], code: str = "", wrong: str = "") -> str:
    """Return the page that asks for a device's code together with name and password."""
    body = (
        f"<h1>{_text(title)}</h1><p>Enter the code that your device shows. Go on only if you have started it "
        f"yourself: it will act as you.</p>{_wrong(wrong)}"
        f'<form method="post" action="{_text(action)}">{_hidden(hidden)}'
        '<label for="user_code">Code</label>'
        f'<input id="user_code" name="user_code" value="{_text(code)}" autocomplete="off" required>'
        '<label for="username">User name</label><input id="username" name="username" required>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" required>'
        '<button type="submit" name="answer" value="allow">Allow</button>'
        '<button type="submit" name="answer" value="deny">Deny</button></form>'
    )
    return _page(title, body)


def said(title: str, text: str) -> str:
    """Return a page with one sentence."""
    return _page(title, f"<h1>{_text(title)}</h1><p>{_text(text)}</p>")


def response(text: str, *, status: int = 200, leads_to: str = "") -> web.Response:
    """Return a page that nobody can frame, that runs no script and whose form goes only where it should.

    leads_to: a URL to which the form's answer redirects; browsers hold redirects to the form's policy, too.
    """
    forms = "'self'"
    if leads_to:
        parts = urlsplit(leads_to)
        forms += f" {parts.scheme}://{parts.netloc}"
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; form-action {forms}; "
        "frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        '<meta name="viewport" content="width=device-width"><style>' + STYLE + f"</style></head><body>{body}"
        '<p class="note">This provider is for development. Do not give it a password that is used elsewhere.</p>'
        "</body></html>"
    )


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{_text(name)}" value="{_text(value)}">' for name, value in fields.items()
    )


def _wrong(text: str) -> str:
    return f'<p class="wrong" role="alert">{_text(text)}</p>' if text else ""


def _text(value: str) -> str:
    return html.escape(value, quote=True)
