"""Somebody leaves: in how many seconds is each kind of access refused, and does any of it come back.

That a user is disabled says nothing of what they hold already. So each kind is held before, tried again and again while
`gurum identity offboard` runs, and tried once more after somebody has enabled the person again.
"""
