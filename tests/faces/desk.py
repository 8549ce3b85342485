"""Where tokens of the sign-in are signed for tests, and an API server that believes them."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from tests.faces.site import PROJECT, prepared
from tests.support.kubernetes import control_plane

from gurum.identity.issuer import KeyRing
from gurum.identity.issuer.documents import public
from gurum.identity.issuer.keeper import turn
from gurum.identity.issuer.people import PeopleIssuer
from gurum.identity.tokens import Principal
from gurum.ops.clock import SystemClock
from gurum.ops.config import SignInConfig
from gurum.supervisor.kubernetes.plane import ControlPlane

AUDIENCE, OTHERS = "a-cluster", "d" * 32
HELD = {
    "none": ("auditor",),
    "reader": ("reader",),
    "member": ("member", "reader"),
    "manager": ("manager", "member", "reader"),
    "admin": ("admin", "manager", "member", "reader"),
}
Document = dict[str, Any]


@dataclass
class Desk:
    """One of each."""

    plane: ControlPlane
    config: SignInConfig
    ring: KeyRing

    def token(self, role: str, *, user: str = "", project: str = PROJECT, life: float = 3600) -> str:
        """Return a token of a person with these roles."""
        who = self.person(role, user=user, project=project, life=life)
        return PeopleIssuer(self.config, self.ring, SystemClock()).token(who).text

    def person(self, role: str, *, user: str = "", project: str = PROJECT, life: float = 3600) -> Principal:
        """Return them as Keystone tells of them."""
        now = datetime.now(UTC)
        return Principal(
            user_id=user or f"u-{role}", user_name=role, user_domain_id="default", project_id=project,
            roles=HELD[role], issued_at=now, expires_at=now + timedelta(seconds=life), audit_ids=("audit",),
        )  # fmt: skip

    def forged(self, **claims: Any) -> str:
        """Return a token of the right key that says something else."""
        said = jwt.decode(self.token("member"), options={"verify_signature": False})
        key = self.ring.current()
        pem = key.private.as_pem(private=True)
        return jwt.encode({**said, **claims}, pem, algorithm="RS256", headers={"kid": key.kid})

    def ask(self, token: str, method: str, path: str, body: Any = None, form: str = "") -> tuple[int, Document]:
        """Ask the API server; return status and document."""
        parts = self.plane.url.removeprefix("https://")
        context = ssl.create_default_context(cafile=str(self.plane.plane.pki.believed("kubernetes")))
        connection = http.client.HTTPSConnection(parts, timeout=60, context=context)
        try:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": form or "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    async def call(self, token: str, method: str, path: str, body: Any = None, form: str = "") -> tuple[int, Document]:
        """Likewise, while this process answers the webhook."""
        return await asyncio.to_thread(self.ask, token, method, path, body, form)


@contextmanager
def opened(directory: Path) -> Iterator[Desk]:
    """Give a desk with a prepared control plane; the issuer's documents are served while inside."""
    with control_plane(audience=AUDIENCE) as plane:
        config = SignInConfig(url=plane.plane.issuer, directory=str(directory), audience=AUDIENCE)
        ring = KeyRing(config, SystemClock())
        turn(config, ring)
        port = plane.plane.issuer.rpartition(":")[2]
        words = [sys.executable, "-m", "gurum.identity.issuer", "--directory", str(public(config)), "--port", port]
        server = subprocess.Popen([*words, "--cert-file", str(plane.plane.pki.leaf("sign-in"))])
        try:
            prepared(plane)
            made = Desk(plane, config, ring)
            deadline = time.monotonic() + 60  # it looks for the documents each ten seconds until they are there
            while made.ask(made.token("member"), "GET", "/version")[0] != 200:
                assert time.monotonic() < deadline, "the API server does not believe the issuer"
                time.sleep(0.2)
            yield made
        finally:
            server.terminate()
            server.wait()
