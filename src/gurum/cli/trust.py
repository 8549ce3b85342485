"""`gurum accounts check`: whether each AWS account gives sessions, and otherwise what to paste into it.

It asks as the engine does, so what it says is what the engine meets; what is missing is computed from the configuration
and not from a manual that would be older than it.
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Any

from gurum.cli.command import Command, Surroundings, aws_region, configuration, format_argument, place_arguments
from gurum.cli.output import write_json
from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig, Config, RegionConfig
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    parser.add_argument("--region", default="", metavar="NAME", help="region (default: the only one on AWS)")
    parser.add_argument("--account", default="", metavar="NUMBER", help="account (default: each of the region)")
    format_argument(parser)


async def check(config: Config, region: RegionConfig, aws: AwsConfig, number: str) -> list[dict[str, Any]]:
    """Return of each account whether it is entered, why not, and what it has to have. Raises ConfigError, Refusal."""
    # Imported late: botocore.
    from gurum.engine.entrance import denials_of, sessions_of
    from gurum.providers.aws.errors import AwsError, LostError, NotSentError
    from gurum.providers.aws.identity import account_of
    from gurum.providers.aws.refusals import NoSessionError

    chosen = [account for account in aws.accounts if number in ("", account.number)]
    if not chosen:
        raise Refusal(f"region {region.name} has no account {number}")
    sessions, found = sessions_of(region, config, SystemClock()), []
    denials = denials_of(region, config, SystemClock())
    try:
        for account in chosen:
            code, problem = "", ""
            try:
                seen = await account_of(aws, region.cloud_region, account.number, sessions)
                if seen != account.number:
                    code, problem = "OtherAccount", f"it is entered as the account {seen}"
                elif denials is not None and account.offboarding_role:
                    await denials.check(account.number)
            except NoSessionError as error:
                code, problem = error.code, str(error)
            except (AwsError, NotSentError, LostError) as error:
                code, problem = getattr(error, "code", "NoAnswer"), str(error)
            found.append(_told(config, region, account, code, problem))
    finally:
        if sessions is not None:
            await sessions.close()
        if denials is not None:
            await denials.close()
    return found


def _told(config: Config, region: RegionConfig, account: AwsAccountConfig, code: str, problem: str) -> dict[str, Any]:
    from gurum.providers.aws import trust

    told: dict[str, Any] = {
        "account": account.number,
        "region": region.name,
        "entered_by": "sessions" if account.role else "a stored key",
        "ok": not problem,
        "code": code,
        "problem": problem,
    }
    issuer = config.identity.issuer.url
    if account.role:
        told |= {
            "role": trust.role_arn(account.role, account.number),
            "oidc_provider": trust.provider(issuer),
            "trust_policy": trust.trust_policy(issuer, account.number, config.engine.deployment),
        }
    if account.offboarding_role:
        told |= {
            "offboarding_role": trust.role_arn(account.offboarding_role, account.number),
            "offboarding_trust_policy": trust.offboarding_trust(issuer, account.number, config.engine.deployment),
            "offboarding_policy": trust.offboarding_policy(account.role, account.number),
        }
    return told


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    region = aws_region(config, arguments.region)
    if region.aws is None:
        raise Refusal(f"region {region.name} is not on AWS")
    found = asyncio.run(check(config, region, region.aws, arguments.account))
    if arguments.format == "json":
        write_json(found, around.out)
    else:
        for one in found:
            _show(one, around)
    return 0 if all(one["ok"] for one in found) else 1


def _show(one: dict[str, Any], around: Surroundings) -> None:
    out = around.out
    out.write(f"{one['account']}  {'well' if one['ok'] else 'MISSING'}, entered by {one['entered_by']}\n")
    if one["ok"]:
        return
    out.write(f"  {one['problem']}\n")
    if "role" not in one:
        return
    name = one["role"].rpartition("/")[2]
    out.write("\nThe provider, for `aws iam create-open-id-connect-provider --cli-input-json file://provider.json`:\n")
    write_json(one["oidc_provider"], out)
    out.write(
        f"\nThe trust policy of {one['role']}, for `aws iam create-role --role-name {name} "
        "--assume-role-policy-document file://trust.json`\n(or, of a role that is there, `aws iam "
        f"update-assume-role-policy --role-name {name} --policy-document file://trust.json`):\n"
    )
    write_json(one["trust_policy"], out)
    out.write("\nWhat the role may do is printed by `gurum aws policy`.\n")
    if "offboarding_role" in one:
        out.write(f"\nThe trust policy of {one['offboarding_role']}, by which the sessions of who leaves are ended:\n")
        write_json(one["offboarding_trust_policy"], out)
        out.write("\nWhat that role may do (give the other one a permissions boundary, too):\n")
        write_json(one["offboarding_policy"], out)


COMMAND = Command(
    words=("accounts", "check"),
    help="see whether each AWS account gives sessions; print the provider and the trust policy that it lacks",
    run=_run,
    arguments=_arguments,
)
