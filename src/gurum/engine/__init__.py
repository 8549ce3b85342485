"""Controllers that make it so, and the small runtime under them.

It exists because a cloud answers late, twice, or not at all: a controller compares what is asked for with what was
observed, takes one step, and can be killed between any two instructions.
"""
