"""Somebody leaves: everything by which they can still get in is found and ended, and what is left is said.

To disable a person at the company's provider ends their logins there, and nothing here: tokens of Keystone live on
until they expire, application credentials for ever. Nothing is kept by us for this: who a person is in Keystone is
asked of Keystone, so a run that was killed is simply run again.
"""

from gurum.identity.offboard.ending import Ending, State
from gurum.identity.offboard.find import Whom, find
from gurum.identity.offboard.keystone import offboard

__all__ = ["Ending", "State", "Whom", "find", "offboard"]
