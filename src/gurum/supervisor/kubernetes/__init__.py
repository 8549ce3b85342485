"""A Kubernetes control plane of our own: etcd, API server and controllers as three children on loopback.

Kubernetes as the store must be tried before there is a cluster, and tested on the real thing: its conflicts, its
rights, its finalizers and its crashes are what the code stands on, and no imitation has them all. Without this package
each test suite and the embedded run would start it in a way of its own, most likely with an open etcd behind the rights
of the API server.
"""
