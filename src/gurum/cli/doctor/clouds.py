"""The clouds: whether AWS takes the credentials for those of the account that they are said to be of."""

from __future__ import annotations

from gurum.cli.doctor.findings import Finding, missing, well
from gurum.engine.entrance import sessions_of
from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig, Config, RegionConfig
from gurum.providers.aws.identity import account_of
from gurum.providers.aws.refusals import NoSessionError
from gurum.providers.aws.sessions import Sessions
from gurum.providers.aws.transport import AwsError, LostError, NotSentError

AREA = "cloud"


async def look(config: Config) -> list[Finding]:
    """Return what is found of each account."""
    found: list[Finding] = []
    for region in config.regions:
        if region.aws is None:
            continue
        sessions = sessions_of(region, config, SystemClock())
        try:
            found += [await _account(region.aws, region, account, sessions) for account in region.aws.accounts]
        finally:
            if sessions is not None:
                await sessions.close()
    return found


async def _account(
    aws: AwsConfig, region: RegionConfig, account: AwsAccountConfig, sessions: Sessions | None
) -> Finding:
    name, entrance = f"{region.name} {account.number}", account.credentials_file or f"the role {account.role}"
    try:
        number = await account_of(aws, region.cloud_region, account.number, sessions)
    except NoSessionError as error:
        return missing(AREA, name, str(error), "`gurum accounts check` says what the account lacks")
    except AwsError as error:
        return missing(AREA, name, f"AWS refuses its credentials: {error.code}", f"other credentials in {entrance}")
    except (NotSentError, LostError) as error:
        remedy = f"is AWS reached from here (proxy, endpoint)? is {entrance} there?"
        return missing(AREA, name, str(error), remedy)
    if number == account.number:
        return well(AREA, name, "AWS takes its credentials" if account.credentials_file else "AWS gives sessions")
    return missing(AREA, name, f"its credentials are those of {number}", f"those of {account.number} in {entrance}")
