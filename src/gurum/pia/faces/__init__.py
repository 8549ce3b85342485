"""The second face: what people write with kubectl, played through the API's own handlers.

An object of Kubernetes and an object of OpenStack are one here, so there must be one set of rules, and it is the API's.
Checks of our own for kubectl would be a second implementation, and the day on which the two differ is the day on which
somebody gets through one face what the other refuses.
"""
