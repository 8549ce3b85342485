"""A listener between the engine and STS: what was asked for, what was given, and each secret that went through.

It stands where `aws.sts_url` leads and hands everything on as it came. It is in the test's own process, so that nothing
that it knows is in the run that is searched.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SECRET = re.compile(r"<(SecretAccessKey|SessionToken)>([^<]+)</")
CODE = re.compile(r"<Code>([^<]+)</Code>")


@dataclass
class Recorded:
    """What went through so far. `secrets` by a name that may be shown."""

    url: str = ""
    onward: str = ""
    given: int = 0
    refused: list[str] = field(default_factory=list)
    kids: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)

    def take(self, question: bytes, answer: bytes) -> None:
        """Note a request and its answer."""
        token = parse_qs(question.decode()).get("WebIdentityToken", [""])[0]
        number = self.given + len(self.refused) + 1
        if token:
            self.secrets[f"token {number}"] = token
            header, claims = (_part(token, index) for index in (0, 1))
            self.kids.add(str(header["kid"]))
            self.subjects.add(str(claims["sub"]))
        text = answer.decode()
        found = SECRET.findall(text)
        self.secrets |= {f"{name} {number}": value for name, value in found}
        if found:
            self.given += 1
        else:
            self.refused += CODE.findall(text) or ["?"]


def _part(token: str, index: int) -> dict[str, object]:
    text = token.split(".")[index]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


@contextmanager
def recording() -> Iterator[Recorded]:
    """Give a listener on loopback. `onward` has to be set before anything comes."""
    known, lock = Recorded(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Hand on, note, answer."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            request = urllib.request.Request(known.onward, data=body, headers=kept)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    status, text = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    status, text = error.code, error.read()
            with lock:
                known.take(body, text)
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the path is of no interest, and the terminal is searched."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
