"""Desired state in Kubernetes: custom resources behind the same contract, for who outgrows one machine.

Nothing of a distributed store is written here: ordering, durability and replication are etcd's, and what people can do
to an object with kubectl they can do to a server. What is ours is the translation: OpenStack's ids, which are not
names; keys, which must be unique beyond a namespace; and reads that see every acknowledged write.
"""

from gurum.store.kubernetes.store import KubernetesStore

__all__ = ["KubernetesStore"]
