"""`gurum kubernetes crds` and `rbac`: what a cluster needs before Gurum's objects can be in it, to be applied as it is.

Printed, not applied: who may change a cluster's definitions and rights has tools of their own, and reads them first.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from gurum.cli.command import Command, Surroundings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-f", "--format", choices=("yaml", "json"), default="yaml", help="output (default: yaml)")


def _crds(arguments: Namespace, around: Surroundings) -> int:
    # Imported late: the model and its definitions are read only for this.
    from gurum.store.kubernetes import crds, manifest

    around.out.write(manifest.text(crds.all(), arguments.format))
    return 0


def _rbac(arguments: Namespace, around: Surroundings) -> int:
    from gurum.store.kubernetes import manifest, rights

    around.out.write(manifest.text(rights.all(), arguments.format))
    return 0


COMMANDS = (
    Command(
        words=("kubernetes", "crds"),
        help="print the custom resource definitions, for kubectl apply --server-side -f -",
        run=_crds,
        arguments=_arguments,
    ),
    Command(
        words=("kubernetes", "rbac"),
        help="print the roles of our processes and of people, for kubectl apply -f -",
        run=_rbac,
        arguments=_arguments,
    ),
)
