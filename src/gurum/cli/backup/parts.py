"""What belongs into a backup and where it lies: rows, the same for taking and for putting back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gurum.ops.config import Config
from gurum.store.backup import backend, is_file
from gurum.supervisor.places import Places

STORE = "store"
CONFIG = "gurum.yaml"
KEYSTONE_DATABASE = "keystone/keystone.sqlite"
# Directories below the state, by their names in the archive.
PROVIDERS = ("providers/private", "providers/public")  # of development: keys, and people with their subjects
TREES = ("secrets", "issuer/keys", "keystone/fernet-keys", "keystone/credential-keys", *PROVIDERS)


def outside(config: Config) -> dict[str, Path]:
    """Return the single files whose places the configuration says."""
    return {
        "token-key": Path(config.engine.token_key_file),
        "service-password": Path(config.identity.service_password_file),
    }


def files(config: Config, places: Places) -> Iterator[tuple[str, Path]]:
    """Yield what is copied as it stands: (name in the archive, path)."""
    if places.config.exists():
        yield CONFIG, places.config
    for tree in TREES:
        for path in sorted((places.state / tree).glob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield f"{tree}/{path.name}", path
    for name, path in outside(config).items():
        if path.exists() and not path.is_relative_to(places.state):
            yield name, path


def target(name: str, config: Config, places: Places) -> Path | None:
    """Return where a member belongs; None for a store that is no file, and is filled instead."""
    if name == STORE:
        if not is_file(config.store):
            return None
        return backend(config.store).file(config.store.url)
    return outside(config).get(name, places.state / name)
