"""A simulated private cloud that behaves like a stock OpenStack, not like AWS.

It exists so that a newcomer sees two regions on one machine without a hypervisor. It says that it is simulated wherever
it shows: in the region's description, in the console log, in `docs/limits.md`.
"""
