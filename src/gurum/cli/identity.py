"""`gurum identity offboard`: end everything by which somebody who leaves can still get in, and say what is left.

A person is disabled at the company's provider by others; here ends what that leaves alive. Keystone is asked in the
operator's name, as by `gurum region register`: it takes an administrator's rights, which no process of ours has.
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

import msgspec

from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.output import rows, write_json
from gurum.identity.catalogue import KeystoneRefused
from gurum.identity.catalogue.api import Api
from gurum.identity.offboard import Ending, Whom, offboard
from gurum.identity.session import IdentityUnavailable
from gurum.ops.config import Config
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("person", help="id or name of the Keystone user; with --issuer: `sub` of the provider's tokens")
    parser.add_argument("--issuer", default="", metavar="URL", help="the provider, as its tokens say it (`iss`)")
    parser.add_argument("--domain", default="", metavar="NAME", help="domain of the Keystone user that is named")
    parser.add_argument("--os-cloud", default="", metavar="NAME", help="cloud of clouds.yaml (default: OS_CLOUD, OS_*)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="show what would end, and end nothing")


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    if arguments.issuer and arguments.domain:
        raise Refusal("--issuer says whose `sub` it is, --domain whose name: one of the two")
    if arguments.issuer:
        whom = Whom(issuer=arguments.issuer, subject=arguments.person)
    else:
        whom = Whom(user=arguments.person, domain=arguments.domain)
    try:
        found = asyncio.run(_ends(config, whom, arguments.os_cloud, dry_run=arguments.dry_run))
    except (IdentityUnavailable, KeystoneRefused) as error:
        raise Refusal(str(error)) from error
    _show(found, arguments, around)
    return 1 if any(one.state == "left" for one in found) else 0


async def _ends(config: Config, whom: Whom, cloud: str, *, dry_run: bool) -> list[Ending]:
    # Imported late: openstacksdk is a second that no other command needs, botocore another.
    from gurum.engine.leaving import sessions_end
    from gurum.identity.operator import OperatorSession

    operator = await asyncio.to_thread(OperatorSession, cloud)
    identity = config.identity
    spared = {await operator.user_id(): "the operator who asks"}
    service = await Api(operator).list("users", name=identity.service_user, domain_id=identity.service_domain)
    spared |= {str(user["id"]): "the user of the API itself" for user in service}
    found = await offboard(operator, whom, dry_run=dry_run, spared=spared)
    users = list(dict.fromkeys(one.user for one in found))
    return [*found, *await sessions_end(config, users, dry_run=dry_run)]


def _show(found: Iterable[Ending], arguments: Namespace, around: Surroundings) -> None:
    if arguments.format == "json":
        write_json([msgspec.to_builtins(one) for one in found], around.out)
        return
    rows(
        ("state", "what", "id", "user", "detail"),
        [(one.state, one.what, one.id, one.user, one.detail) for one in found],
        around.out,
    )


COMMAND = Command(
    words=("identity", "offboard"),
    help="end everything by which somebody who leaves can still get in; exit status 1 if anything is left",
    run=_run,
    arguments=_arguments,
)
