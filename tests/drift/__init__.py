"""What others do to the account: to our instances, which must show soon, and to theirs, which are none of our business.

A product that reverts what an operator did at AWS, or sweeps away what it did not make, is worse than none.
"""
