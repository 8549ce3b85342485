"""Gurum: one more region in an OpenStack's region list that is really AWS."""

__version__ = "0.1.0"
