"""The embedded Keystone with its two providers, without the rest of the run: what federation is tested on.

    with running(tmp_path) as site:
        site.login("v3oidcpassword", "private", username="alice", ...)

A start costs as much as Keystone's; share it by a fixture of session scope.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml
from tests.support.stack import document

from gurum.identity.catalogue import ensure
from gurum.identity.keystone import read_ready
from gurum.identity.session import PasswordAuth
from gurum.ops import secrets
from gurum.ops.config import Config, load
from gurum.supervisor import people
from gurum.supervisor.places import Places
from gurum.supervisor.prepare import prepare

START_SECONDS = 240.0


@dataclass
class Prepared:
    """What a run's processes read: made, and not started."""

    config: Config
    places: Places

    @property
    def auth_url(self) -> str:
        return self.config.identity.url

    def issuer(self, name: str) -> str:
        """Give a provider's URL."""
        return str(self.config.embedded.federation_settings[name])

    def secret(self, name: str) -> str:
        """Give a secret of the run."""
        return secrets.read(self.places.secret(name))


@dataclass
class Site(Prepared):
    """A Keystone and two providers that answer."""

    keystone: subprocess.Popen[bytes]
    providers: subprocess.Popen[bytes]
    ready_at: float = 0.0

    @property
    def admin(self) -> PasswordAuth:
        """Give the administrator's login."""
        return PasswordAuth(
            auth_url=self.auth_url,
            username="admin",
            password_file=self.places.secret("admin"),
            project_name="admin",
        )

    @property
    def log(self) -> str:
        """Give Keystone's log."""
        return (Path(self.config.log.directory) / "keystone.log").read_text()


def prepared(directory: Path, **keystone: int) -> tuple[Config, Places]:
    """Make what both processes read, at the first time; `keystone` are settings of its own."""
    places = Places(directory / "var")
    places.state.mkdir(parents=True, exist_ok=True)
    if not places.config.exists():
        settings = document()
        settings["embedded"]["keystone_settings"] = keystone
        places.config.write_text(yaml.safe_dump(settings))
    config = load(places.config, {}, state=places.state)
    prepare(config, places)
    return config, places


@contextmanager
def running(directory: Path) -> Iterator[Site]:
    """Start both below a directory, write the catalogue, stop them in the end."""
    config, places = prepared(directory, bcrypt_rounds=4)
    with (
        _process("gurum.identity.keystone", places.keystone_config) as keystone,
        _process("gurum.identity.provider", places.providers_config) as providers,
    ):
        _until_ready(places, keystone, providers, str(config.embedded.federation_settings["public"]))
        site = Site(config, places, keystone, providers)
        asyncio.run(ensure(site.admin, people.catalogue(config, places)))
        site.ready_at = time.monotonic()
        yield site


@contextmanager
def _process(module: str, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    output = config.with_suffix(".out")
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--config", str(config)], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _until_ready(
    places: Places, keystone: subprocess.Popen[bytes], providers: subprocess.Popen[bytes], public: str
) -> None:
    end = time.monotonic() + START_SECONDS
    ready_file = places.state / "keystone" / "ready.json"
    answered = False
    while read_ready(ready_file) is None or not answered:
        for process, name in ((keystone, "keystone"), (providers, "providers")):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} does not start:\n{(places.run / f'{name}.out').read_text()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{public}/jwks", timeout=5) as answer:
            answered = bool(msgspec.json.decode(answer.read()))
        time.sleep(0.05)
