"""Nouns of the engine that are described in one place: a module here is one, and is found by being here.

What a noun needs of the engine is the same each time: how its removal waits, what wakes it, whom it wakes. Spread over
the tables of the engine it would be a change in four files.
"""
