"""Real Keystone, embedded as a process of its own.

Stock clients know hundreds of Keystone's details (federation, application credentials, receipts,
the exact text of a refusal); an imitation would be found out by the first of them. Keystone keeps
its configuration and drivers in process globals, so it cannot share a process with anything else:
the supervisor starts `python -m gurum.identity.keystone --config FILE` and waits for the ready
file. Nothing in this package imports keystone unless it is that process.
"""

from gurum.identity.keystone.config import ConfigError, KeystoneConfig, Ready, load, read_ready, save

__all__ = ["ConfigError", "KeystoneConfig", "Ready", "load", "read_ready", "save"]
