"""What the services have in common: from bytes of a request to bytes of an answer.

A service is a table of routes and a description of its wire habits; everything that is done for every request
(tokens, microversions, schemas, policy, logs) is done here, once, so that no handler can forget it.
"""
