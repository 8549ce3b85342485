"""How far one cluster carries: ten thousand servers in Kubernetes, filled at once, then read and changed.

Creating them would measure the clouds and take hours. So they are written into etcd, past the API server, each a copy
of an object that the API server itself has stored, with its own names and numbers; the run says so.
"""
