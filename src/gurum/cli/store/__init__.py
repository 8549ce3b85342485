"""`gurum store`: what the store holds, and how it becomes another one."""

from gurum.cli.command import Command
from gurum.cli.store import copy, discard, info

COMMANDS: tuple[Command, ...] = (copy.COMMAND, discard.COMMAND, info.COMMAND)
