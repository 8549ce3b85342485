"""The clouds: whether AWS takes the credentials for those of the account that they are said to be of."""

from __future__ import annotations

from gurum.cli.doctor.findings import Finding, missing, well
from gurum.ops.config import Config
from gurum.providers.aws.identity import account_of
from gurum.providers.aws.transport import AwsError, LostError, NotSentError

AREA = "cloud"


async def look(config: Config) -> list[Finding]:
    """Return what is found of each account."""
    found: list[Finding] = []
    for region in config.regions:
        for account in region.aws.accounts if region.aws is not None else ():
            name = f"{region.name} {account.number}"
            try:
                number = await account_of(region.aws, region.cloud_region, account.number)  # type: ignore[arg-type]  # not None: it has accounts
            except AwsError as error:
                remedy = f"other credentials in {account.credentials_file}"
                found.append(missing(AREA, name, f"AWS refuses its credentials: {error.code}", remedy))
                continue
            except (NotSentError, LostError) as error:
                remedy = f"is AWS reached from here (proxy, endpoint)? is {account.credentials_file} there?"
                found.append(missing(AREA, name, str(error), remedy))
                continue
            if number == account.number:
                found.append(well(AREA, name, "AWS takes its credentials"))
            else:
                remedy = f"the credentials of {account.number} in {account.credentials_file}"
                found.append(missing(AREA, name, f"its credentials are those of {number}", remedy))
    return found
