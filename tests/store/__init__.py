"""The store's contract, on every backend, and what each backend promises beyond it."""
