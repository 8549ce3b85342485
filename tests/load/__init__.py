"""A thousand servers at once, then hours of ordinary use: what leaks, slows or fails only after a while shows here.

    python -m tests.load                    # 1,000 creates at once, then 200 requests/s for 30 minutes
    python -m tests.load --minutes 2        # shorter; the memory's slope means less then

It exists because every other suite is over in minutes: a cache without a bound, a connection that is not given back or
a table that is read whole cost nothing there. Requests leave by the clock whether or not earlier ones were answered,
and are timed from when they should have left, so that a pause of the server counts for everybody who waited in it.
"""
