"""How the accounts of a region are entered: where the issuer, which signs, and AWS, which believes it, meet.

Neither may know the other: identity has no cloud, a provider has no keys.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from gurum.audit import words
from gurum.audit.contract import Audit
from gurum.audit.event import Party
from gurum.identity.issuer import Issuer, IssuerError, KeyRing
from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.ops.config import Config, ConfigError, RegionConfig
from gurum.ops.secrets import SecretError
from gurum.providers.aws.denials import Denials
from gurum.providers.aws.recorded import Recorder
from gurum.providers.aws.refusals import LONG, NoSessionError
from gurum.providers.aws.sessions import Sessions
from gurum.providers.aws.sts import Sts
from gurum.providers.aws.transport import BotoTransport


class _Signer:
    """The issuer as AWS's side knows it: that nothing can be signed is a reason why there is no session."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    @property
    def url(self) -> str:
        return self._issuer.url

    def token(self, subject: str, tags: Mapping[str, str]) -> str:
        try:
            return self._issuer.token(subject, tags)
        except (IssuerError, SecretError, OSError) as error:
            text = f"no token can be signed: {error} (the platform team can mend it)"
            raise NoSessionError(Reason.UNRECOVERABLE_ERROR, text, "no-token", LONG) from error


def entered_by_sessions(*regions: RegionConfig) -> bool:
    """Whether any account of the regions has a role."""
    return any(account.role for region in regions if region.aws for account in region.aws.accounts)


def sessions_of(
    region: RegionConfig, config: Config, clock: Clock, recorder: Recorder | None = None
) -> Sessions | None:
    """Return the sessions of a region's accounts; None where no account has a role. Raises ConfigError."""
    if region.aws is None or not entered_by_sessions(region):
        return None
    issuer = config.identity.issuer
    if not issuer.url:
        raise ConfigError(f"region {region.name}: an account has a `role`, so `identity.issuer.url` must be set")
    broker = Sts(region.aws, region.cloud_region, clock)
    return Sessions(_signer(config, clock), broker, clock, config.engine.deployment, recorder)


def denials_of(region: RegionConfig, config: Config, clock: Clock) -> Denials | None:
    """Return what ends sessions in a region's accounts; None where no account has an `offboarding_role`."""
    aws = region.aws
    if aws is None or not any(account.offboarding_role for account in aws.accounts):
        return None
    # STS is asked for another role by the same call.
    accounts = [msgspec.structs.replace(one, role=one.offboarding_role) for one in aws.accounts if one.offboarding_role]
    broker = Sts(msgspec.structs.replace(aws, accounts=accounts, session_seconds=900), region.cloud_region, clock)
    signer = _signer(config, clock)
    return Denials(aws, region.cloud_region, signer, broker, clock, config.engine.deployment)


def _signer(config: Config, clock: Clock) -> _Signer:
    issuer = config.identity.issuer
    return _Signer(Issuer(issuer, KeyRing(issuer, clock), clock))


def engines(region: RegionConfig, config: Config, audit: Audit | None) -> Recorder | None:
    """Return what records the engine's calls to a region's AWS; None: no chain is kept."""
    return Recorder(audit, region.name, words.system(config.engine.deployment)) if audit is not None else None


def operators(region: RegionConfig, audit: Audit | None) -> Recorder | None:
    """Return what records the calls of a command: by the system's user who gave it."""
    who = Party(id=f"uid-{os.getuid()}", type_uri="service/gurum/operator")
    return Recorder(audit, region.name, who) if audit is not None else None


def aws_transport(
    region: RegionConfig, config: Config, clock: Clock, recorder: Recorder | None = None
) -> BotoTransport:
    """Return the wire to a region's AWS; where a chain is kept and no recorder is given, it only looks.

    Raises ConfigError.
    """
    if region.aws is None:
        raise ConfigError(f"region {region.name} is not on AWS")
    sessions = sessions_of(region, config, clock, recorder)
    return BotoTransport(region.aws, region.cloud_region, sessions, recorded=config.audit.enabled)
