"""The proof that two engines decide alike, and that neither decides what it should not: `make policy`."""
