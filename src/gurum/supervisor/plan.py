"""The embedded run as rows: which children there are, what each is told, and what it waits for."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from gurum.identity.catalogue import KeystoneRefused, ensure
from gurum.identity.issuer.documents import DISCOVERY, public
from gurum.identity.session import IdentityUnavailable, PasswordAuth
from gurum.ops import secrets
from gurum.ops.config import Config
from gurum.supervisor import federation, people
from gurum.supervisor.kubernetes import rows as kubernetes
from gurum.supervisor.places import Places
from gurum.supervisor.prepare import emulated, own_issuer
from gurum.supervisor.rows import Child, Refusal, Row, Task

# What any program may need of its surroundings. Everything else, above all OS_* and AWS_*, stays out.
ENVIRON = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR", "TZ")
# To reach clouds that are not on this machine.
OUTSIDE = (*ENVIRON, "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE")


def rows(config: Config, places: Places) -> tuple[Row, ...]:
    """Return the rows, in an order in which each comes after what it needs."""
    keystone = _keystone(config, places) if config.identity.embedded else ()
    issuer = _issuer(config, places) if own_issuer(config) else ()
    providers = _providers(config, places)
    emulator = _emulator(config, places)
    catalogue = Task(
        name="catalogue",
        title="Catalogue, projects and users",
        run=lambda: _catalogue(config, places),
        after=tuple(row.name for row in keystone),
    )
    anchor = _anchor(config, places)
    anchored = tuple(row.name for row in anchor)
    cluster = kubernetes.rows(config, places) if config.embedded.kubernetes else ()
    defined = (kubernetes.DEFINITIONS,) if cluster else ()
    engine = Child(
        name="engine",
        title="Engine, controllers",
        argv=_module("gurum.engine", "--config", str(places.effective)),
        ready=f"http://{config.engine.metrics_host}:{config.engine.metrics_port}/readyz",
        output=places.output("engine"),
        environ=OUTSIDE,
        after=(*(row.name for row in (*issuer, *emulator)), *anchored, *defined),
    )
    pia = Child(
        name="pia",
        title=f"Public Infra API of {len(config.regions)} regions",
        argv=_module("gurum.pia", "--config", str(places.effective)),
        ready=f"http://{config.regions[0].host}:{config.regions[0].port}/readyz",
        output=places.output("pia"),
        environ=OUTSIDE,
        # Without its user in Keystone it could only log a refusal; with it, it can start while Keystone does.
        after=(*(() if places.catalogued.exists() else ("catalogue",)), *anchored, *defined),
    )
    return (*keystone, *providers, *issuer, *emulator, *anchor, *cluster, catalogue, engine, pia)


def listening(config: Config) -> list[tuple[str, str, int]]:
    """Return (what for, host, port) of the embedded parts whose address is a URL of the configuration."""
    urls = {region.aws.endpoint_url: "the AWS emulator" for region in emulated(config) if region.aws}
    if config.identity.embedded:
        urls[config.identity.url] = "Keystone"
    urls |= {url: f"the provider of {one.domain}" for one, url in federation.developing(config)}
    if own_issuer(config):
        urls[config.identity.issuer.url] = "the issuer's documents"
    return [(what, urlsplit(url).hostname or "", urlsplit(url).port or 80) for url, what in urls.items()]


def _keystone(config: Config, places: Places) -> tuple[Child, ...]:
    return (
        Child(
            name="keystone",
            title="Keystone",
            argv=_module("gurum.identity.keystone", "--config", str(places.keystone_config)),
            ready=config.identity.url,
            output=places.output("keystone"),
            environ=ENVIRON,
        ),
    )


def _anchor(config: Config, places: Places) -> tuple[Child, ...]:
    if not config.audit.anchored:
        return ()
    audit = config.audit
    return (
        Child(
            name="audit-anchor",
            title="Anchor of the audit chains",
            argv=_module(
                "gurum.audit.anchor",
                *("--directory", audit.anchor_directory),
                *("--socket", audit.anchor_socket),
                *("--user", audit.anchor_user),
            ),
            ready=f"unix://{audit.anchor_socket}",
            output=places.output("audit-anchor"),
            environ=ENVIRON,
        ),
    )


def _providers(config: Config, places: Places) -> tuple[Child, ...]:
    own = federation.developing(config)
    if not own:
        return ()
    return (
        Child(
            name="providers",
            title="OpenID providers (for development)",
            argv=_module("gurum.identity.provider", "--config", str(places.providers_config)),
            # They begin in order: the last one answers when all do.
            ready=f"{own[-1][1]}/.well-known/openid-configuration",
            output=places.output("providers"),
            environ=ENVIRON,
        ),
    )


def _issuer(config: Config, places: Places) -> tuple[Child, ...]:
    url = config.identity.issuer.url
    parts = urlsplit(url)
    return (
        Child(
            name="issuer",
            title="Issuer, public documents",
            argv=_module(
                "gurum.identity.issuer",
                *("--directory", str(public(config.identity.issuer))),
                *("--host", parts.hostname or ""),
                *("--port", str(parts.port or 80)),
                *(("--prefix", parts.path) if parts.path.strip("/") else ()),
            ),
            ready=f"{url.rstrip('/')}/{DISCOVERY}",
            output=places.output("issuer"),
            environ=ENVIRON,
        ),
    )


def _emulator(config: Config, places: Places) -> tuple[Child, ...]:
    # Regions of one endpoint share the emulator, as real regions share AWS.
    endpoints = dict.fromkeys(region.aws.endpoint_url for region in emulated(config) if region.aws)
    return tuple(
        Child(
            name=f"aws-emulator{f'-{number}' if number else ''}",
            title="AWS emulator (simulated)",
            argv=_module(
                "aws_emulator",
                *("--host", urlsplit(endpoint).hostname or ""),
                *("--port", str(urlsplit(endpoint).port or 80)),
                *("--state", str(places.state / "aws-emulator")),
                *("--config", str(places.emulator_config)),
            ),
            ready=f"{endpoint}/_emulator/health",
            # It has no log of its own.
            output=Path(config.log.directory or places.run) / "aws-emulator.log",
            environ=ENVIRON,
        )
        for number, endpoint in enumerate(endpoints)
    )


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


async def _catalogue(config: Config, places: Places) -> str:
    admin = PasswordAuth(
        auth_url=config.identity.url,
        username=people.BOOTSTRAPPED,
        password_file=places.secret(people.BOOTSTRAPPED),
        project_name="admin",
    )
    try:
        changes = await ensure(admin, people.catalogue(config, places))
    except (KeystoneRefused, IdentityUnavailable) as error:
        raise Refusal(f"the catalogue could not be written: {error}") from error
    secrets.write(places.catalogued, "")
    return f"{len(changes)} changes" if changes else "as it should be"
