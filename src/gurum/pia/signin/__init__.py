"""One sign-in for both faces: a token of Keystone's is exchanged for one that a Kubernetes API server believes.

It stands beside the services, because OpenStack has no such one: the same pipeline (tokens, limits, audit, refusals on
the wire), a prefix of its own, and nothing in the store.
"""
