"""`gurum aws …`: what the platform team has to arrange in an AWS account, computed from what Gurum does there."""

from gurum.cli.aws import policy, quotas
from gurum.cli.command import Command

COMMANDS: tuple[Command, ...] = (policy.COMMAND, quotas.COMMAND)
