"""The policy bundle: whether it loads."""

from __future__ import annotations

from pathlib import Path

from gurum.cli.doctor.findings import Finding, missing, well
from gurum.ops.config import Config
from gurum.policy.bundle import BundleError
from gurum.policy.engine import EmbeddedDecisionPoint

AREA = "policy"


def look(config: Config) -> list[Finding]:
    """Return what is found of it."""
    try:
        revision = EmbeddedDecisionPoint(Path(config.policy.bundle)).revision
    except (BundleError, OSError) as error:
        return [missing(AREA, "bundle", str(error).splitlines()[0], "policy.bundle; gurum policy test says more")]
    return [well(AREA, "bundle", f"{config.policy.bundle}, revision {revision[:12]}")]
