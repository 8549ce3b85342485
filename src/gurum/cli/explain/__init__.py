"""`gurum explain server NAME`: why is it as it is, what has been done, what does it wait for and until when.

With five parts between a command and a cloud, "it hangs" is a question with five possible answers. All of them are
recorded already (conditions, intents, actions, the journal, the log of calls); this puts them beside each other.
Nothing here guesses: what was not recorded is not shown.
"""

from gurum.cli.explain.command import COMMAND

__all__ = ["COMMAND"]
