"""The sessions at AWS of somebody who leaves, in every account of every region: where identity and clouds meet."""

from __future__ import annotations

from collections.abc import Sequence

from gurum.engine.entrance import denials_of
from gurum.identity.offboard import Ending
from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import AwsAccountConfig, Config, ConfigError, RegionConfig
from gurum.providers.aws.denials import Denials
from gurum.providers.aws.errors import AwsError, LostError, NotSentError
from gurum.providers.aws.refusals import NoSessionError


async def sessions_end(
    config: Config, users: Sequence[str], *, dry_run: bool = False, clock: Clock | None = None
) -> list[Ending]:
    """Deny the sessions of these users (Keystone ids) in each account that is entered by sessions.

    An account without an `offboarding_role` has them `left`, until they run out by themselves. What AWS refuses is
    `left`, too, and not raised.
    """
    found: list[Ending] = []
    for region, account in _entered(config):
        denials = None if dry_run else denials_of(region, config, clock or SystemClock())
        try:
            found += [await _one(region, account, denials, user, dry_run=dry_run) for user in users]
        finally:
            if denials is not None:
                await denials.close()
    return found


def _entered(config: Config) -> list[tuple[RegionConfig, AwsAccountConfig]]:
    """Return each role of an account once: IAM has no regions."""
    found = {
        (account.number, account.role): (region, account)
        for region in reversed(config.regions)
        if region.aws is not None
        for account in region.aws.accounts
        if account.role
    }
    return list(found.values())


async def _one(
    region: RegionConfig,
    account: AwsAccountConfig,
    denials: Denials | None,
    user: str,
    *,
    dry_run: bool,
) -> Ending:
    ending = Ending(user=user, what="AWS sessions", id=account.number, state="ended")
    seconds = region.aws.session_seconds if region.aws else 0
    if not account.offboarding_role:
        why = f"no offboarding_role is configured; they run out within {seconds} s of the last request"
        return _left(ending, why)
    if dry_run or denials is None:
        return Ending(user=user, what=ending.what, id=ending.id, state="would end")
    try:
        await denials.deny(account.number, user)
    except (NoSessionError, AwsError, NotSentError, LostError, ConfigError) as error:
        return _left(ending, f"{error}; they run out within {seconds} s of the last request")
    return ending


def _left(ending: Ending, why: str) -> Ending:
    return Ending(user=ending.user, what=ending.what, id=ending.id, state="left", detail=why)
