"""The entry point of `gurum`: arguments in, exit status out, and no traceback for what is not a defect.

Exit status: 0 done, 1 refused or failed (one sentence on stderr), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import TextIO

import structlog

from gurum.cli import (
    accounts,
    adopt,
    audit,
    aws,
    backup,
    cleanup,
    config,
    doctor,
    explain,
    identity,
    issuer,
    kubernetes,
    policy,
    region,
    sign_in,
    store,
    trust,
    up,
    upgrade,
    version,
)
from gurum.cli.command import Command, Surroundings
from gurum.ops.config import ConfigError
from gurum.ops.secrets import SecretError
from gurum.store.contract import StoreError
from gurum.supervisor.rows import Refusal

COMMANDS: tuple[Command, ...] = (
    up.COMMAND,
    *accounts.COMMANDS,
    trust.COMMAND,
    adopt.COMMAND,
    *audit.COMMANDS,
    *aws.COMMANDS,
    *backup.COMMANDS,
    cleanup.COMMAND,
    doctor.COMMAND,
    explain.COMMAND,
    config.COMMAND,
    identity.COMMAND,
    *issuer.COMMANDS,
    *kubernetes.COMMANDS,
    policy.COMMAND,
    policy.PREPARE,
    policy.BUNDLE,
    region.COMMAND,
    *sign_in.COMMANDS,
    *store.COMMANDS,
    *upgrade.COMMANDS,
    version.COMMAND,
)
GROUPS = {
    "accounts": "projects and AWS accounts",
    "audit": "who did what, and whether that was tampered with",
    "aws": "the AWS account",
    "config": "the configuration",
    "identity": "people, and what they get in by",
    "issuer": "what AWS believes instead of stored keys",
    "kubernetes": "manifests for a Kubernetes cluster",
    "policy": "the policy bundle",
    "region": "regions in Keystone",
    "store": "the store",
    "upgrade": "one release back",
}


def main(arguments: Sequence[str] | None = None, around: Surroundings | None = None) -> int:
    """Do what the arguments say; return the exit status."""
    if around is None:
        around = Surroundings(os.environ, sys.stdout, sys.stderr)
        _log_to(sys.stderr)
    found = parser().parse_args(arguments)
    command: Command = found.command
    try:
        return command.run(found, around)
    except (Refusal, ConfigError, SecretError, StoreError) as error:
        around.err.write(f"gurum: {error}\n")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        around.err.write(f"gurum: {where}{error.strerror or error}\n")
    except KeyboardInterrupt:
        return 130
    return 1


def _log_to(out: TextIO) -> None:
    """Keep what parts log off standard output, which is the answer's; and of that only what somebody should know."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(out),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


def parser() -> ArgumentParser:
    """Return the parser of all commands."""
    root = ArgumentParser(
        prog="gurum", description="One more region in your OpenStack's region list that is really AWS."
    )
    top = root.add_subparsers(required=True, metavar="COMMAND")
    groups = {
        word: top.add_parser(word, help=text).add_subparsers(required=True, metavar="COMMAND")
        for word, text in GROUPS.items()
    }
    for command in COMMANDS:
        *group, word = command.words
        into = groups[group[0]] if group else top
        one = into.add_parser(word, help=command.help, description=command.help)
        command.arguments(one)
        one.set_defaults(command=command)
    return root
