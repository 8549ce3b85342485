"""Routers and floating IPs: what joins networks to each other and to the world.

Several objects of different kinds must agree here (a router's interface is a port, its gateway holds an address of
another network, a floating IP hangs on all of them), and the store writes one object at a time. So each operation says
in which order it writes, what it looks at again afterwards, and what it takes back.
"""
