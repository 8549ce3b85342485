"""`gurum adopt`: what a company has in an AWS account already becomes visible in its region, untouched.

Here it is decided *what* is adopted, for which project, and shown before it is done. What follows from it (states,
addresses, changes behind our back, taking over, letting go) is the engine's.
"""

from gurum.cli.adopt.command import COMMAND

__all__ = ["COMMAND"]
