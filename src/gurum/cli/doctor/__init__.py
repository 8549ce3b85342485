"""`gurum doctor`: what a deployment lacks, by name, and what mends each.

An installation touches a cluster, a database, a Keystone and a cloud, each with rights of its own; what is missing in
one of them shows as a pod that is not ready, or as a request that fails an hour later. Here everything is looked at
once, by the same clients that the processes use, and nothing is changed.
"""

from gurum.cli.doctor.command import COMMAND

__all__ = ["COMMAND"]
