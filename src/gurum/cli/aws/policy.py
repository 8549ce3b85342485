"""`gurum aws policy`: the IAM policy for the credentials that Gurum gets, ready for `aws iam create-policy`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from gurum.cli.command import Command, Surroundings, aws_region, configuration, place_arguments
from gurum.cli.output import write_json
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    parser.add_argument(
        "--region", default="", metavar="NAME", help="region of the configuration (default: the AWS one)"
    )
    parser.add_argument("--account", default="", metavar="NUMBER", help="account (default: any it is attached in)")
    parser.add_argument("--adopt", action="store_true", help="with what adopting existing things needs")


def _run(arguments: Namespace, around: Surroundings) -> int:
    # Imported late: it comes with the provider.
    from gurum.providers.aws import policy

    config = configuration(arguments, around)
    region = aws_region(config, arguments.region)
    document = policy.document(
        config.engine.deployment, region.cloud_region, arguments.account or "*", adopts=arguments.adopt
    )
    if policy.size(document) > policy.MANAGED_LIMIT:
        raise Refusal(f"the policy has {policy.size(document)} characters; IAM takes {policy.MANAGED_LIMIT}")
    write_json(document, around.out)
    return 0


COMMAND = Command(
    words=("aws", "policy"),
    help="print the least-privilege IAM policy of this deployment, from the calls that it makes",
    run=_run,
    arguments=_arguments,
)
