"""What the sections of the configuration have in common.

It exists apart from `gurum.ops.config`, which holds the whole document, so that a section may have a module of its own:
one file of all settings was growing past what is read in one go.
"""

from __future__ import annotations

import msgspec


class ConfigError(Exception):
    """The configuration cannot be used; the message is one sentence that names the place and the remedy."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the sections: immutable, and a misspelt key is an error, not silence."""
