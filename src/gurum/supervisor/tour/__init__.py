"""The tour: the same commands of the stock client in both regions, with their real output.

A newcomer believes what they see typed and answered, and can type again. So nothing here speaks to an API: every line
that the tour shows is a command that was run and what it printed, and a command that fails makes the tour fail.
"""

from gurum.supervisor.tour.play import play

__all__ = ["play"]
