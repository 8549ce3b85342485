"""Requests as anybody sends them: no session, no retry, a status for everything."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any


def send(
    method: str, url: str, body: Any = None, *, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    """Return status, document (None if it is none) and headers; names of headers have underscores here."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        data, told = json.dumps(body).encode(), told | {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=told, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, _document(answer.read()), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _document(error.read()), dict(error.headers)


def made(
    method: str, url: str, body: Any = None, *, form: dict[str, str] | None = None, **headers: str
) -> tuple[Any, dict[str, str]]:
    """Send what must succeed; return document and headers."""
    status, document, answered = send(method, url, body, form=form, **headers)
    if status >= 300:
        raise RuntimeError(f"{method} {url}: {status} {document}")
    return document, answered


def _document(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
