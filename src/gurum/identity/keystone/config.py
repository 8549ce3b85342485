"""What the embedded Keystone is told: one file, without secrets.

The file says where the secrets are; it may be shown in a bug report as it is.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gurum.identity.front.config import FrontConfig

# Keystone's default is 12 rounds, 250 ms of CPU for each login on a small machine. The embedded
# Keystone listens on loopback and shares two cores with everything else, so it takes 8 (16 ms).
# Anything that holds the passwords of people should raise it; old hashes stay valid.
EMBEDDED_BCRYPT_ROUNDS = 8


class ConfigError(Exception):
    """The configuration file cannot be used; the text says which key and why."""


class KeystoneConfig(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Settings of the embedded Keystone. Paths are absolute, or relative to the working directory.

    `region` is the region whose identity endpoint the bootstrap registers; further regions are
    the catalogue's business. `port` 0 takes a free one and tells it in `ready_file`.
    """

    dir: Path
    admin_password_file: Path
    region: Annotated[str, Meta(min_length=1, max_length=255)]
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 5000
    # What clients are told; by default what is listened on. Without `/v3`.
    public_url: str | None = None
    admin_username: str = "admin"
    admin_project: str = "admin"
    # Written when requests are answered; by default `ready.json` in `dir`.
    ready_file: Path | None = None
    # By default `keystone.log` in `dir`. Rotation is by size: 10 MB, five files.
    log_file: Path | None = None
    # Not DEBUG: Keystone's debug lines show requests.
    log_level: Literal["INFO", "WARNING", "ERROR"] = "INFO"
    threads: Annotated[int, Meta(ge=1, le=64)] = 8
    token_expiration_seconds: Annotated[int, Meta(ge=60)] = 3600
    bcrypt_rounds: Annotated[int, Meta(ge=4, le=31)] = EMBEDDED_BCRYPT_ROUNDS
    # Options of Keystone's own [security_compliance] section, e.g. lockout_failure_attempts: 6.
    security_compliance: dict[str, str | int | bool] = {}
    # Providers whose logins are believed, each at its own paths; none: nobody's.
    federation: FrontConfig = FrontConfig()
    # Any other option of keystone.conf by section; wins over what is set here (federation, ...).
    options: dict[str, dict[str, str | int | bool]] = {}


class Ready(msgspec.Struct, kw_only=True, frozen=True):
    """What the ready file says. `url` is Keystone's root; clients use `auth_url`."""

    pid: int
    port: int
    url: str
    auth_url: str
    # Seconds from the start of the process, and whether the state was there already.
    start_seconds: float
    warm: bool


def load(path: Path) -> KeystoneConfig:
    """Read a configuration file (YAML, hence JSON too). Raises ConfigError."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=KeystoneConfig, dec_hook=_path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def save(config: KeystoneConfig, path: Path) -> None:
    """Write a configuration file that `load` reads back equal. The file holds no secret."""
    path.write_bytes(msgspec.yaml.encode(config, enc_hook=str))


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("expected a path")


def read_ready(path: Path) -> Ready | None:
    """Give what the ready file says, or None while there is none (it is replaced atomically)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ready)
    except FileNotFoundError:
        return None
