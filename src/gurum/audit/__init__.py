"""Who did what, by which decision, and what of it reached a cloud: one chain that cannot be changed unseen.

A log can be edited, and a database put back, by whoever may write them; then nobody can say what was done, and by whom.
Here every event is linked to the one before it by its hash, and the newest hashes are told to somebody whom the writer
cannot rewrite (`gurum.audit.anchor`). What is recorded has a closed form (`event`): no body, no name and no secret has
a field to stand in. It is on disk before that which it records is done (`writer`).
"""
