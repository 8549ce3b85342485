"""Two faces, one object: what is done through one is read through the other, and refused in the same words.

The outcome through OpenStack's API is the rule, and what kubectl does is held against it: a check that only one of the
two faces has is a way around it.
"""
