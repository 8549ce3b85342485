"""Where everything of a run lies: one directory, so that backing up, moving and removing a run are one command each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Paths below the state directory."""

    state: Path

    @property
    def lock(self) -> Path:
        """Held while a supervisor runs."""
        return self.state / "lock"

    @property
    def config(self) -> Path:
        """The operator's document: written once, then theirs."""
        return self.state / "gurum.yaml"

    @property
    def secrets(self) -> Path:
        """Every secret that the run made, one a file."""
        return self.state / "secrets"

    @property
    def clouds(self) -> Path:
        """What stock clients read (OS_CLIENT_CONFIG_FILE); it holds passwords because they need them there."""
        return self.state / "clouds.yaml"

    @property
    def run(self) -> Path:
        """What is written anew at each start: the children's configuration files and what they print."""
        return self.state / "run"

    @property
    def effective(self) -> Path:
        """The whole configuration as the children read it: paths absolute, environment included."""
        return self.run / "gurum.yaml"

    @property
    def keystone_config(self) -> Path:
        """The embedded Keystone's."""
        return self.run / "keystone.yaml"

    @property
    def emulator_config(self) -> Path:
        """The AWS emulator's."""
        return self.run / "aws-emulator.json"

    @property
    def providers_config(self) -> Path:
        """The OpenID providers' of development."""
        return self.run / "providers.yaml"

    @property
    def catalogued(self) -> Path:
        """There once the catalogue, and the API's own user in it, was made."""
        return self.state / "catalogue.done"

    @property
    def tour(self) -> Path:
        """What the last tour left, and the key pair it made."""
        return self.state / "tour"

    def secret(self, name: str) -> Path:
        """Return the path of a secret's file."""
        return self.secrets / name

    def output(self, name: str) -> Path:
        """Return the path of what a child prints beside its log."""
        return self.run / f"{name}.out"
