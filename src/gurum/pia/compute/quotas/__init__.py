"""Quotas and limits: what a project may use, and what it does use."""
