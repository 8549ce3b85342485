"""`gurum region register`: regions, endpoints and our service user in a Keystone that is there already.

Without it an operator types a dozen `openstack` commands, once, and nobody knows a year later what was typed. Here the
plan is computed from the configuration, shown, and only what differs is changed.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.output import rows, write_json
from gurum.identity.catalogue import (
    Catalogue,
    Change,
    KeystoneRefused,
    Region,
    apply,
    guest,
    region_endpoints,
    withdraw,
)
from gurum.identity.session import IdentityUnavailable
from gurum.ops import secrets
from gurum.ops.config import Config
from gurum.supervisor.people import base_url
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("--region", action="append", default=[], metavar="NAME", help="this one only (may be repeated)")
    parser.add_argument("--os-cloud", default="", metavar="NAME", help="cloud of clouds.yaml (default: OS_CLOUD, OS_*)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--remove", action="store_true", help="take regions and endpoints out (services, users stay)")
    parser.add_argument(
        "--service-password",
        choices=("file", "stdin", "prompt"),
        default="file",
        help="where the service user's password comes from; it is kept in identity.service_password_file (0600). "
        "file (default): what stands there, else one is made at random",
    )


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    wanted = [config.region(name) for name in arguments.region] or config.regions
    if not wanted:
        raise Refusal("the configuration has no regions")
    names = [region.name for region in wanted]
    if not arguments.remove and not arguments.dry_run:
        _password(config, arguments.service_password)
    try:
        # Imported late: openstacksdk is a second that no other command needs.
        from gurum.identity.operator import OperatorSession

        operator = OperatorSession(arguments.os_cloud)
        if arguments.remove:
            changes = asyncio.run(withdraw(operator, names, dry_run=arguments.dry_run))
        else:
            changes = asyncio.run(apply(operator, _catalogue(config, names), dry_run=arguments.dry_run))
    except (IdentityUnavailable, KeystoneRefused) as error:
        raise Refusal(str(error)) from error
    _show(changes, arguments, around)
    return 0


def _catalogue(config: Config, names: list[str]) -> Catalogue:
    wanted = [config.region(name) for name in names]
    identity, scheme = config.identity, "https" if config.pia.tls.cert_file else "http"
    return guest(
        identity_url=identity.url,
        regions=[Region(id=region.name, description=region.simulated or None) for region in wanted],
        endpoints=[one for region in wanted for one in region_endpoints(region.name, base_url(region, scheme))],
        service_password_file=Path(identity.service_password_file),
        service_user=identity.service_user,
        service_project=identity.service_project,
    )


def _password(config: Config, source: str) -> None:
    """Have the password in its file. It never stands in an argument, an environment or an output."""
    file = Path(config.identity.service_password_file)
    if source == "file":
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        secrets.make(file)
        return
    typed = (
        sys.stdin.readline() if source == "stdin" else getpass.getpass(f"Password of {config.identity.service_user}: ")
    )
    if not typed.strip():
        raise Refusal("no password was given")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets.write(file, typed.rstrip("\r\n") + "\n")


def _show(changes: list[Change], arguments: Namespace, around: Surroundings) -> None:
    if arguments.format == "json":
        write_json([msgspec.to_builtins(change) for change in changes], around.out)
        return
    if changes:
        details = [", ".join(f"{key}={value}" for key, value in change.fields.items()) for change in changes]
        table = [(c.action, c.kind, c.name, detail) for c, detail in zip(changes, details, strict=True)]
        rows(("action", "kind", "name", "values"), table, around.out)
    what = "would be made" if arguments.dry_run else "made"
    around.out.write(f"{len(changes)} changes {what}\n" if changes else "Nothing differs.\n")


COMMAND = Command(
    words=("region", "register"),
    help="put regions, endpoints and the service user into an existing Keystone; changes only what differs",
    run=_run,
    arguments=_arguments,
)
