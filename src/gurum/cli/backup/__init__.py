"""`gurum backup` and `gurum restore`: everything that a deployment cannot make anew, in one file, and back.

What that is: the store with its journal, the key of the idempotency tokens (without it a call in doubt could be made
twice), the secrets that a run made, and the embedded Keystone's database and keys. AWS credentials that lie elsewhere
are the operator's and stay where they are.
"""

from gurum.cli.backup import restore, take
from gurum.cli.command import Command

COMMANDS: tuple[Command, ...] = (take.COMMAND, restore.COMMAND)
