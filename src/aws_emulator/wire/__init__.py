"""EC2's query protocol, both directions, derived from botocore's service model.

Why: 800 actions with their own spelling of every parameter and element cannot be written by hand
without drifting from what real clients send and parse. The model that the clients themselves use
is the only description that cannot disagree with them. An action is then only its semantics:
parsed parameters in, members out.
"""
