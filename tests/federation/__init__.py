"""Six ways to log in, with stock clients, by two providers: each ends in the right person, project and roles.

A federation that works with one plugin says little: each plugin takes another way through provider, front and
Keystone. The same flows are played in the default tests for one provider each, and here for both, with a table.
"""
