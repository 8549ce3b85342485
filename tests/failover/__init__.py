"""Engines, API servers and stores that go away in the middle, as real processes: who takes over, and what is lost.

What one process does when it is killed is chaos' to show; here it is several that share the work, and the store behind
them. The judge is the emulator's ledger, beside what a user sees.
"""
