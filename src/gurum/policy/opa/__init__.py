"""Decide by OPA servers: the second engine behind `gurum.policy.model.DecisionPoint`.

`exchange` asks one question of a server and believes nothing that is no whole answer, `point` decides with it: within
the deadline, from memory where that is safe, and never more than the server allowed.
"""
