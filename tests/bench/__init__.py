"""Measurements against committed budgets: `python -m tests.bench [--quick] [-f json]`.

Budgets stand in `budgets.json`; a figure over its budget makes the run fail. Times are of this machine; counts (SQL
statements, AWS calls) are of the program and must hold anywhere.
"""
