"""Whoever decides, by the configuration: the engine in this process, or OPA servers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from gurum.ops.policy import PolicyConfig
from gurum.policy.bundle import BundleSource, read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import DecisionPoint
from gurum.policy.opa.point import OpaDecisionPoint


class OpenDecisionPoint(DecisionPoint, Protocol):
    """A decision point that a process keeps open."""

    def reload(self) -> str:
        """Take anew what the configuration names, and return it in a word. What fails changes nothing, and raises.

        Not for an event loop: it may take a second.
        """
        ...

    async def missing(self) -> str | None:
        """Return why nothing can be decided now, or None."""
        ...


def configured(config: PolicyConfig) -> BundleSource:
    """Return the configured bundle, signed as it must be. Raises BundleError."""
    return read_bundle(Path(config.bundle), _key(config))


def embedded(config: PolicyConfig) -> EmbeddedDecisionPoint:
    """Return the engine over the configured bundle. Raises BundleError."""
    return EmbeddedDecisionPoint(Path(config.bundle), verification_key=_key(config))


def _key(config: PolicyConfig) -> Path | None:
    return Path(config.verification_key) if config.verification_key else None


@contextlib.contextmanager
def opened(config: PolicyConfig) -> Iterator[OpenDecisionPoint]:
    """Give the configured decision point, and close it. Raises BundleError, SecretError, OSError."""
    if config.url:
        with contextlib.closing(OpaDecisionPoint(config)) as server:
            yield server
    else:
        yield embedded(config)
