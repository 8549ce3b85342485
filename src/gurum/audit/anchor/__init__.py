"""The anchor: a process of its own, and where it can be of its own user, that keeps the heads of all chains.

A chain alone proves nothing against somebody who may rewrite all of it, or put an old copy of it back. The anchor sees
digests only, takes a head only if it extends the one it has, and writes into a directory that no writer may enter.
"""
