"""The audit chain: its own tests, and `make audit`, which shows on a whole run that nothing of it is missing.

What was called is told by AWS's own log, what was recorded by ours: neither is believed alone. Two people make, stop,
start and delete servers while the engine is killed again and again; then each of AWS's records is followed back to
the person, each person's request forward to its calls, and the chain is tampered with in every way.
"""
