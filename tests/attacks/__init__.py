"""Everything that somebody without an account could try at the federated login, and none of it gives a token.

Each row is one request, or one short story, with the status that it got. That nothing is accepted is only worth
something if the rows could be: so each guard is taken out in turn, and then some row must get in.
"""
