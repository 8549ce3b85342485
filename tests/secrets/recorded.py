"""Which secrets a run has: read from where they are kept, and made on purpose where only answers carry them."""

from __future__ import annotations

import base64
import json
import secrets as random
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.support.stack import Stack

from gurum.supervisor.people import PEOPLE


@dataclass
class Recorded:
    """Secrets by what they are, and the error answers that were provoked while they were used."""

    secrets: dict[str, str] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)


def kept(stack: Stack) -> dict[str, str]:
    """Return the secrets that the state directory keeps."""
    found: dict[str, str] = {}
    for path in sorted(stack.places.secrets.iterdir()):
        text = path.read_text().strip()
        if path.suffix == ".json":
            document = json.loads(text)
            found |= {f"secrets/{path.name}: {name}": value for name, value in document.items() if "secret" in name}
        else:
            found[f"secrets/{path.name}"] = text
    for cloud, settings in yaml.safe_load(stack.places.clouds.read_text())["clouds"].items():
        found[f"clouds.yaml: {cloud}"] = settings["auth"]["password"]
    for directory in ("fernet-keys", "credential-keys"):
        for path in sorted((stack.places.state / "keystone" / directory).iterdir()):
            found[f"keystone/{directory}/{path.name}"] = path.read_text().strip()
    return found | private_keys(stack.places.tour)


def private_keys(directory: Path) -> dict[str, str]:
    """Return the private keys of a tour, by their longest line: a log would hold the lines, not the file."""
    found = {}
    for path in sorted(directory.glob("id_*")):
        if path.suffix != ".pub":
            found[f"tour/{path.name}"] = max(path.read_text().splitlines(), key=len)
    return found


def used(stack: Stack) -> Recorded:
    """Log in as everybody, use the tokens rightly and wrongly in each region, and record what comes back."""
    recorded = Recorded(kept(stack))
    for person in PEOPLE:
        token = recorded.secrets[f"token of {person.name}"] = stack.token(person.cloud)
        for region in stack.config.regions:
            _misuse(recorded, stack.url(region.name), region.name, person.name, token)
    token = recorded.secrets["token of demo"]
    for region in stack.config.regions:
        _server_with_secrets(recorded, stack.url(region.name), region.name, token)
    _wrong_passwords(recorded, stack)
    return recorded


def _misuse(recorded: Recorded, root: str, region: str, person: str, token: str) -> None:
    cases: list[tuple[str, str, bytes | None, str]] = [
        ("GET", "/compute/v2.1/servers/detail", None, token),
        ("GET", f"/compute/v2.1/servers/{token}", None, token),
        ("GET", f"/network/v2.0/networks?name={token}&limit=x", None, token),
        ("GET", "/image/v2/images/none", None, token),
        ("GET", "/network/v2.0/ports", None, token[:-8] + "AAAAAAAA"),
        (
            "POST",
            "/compute/v2.1/servers",
            b'{"server": {"name": "x", "adminPass": ' + json.dumps(token).encode(),
            token,
        ),
        ("POST", "/compute/v2.1/os-keypairs", json.dumps({"keypair": {"name": "x", "secret": token}}).encode(), token),
        ("POST", "/network/v2.0/networks", json.dumps({"network": {"password": token}}).encode(), token),
        ("DELETE", "/network/v2.0/networks/none", None, token),
    ]
    for number, (method, path, body, sent) in enumerate(cases):
        status, answer = ask(method, root + path, body, sent)
        if status >= 400 and token.encode() not in (body or b"") and token not in path:
            recorded.answers[f"{region}: {method} {path} as {person} ({status}, {number})"] = answer


def _server_with_secrets(recorded: Recorded, root: str, region: str, token: str) -> None:
    """Make servers that carry secrets of their user: a password of their own, and user data."""
    password, data = random.token_urlsafe(16), random.token_urlsafe(16)
    flavor = json.loads(ask("GET", f"{root}/compute/v2.1/flavors", None, token)[1])["flavors"][0]["id"]
    image = json.loads(ask("GET", f"{root}/image/v2/images", None, token)[1])["images"][0]["id"]
    server: dict[str, Any] = {
        "name": f"secrets-{random.token_hex(4)}",
        "flavorRef": flavor,
        "imageRef": image,
        "adminPass": password,
        "user_data": base64.b64encode(f"#!/bin/sh\necho {data}\n".encode()).decode(),
        "networks": "none",
    }
    status, answer = ask("POST", f"{root}/compute/v2.1/servers", json.dumps({"server": server}).encode(), token)
    if status != 202:
        raise RuntimeError(f"{region}: the server was refused: {status} {answer.decode()}")
    made = json.loads(answer)["server"]
    recorded.secrets[f"{region}: adminPass asked for"] = password
    recorded.secrets[f"{region}: adminPass answered"] = made.get("adminPass", password)
    recorded.secrets[f"{region}: user data"] = data
    ask("DELETE", f"{root}/compute/v2.1/servers/{made['id']}", None, token)


def _wrong_passwords(recorded: Recorded, stack: Stack) -> None:
    for person in PEOPLE:
        wrong = recorded.secrets[f"wrong password of {person.name}"] = random.token_urlsafe(16)
        user = {"name": person.name, "domain": {"id": "default"}, "password": wrong}
        body = json.dumps({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}).encode()
        status, answer = ask("POST", f"{stack.config.identity.url}/auth/tokens", body, "")
        recorded.answers[f"Keystone: login of {person.name} ({status})"] = answer


def ask(method: str, url: str, body: bytes | None, token: str) -> tuple[int, bytes]:
    """Send a request; return status, and headers and body in one."""
    headers = {"Content-Type": "application/json", "X-OpenStack-Nova-API-Version": "2.37"}
    if token:
        headers["X-Auth-Token"] = token
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
