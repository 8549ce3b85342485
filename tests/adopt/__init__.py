"""A company's account with 200 things of every kind is adopted, followed, taken over and let go of.

What is in production already is the one thing that must not be touched by mistake: so the judge is the emulator's
ledger, where every call that changes something stands, and what AWS describes before and after.
"""
