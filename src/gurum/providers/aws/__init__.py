"""AWS: how its EC2 is told, observed and paced.

Only the engine's process imports this package (and botocore through it).
"""
