"""TLS of the API: certificate and key from files, taken in anew on SIGHUP, so that a renewal needs no restart."""

from __future__ import annotations

import ssl
from pathlib import Path

from gurum.ops import secrets
from gurum.ops.config import ConfigError, TlsConfig


def context(config: TlsConfig) -> ssl.SSLContext | None:
    """Return what the servers share; None: TLS is off. Raises ConfigError, SecretError (the key's mode)."""
    if not config.cert_file and not config.key_file:
        return None
    if not (config.cert_file and config.key_file):
        raise ConfigError("pia.tls: cert_file and key_file go together")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    load(made, config)
    return made


def load(made: ssl.SSLContext, config: TlsConfig) -> None:
    """Have new connections use what the files hold now. Raises ConfigError, SecretError; then the old ones stay."""
    secrets.read(Path(config.key_file))  # for its mode; the content is OpenSSL's
    trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A pair that does not fit would leave the living context with half of it.
        trial.load_cert_chain(config.cert_file, config.key_file)
        made.load_cert_chain(config.cert_file, config.key_file)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"pia.tls: {config.cert_file} and {config.key_file} cannot be used: {error}") from error
