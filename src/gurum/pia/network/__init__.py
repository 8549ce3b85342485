"""Neutron's API (v2.0): networks, subnets, ports, security groups, answered from the store.

It exists so that OpenStack's network clients work unchanged in a region that is really another cloud. Everything a
client could tell apart is data here (attribute tables, faults, extensions) and was compared with a real Neutron.
"""
