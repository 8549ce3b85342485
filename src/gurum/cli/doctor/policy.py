"""Who decides: whether the policy bundle loads, or an OPA server answers."""

from __future__ import annotations

import contextlib

from gurum.cli.doctor.findings import Finding, missing, well
from gurum.ops.config import Config
from gurum.ops.policy import PolicyConfig
from gurum.ops.secrets import SecretError
from gurum.policy.bundle import BundleError
from gurum.policy.factory import embedded
from gurum.policy.model import PolicyInput, Principal, Target
from gurum.policy.opa.point import OpaDecisionPoint

AREA = "policy"
NOTHING = PolicyInput(action="", principal=Principal(roles=()), target=Target())  # which every bundle denies


def look(config: Config) -> list[Finding]:
    """Return what is found of it."""
    return [_server(config.policy) if config.policy.url else _bundle(config.policy)]


def _bundle(config: PolicyConfig) -> Finding:
    try:
        revision = embedded(config).revision
    except (BundleError, OSError) as error:
        return missing(AREA, "bundle", str(error).splitlines()[0], "policy.bundle; gurum policy test says more")
    return well(AREA, "bundle", f"{config.bundle}, revision {revision[:12]}")


def _server(config: PolicyConfig) -> Finding:
    try:
        with contextlib.closing(OpaDecisionPoint(config)) as point:
            decision = point.decide(NOTHING)
    except (SecretError, OSError) as error:
        return missing(AREA, "OPA", str(error), "policy.token_file, policy.ca_file")
    if decision.error:
        return missing(AREA, "OPA", f"{config.url}: {decision.reason}", "policy.url; OPA's own log")
    return well(
        AREA, "OPA", f"{config.url}, revision {decision.revision[:12] or 'without a name: nothing is remembered'}"
    )
