"""What every process needs to be operated: configuration, logs, health, metrics.

It lies under everything but the model, so that any layer may log and be configured without importing its neighbours.
"""
