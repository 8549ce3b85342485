"""Requests that nobody would write, by the thousand, from several users at once.

A handler is tested with the bodies its author thought of. What breaks an API in production are the others: a number
with five thousand digits, a pattern that never ends, somebody else's id at the moment of its deletion. They are made
here from the route table and its schemas, so that a new route is attacked on the day it is added.
"""
