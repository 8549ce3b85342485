"""The command `gurum`: starting the whole, and the operator's questions that OpenStack has no verb for.

What OpenStack has a verb for stays with the `openstack` command: a second way to do it would be a second thing to
learn.
"""
