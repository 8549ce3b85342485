"""A provider that turned evil, or somebody in its place: what its documents may make this machine do.

These rows need a hostile provider and a front of their own, in this process.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.attacks.forge import FOREIGN, Site, text
from tests.attacks.rows import Result, Row

from gurum.identity.front.config import Trusted
from gurum.identity.front.fetch import fetch
from gurum.identity.front.keys import Keys
from gurum.identity.front.refused import Refused
from gurum.ops.clock import SystemClock

Documents = dict[str, tuple[int, dict[str, str], bytes]]


def rows() -> Iterator[Row]:
    """Where it leads, how long, how much, and as whom."""
    stories: dict[str, tuple[Callable[[str, str], Documents], str]] = {
        "keys at another port of this machine": (lambda own, other: _found(own, f"{other}/jwks"), "origin"),
        "keys at another name of this machine": (
            lambda own, other: _found(own, own.replace("127.0.0.1", "localhost") + "/jwks"),
            "origin",
        ),
        "keys at the metadata service of a cloud": (
            lambda own, other: _found(own, "http://169.254.169.254/latest"),
            "",
        ),
        "keys in a file": (lambda own, other: _found(own, "file:///etc/passwd"), ""),
        "keys behind a redirect": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (302, {"Location": f"{other}/jwks"}, b"")},
            "",
        ),
        "discovery behind a redirect": (
            lambda own, other: {"/.well-known/openid-configuration": (302, {"Location": f"{other}/jwks"}, b"")},
            "",
        ),
        "discovery of another issuer": (lambda own, other: _found(other, f"{own}/jwks"), "issuer's document"),
        "keys without an end": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (200, {}, b" " * 2_000_000 + _keys())},
            "bytes",
        ),
        "keys that are a list": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (200, {}, b"[]")},
            "",
        ),
        "keys nested 100,000 deep": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (200, {}, b"[" * 100_000)},
            "",
        ),
        "a symmetric key": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (200, {}, _symmetric())},
            "",
        ),
        "a key that is for encryption": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (200, {}, _keys(use="enc"))},
            "use",
        ),
        "a key that is for another algorithm": (
            lambda own, other: _found(own, f"{own}/jwks") | {"/jwks": (200, {}, _keys(alg="PS256"))},
            "key's algorithm",
        ),
    }
    for name, (documents, guard) in stories.items():
        yield Row(name, partial(_asked, documents), guard)


def _asked(documents: Callable[[str, str], Documents], site: Site) -> Result:
    """What is gained is a key that is believed, or a request that somebody else gets."""
    with _server() as (other, theirs, strangers), _server() as (own, ours, _):
        ours |= documents(own, other)
        theirs["/jwks"] = (200, {}, _keys())
        keys = Keys(Trusted(name="evil", issuer=own, audience="a"), SystemClock(), fetch)
        try:
            keys.key("theirs", "RS256")
        except Refused as refused:
            return Result(refused.status, bool(strangers))
        return Result(200, True)


def _found(issuer: str, jwks: str) -> Documents:
    document = json.dumps({"issuer": issuer, "jwks_uri": jwks}).encode()
    return {"/.well-known/openid-configuration": (200, {}, document), "/jwks": (200, {}, _keys())}


def _keys(**changed: str) -> bytes:
    return json.dumps({"keys": [{**FOREIGN.as_dict(private=False), "kid": "theirs"} | changed]}).encode()


def _symmetric() -> bytes:
    return json.dumps({"keys": [{"kty": "oct", "kid": "theirs", "k": text(b"k" * 32)}]}).encode()


@contextmanager
def _server() -> Iterator[tuple[str, Documents, list[str]]]:
    """Serve documents; give the URL, the documents, and what was asked for."""
    documents: Documents = {}
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = documents.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # whoever asked has had enough, which is what is tested
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", documents, asked
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()
