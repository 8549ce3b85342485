"""Neutron's quotas: limits by project, what is used of them, and who may change them."""
