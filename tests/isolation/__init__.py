"""What belongs to another project can be neither read, counted, guessed nor changed, on any route.

One forgotten check on one route is enough to give a customer's data away, and such a check is forgotten on the route
that was added last. So the routes are not listed here: they are read from the services' tables, and a route that the
generator cannot reach fails the run. What is expected is written down here a second time, in the few words in which a
person would say it, and not taken from the policy that is under test.
"""
