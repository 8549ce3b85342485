"""Asking a provider: only the configured one, for so long, for so much, and not where its answers point to.

The front sits where every stranger's token is looked at. A URL out of a token, a redirect followed or an answer without
an end would let strangers choose what this machine connects to, or how long it is busy.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from gurum.identity.front.config import usable

SECONDS = 5.0
BYTES = 256 * 1024


class Unreachable(Exception):  # noqa: N818 - what happened
    """The provider gives no usable answer; the text names its host and no secret."""


class Fetch(Protocol):
    """A way to ask a provider."""

    def __call__(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a URL, or the answer to a form. Raises Unreachable."""
        ...


def fetch(url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object. No redirect is followed, no proxy asked; five seconds, 256 KiB. Raises Unreachable."""
    parts = urlsplit(usable(url))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    end = time.monotonic() + SECONDS
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": "application/json"}
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST", path, body=urlencode(form), headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise Unreachable(f"{parts.hostname} answers {response.status}")
        found = json.loads(_body(response, end))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise Unreachable(f"no answer of {parts.hostname} ({type(error).__name__})") from None
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise Unreachable(f"{parts.hostname} gives no JSON object")
    return found


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port. Raises ValueError."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)


def _body(response: http.client.HTTPResponse, end: float) -> bytes:
    body = b""
    while piece := response.read1(16_384):
        body += piece
        if len(body) > BYTES:
            raise ValueError("too long")
        if time.monotonic() > end:
            raise TimeoutError
    return body
