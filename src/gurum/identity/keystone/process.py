"""The life of the embedded Keystone's process: listen, migrate, bootstrap, serve, stop.

The order matters. The state directory is locked and the port taken first, so that a second start
fails before it touches anything, and the bootstrap can write the real URL of an ephemeral port.
The ready file comes last: who sees it may send requests.
"""

import importlib.metadata
import importlib.util
import os
import signal
import socket
import sys
import time
import warnings
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import msgspec

from gurum.identity.front.middleware import Front
from gurum.identity.front.page import CALLBACK_PAGE
from gurum.identity.keystone import cache, conf_file, only_enabled
from gurum.identity.keystone.config import KeystoneConfig, Ready
from gurum.identity.keystone.one_writer import WsgiApplication, one_writer
from gurum.identity.keystone.state import Stamp, State, fingerprint
from gurum.ops import secrets
from gurum.ops.clock import SystemClock

# SAML in the role of an identity provider (Keystone to Keystone) parses XML schemas for one second
# at import, a third of a warm start, and is not offered here.
LAZY_MODULES = ("keystone.federation.idp",)
# A dashboard opens connections with every page and leaves them open. At the server's own figures (100 of them, closed
# after two minutes, looked for every half) the next one waits half a minute. A process may have 1024 files by default.
CONNECTIONS = 900
IDLE_SECONDS = 30
LOOK_SECONDS = 5


def run(config: KeystoneConfig, started: float | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then return; requests under way get five seconds.

    Raises SecretError, OSError if the port or the state directory is taken, and whatever Keystone raises at start;
    Keystone itself tells more in the log file. `started` is when the process began (time.time()).
    """
    began = time.time() if started is None else started
    os.umask(0o077)
    state = State(config.dir)
    state.prepare()
    # Before the long work, so that being told to stop while starting is as prompt as later.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)

    with state.locked(), _listen(config.host, config.port) as listener:
        ready_file = config.ready_file or state.ready_file
        ready_file.unlink(missing_ok=True)
        port: int = listener.getsockname()[1]
        url = (config.public_url or f"http://{_url_host(config.host)}:{port}").rstrip("/")
        password = secrets.read(config.admin_password_file)
        stamp = Stamp(
            keystone=importlib.metadata.version("keystone"),
            region=config.region,
            auth_url=f"{url}/v3",
            admin_username=config.admin_username,
            admin_project=config.admin_project,
            password_file=fingerprint(config.admin_password_file),
        )
        warm = state.is_done(stamp)
        secrets.write(state.callback_template, CALLBACK_PAGE)
        secrets.write(state.conf_file, conf_file.render(conf_file.options(config, state)).encode())
        _configure(state)
        if not warm:
            fresh = not state.database.exists()
            _migrate(state)
            _bootstrap(config, stamp, password)
            state.set_done(stamp)
            if not fresh:
                # If the password was changed, that revokes the administrator's tokens of this very
                # second too, those to come included.
                time.sleep(1 - time.time() % 1)
        del password
        front = Front(_application(), config.federation, root=url, clock=SystemClock())
        server = _server(front, listener, config.threads)
        _load_policy()
        ready = Ready(
            pid=os.getpid(),
            port=port,
            url=url,
            auth_url=stamp.auth_url,
            start_seconds=round(time.time() - began, 3),
            warm=warm,
        )
        secrets.write(ready_file, msgspec.json.encode(ready))
        try:
            server.run()
        finally:
            _remove_own(ready_file, ready)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # waitress turns SystemExit into an orderly end of its threads; during start it ends at once.
    raise SystemExit(0)


def _remove_own(ready_file: Path, ready: Ready) -> None:
    # A successor may have replaced it already.
    if ready_file.exists() and ready_file.read_bytes() == msgspec.json.encode(ready):
        ready_file.unlink()


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int) -> socket.socket:
    """Bind, and listen only later: a client is refused, not left waiting, until all is ready."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _configure(state: State) -> None:
    # oslo.config reads sys.argv. Both options are given so that nothing of /etc/keystone, should
    # this machine have one, is mixed in.
    sys.argv = ["keystone", f"--config-file={state.conf_file}", f"--config-dir={state.conf_dir}"]
    # eventlet, imported by oslo.service and not used, announces its own retirement, and sees to it
    # that an ignoring filter does not help.
    with warnings.catch_warnings(record=True):
        for name in LAZY_MODULES:
            _import_when_used(name)
        import keystone.server

    cache.register()
    keystone.server.configure()
    _report_crashes_on_stderr_too()


def _report_crashes_on_stderr_too() -> None:
    # oslo.log has just taken the hook and writes to its file only, where nobody looks first.
    write_to_log = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        write_to_log(kind, error, trace)
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook


def _import_when_used(name: str) -> None:
    """Put a module into sys.modules that is executed at the first look at an attribute of it."""
    parent, _, child = name.rpartition(".")
    importlib.import_module(parent)
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ImportError(f"keystone has no module {name}", name=name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    setattr(sys.modules[parent], child, module)


def _migrate(state: State) -> None:
    import keystone.conf
    from keystone.common import fernet_utils
    from keystone.common.sql import upgrades
    from keystone.credential.providers.fernet.core import MAX_ACTIVE_KEYS

    # First, while no other connection is open: it needs the database for itself.
    state.use_write_ahead_log()
    upgrades.offline_sync_database_to_version()
    for directory, count, group in (
        (
            state.fernet_keys,
            keystone.conf.CONF.fernet_tokens.max_active_keys,
            "fernet_tokens",
        ),
        (state.credential_keys, MAX_ACTIVE_KEYS, "credential"),
    ):
        # Makes keys only where there are none; existing tokens stay valid.
        fernet_utils.FernetUtils(str(directory), count, group).initialize_key_repository()


def _bootstrap(config: KeystoneConfig, stamp: Stamp, password: str) -> None:
    """Do what `keystone-manage bootstrap` does; it changes only what is missing or different."""
    from keystone.cmd import bootstrap

    boot = bootstrap.Bootstrapper()
    boot.immutable_roles = True
    boot.admin_username = config.admin_username
    boot.admin_password = password
    boot.admin_role_name = "admin"
    boot.project_name = config.admin_project
    boot.service_name = "keystone"
    boot.region_id = config.region
    boot.public_url = boot.internal_url = boot.admin_url = stamp.auth_url
    boot.bootstrap()


def _application() -> WsgiApplication:
    from keystone.auth import core as auth
    from keystone.common import provider_api
    from keystone.server import backends
    from keystone.server.flask import application, core

    # The bootstrap has loaded them already, and they can be loaded only once.
    if not provider_api.ProviderAPIs.locked:
        backends.load_backends()
    app = core.setup_app_middleware(application.application_factory("public"))
    only_enabled.wrap(auth.AUTH_METHODS)
    return one_writer(app)


def _load_policy() -> None:
    """Load Keystone's policy before anybody asks.

    It is loaded at the first request, without a lock: of several at once, some would be decided by half of the rules.
    """
    import flask
    from keystone.common.rbac_enforcer import enforcer

    # Within a request, Keystone does not warn of each deprecated rule by itself.
    with flask.Flask("policy").test_request_context():
        enforcer.RBACEnforcer()._enforcer.load_rules()


def _server(app: WsgiApplication, listener: socket.socket, threads: int) -> Any:
    import waitress.server

    return waitress.server.create_server(
        app,
        sockets=[listener],
        threads=threads,
        ident=None,
        clear_untrusted_proxy_headers=True,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=LOOK_SECONDS,
        asyncore_use_poll=True,  # select would end at descriptor 1024, and is asked about every connection each time
    )
