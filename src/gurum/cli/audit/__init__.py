"""`gurum audit`: who did what and what came of it, whether that was tampered with, and all of it for an auditor.

What is read here may have been written by whoever tampered with it: nothing of it reaches a terminal unfiltered.
"""

from gurum.cli.audit.exporting import EXPORT
from gurum.cli.audit.tracing import TRACE
from gurum.cli.audit.verifying import VERIFY

COMMANDS = (EXPORT, TRACE, VERIFY)

__all__ = ["COMMANDS"]
