"""`gurum issuer …`: the keys that sign for AWS, and where the world reads their public halves.

The engine turns them by itself; this is for the first time, for a machine where it may not write them, and for the copy
on a static host that AWS reaches.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from gurum.cli.command import Command, Surroundings, configuration, place_arguments
from gurum.ops.clock import SystemClock
from gurum.ops.config import IssuerConfig
from gurum.supervisor.rows import Refusal


def _issuer(arguments: Namespace, around: Surroundings) -> IssuerConfig:
    issuer = configuration(arguments, around).identity.issuer
    if not issuer.url:
        raise Refusal("identity.issuer.url is empty: it is where AWS will look for the issuer's documents")
    return issuer


def _rotate_arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    parser.add_argument("--early", action="store_true", help="have the next key made now, should a key be known")


def _rotate(arguments: Namespace, around: Surroundings) -> int:
    from gurum.identity.issuer import KeyRing
    from gurum.identity.issuer.keeper import turn

    issuer = _issuer(arguments, around)
    ring = KeyRing(issuer, SystemClock())
    changed = turn(issuer, ring, early=arguments.early)
    around.out.write("changed; publish the documents\n" if changed else "nothing was due\n")
    return 0


def _publish_arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    parser.add_argument("directory", type=Path, help="where a static host serves from, or what is copied to a bucket")


def _publish(arguments: Namespace, around: Surroundings) -> int:
    from gurum.identity.issuer import KeyRing, publish

    issuer = _issuer(arguments, around)
    ring = KeyRing(issuer, SystemClock())
    ring.current()  # without a key there is nothing to publish
    changed = publish(issuer, ring, arguments.directory, readable=True)
    around.out.write(f"{'written' if changed else 'as it should be'}: {arguments.directory}, served as {issuer.url}\n")
    return 0


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("issuer", "publish"),
        help="write the issuer's two public documents into a directory, for any static host",
        run=_publish,
        arguments=_publish_arguments,
    ),
    Command(
        words=("issuer", "rotate"),
        help="make, use and forget the signing keys that are due",
        run=_rotate,
        arguments=_rotate_arguments,
    ),
)
