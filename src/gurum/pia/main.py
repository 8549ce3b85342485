"""The API's process: from a configuration to regions being served, until a signal ends it.

A problem of the surroundings (a port in use, a store that cannot be opened) is one sentence and an exit code, not a
traceback: the supervisor shows it to whoever typed the command.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import structlog
import uvicorn
import uvloop

from gurum.audit.errors import AuditUnavailableError
from gurum.ops import log as logs
from gurum.ops.clock import SystemClock
from gurum.ops.config import AdmissionConfig, Config, ConfigError, RegionConfig, TlsConfig, load
from gurum.ops.secrets import SecretError
from gurum.pia import tls
from gurum.pia.assembly import assemble
from gurum.pia.faces.running import Faces
from gurum.pia.reload import Renewal, reloading
from gurum.pia.services import SERVICES
from gurum.policy.bundle import BundleError
from gurum.store.contract import StoreError

OK, FAILED, MISCONFIGURED, PORT_IN_USE = 0, 1, 2, 3
GRACE = 10  # seconds that requests under way get to end
BACKLOG = 2048


class PortInUseError(Exception):
    """The address of a region cannot be had; the sentence says which."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the process: there is one server a region."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


def listen(region: RegionConfig) -> socket.socket:
    """Bind a region's address. Raises PortInUseError."""
    return _bound(region.host, region.port, socket.SO_REUSEADDR, f"region {region.name}")


def listen_for_reviews(config: AdmissionConfig) -> socket.socket:
    """Bind the webhook's address, which all processes of a machine may share. Raises PortInUseError."""
    return _bound(config.host, config.port, socket.SO_REUSEPORT, "the admission webhook")


def _bound(host: str, port: int, shared: int, what: str) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, shared, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        why = "another process has the port" if error.errno == errno.EADDRINUSE else error.strerror
        raise PortInUseError(f"{what} cannot be served at {host}:{port}: {why}") from error
    return bound


def reviews(faces: Faces, config: AdmissionConfig) -> _Server:
    """Return the server of the webhook, for `listen_for_reviews`. Raises ConfigError, SecretError."""
    secured = tls.context(TlsConfig(cert_file=config.cert_file, key_file=config.key_file))
    if secured is None:
        raise ConfigError("pia.admission: cert_file and key_file are needed; API servers ask over TLS only")
    settings = uvicorn.Config(
        faces.door, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=GRACE,
    )  # fmt: skip
    if config.client_ca_file:
        try:
            secured.load_verify_locations(cafile=config.client_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"pia.admission: {config.client_ca_file} cannot be used: {error}") from error
        secured.verify_mode = ssl.CERT_REQUIRED
    settings.load()
    settings.ssl = secured
    return _Server(settings)


def root_of(region: RegionConfig, bound: socket.socket, scheme: str = "http") -> str:
    """Return the URL at which clients reach a region."""
    if region.public_url:
        return region.public_url.rstrip("/")
    host = f"[{region.host}]" if ":" in region.host else region.host
    return f"{scheme}://{host}:{bound.getsockname()[1]}"


async def serve(config: Config, regions: Sequence[RegionConfig]) -> None:
    """Serve regions until SIGTERM or SIGINT, then end in order. SIGHUP reads policy and certificate again."""
    log = structlog.get_logger("gurum.pia")
    secured = tls.context(config.pia.tls)
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(contextlib.closing(listen(region))) for region in regions]
        async with assemble(config, SERVICES, SystemClock(), regions) as assembly:
            servers = []
            for region, bound in zip(regions, sockets, strict=True):
                root = root_of(region, bound, "https" if secured else "http")
                settings = uvicorn.Config(
                    assembly.app(region, root),
                    http="httptools",
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    proxy_headers=False,  # whom to believe is `pia.trusted_proxies`, not whoever is on this machine
                    timeout_keep_alive=75,
                    timeout_graceful_shutdown=GRACE,
                    backlog=BACKLOG,
                )
                if secured is not None:
                    settings.load()
                    settings.ssl = secured
                servers.append(_Server(settings))
                log.info("region is served", region=region.name, url=root)
            if assembly.faces is not None and config.pia.admission.port:
                asked = stack.enter_context(contextlib.closing(listen_for_reviews(config.pia.admission)))
                servers.append(reviews(assembly.faces, config.pia.admission))
                sockets.append(asked)
            _stop_on_signal(servers)
            renewals = [Renewal("policy", assembly.reload_policy)]
            if secured is not None:
                renewals.append(Renewal("certificate", partial(_renew, secured, config.pia.tls)))
            async with reloading(*renewals):
                await asyncio.gather(
                    *(server.serve(sockets=[bound]) for server, bound in zip(servers, sockets, strict=True))
                )
    log.info("stopped")


def _stop_on_signal(servers: Sequence[uvicorn.Server]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _renew(secured: ssl.SSLContext, config: TlsConfig) -> str:
    """Read the certificate again; return its file. Raises ConfigError, SecretError."""
    tls.load(secured, config)
    return config.cert_file


def main(argv: list[str] | None = None) -> int:
    """Run the API; return the exit code (2: configuration, 3: a port is in use, 1: anything else that is known)."""
    parser = argparse.ArgumentParser(
        prog="python -m gurum.pia", description="Serve the APIs of the configured regions."
    )
    parser.add_argument("--config", required=True, help="the YAML configuration")
    parser.add_argument("--region", action="append", default=[], help="serve this region only (may be repeated)")
    options = parser.parse_args(argv)
    try:
        config = load(Path(options.config), os.environ)
        regions = [config.region(name) for name in options.region] or config.regions
        if not regions:
            raise ConfigError("the configuration has no regions; there is nothing to serve")
        lines = logs.configure(config.log, "pia")
        with contextlib.closing(lines), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(config, regions))
    except (ConfigError, ValueError, BundleError) as error:
        return _last_word(error, MISCONFIGURED)
    except PortInUseError as error:
        return _last_word(error, PORT_IN_USE)
    except (AuditUnavailableError, StoreError, SecretError, OSError) as error:
        return _last_word(error, FAILED)
    return OK


def _last_word(error: Exception, code: int) -> int:
    print(f"gurum pia: {error}", file=sys.stderr)  # noqa: T201 - the process's last word
    return code
