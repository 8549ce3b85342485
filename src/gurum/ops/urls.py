"""URLs that may hold a password, as they may be shown.

The configuration names secrets by file, but a database's URL can hold a password by its form, and operators have such
URLs. This is the one place that knows how to leave it out.
"""

from __future__ import annotations

import re

HIDDEN = "***"

# Up to the last @: a password that was not quoted may hold any of : / ? # @ itself. Rather too much is hidden than
# too little.
_USERINFO = re.compile(r"(://[^/?#@:]*:).*@", re.DOTALL)
_PARAMETER = re.compile(r"([?&](?:ssl)?password=)[^&]*", re.IGNORECASE)


def has_password(url: str) -> bool:
    """Whether the URL holds a password."""
    return without_password(url) != url


def without_password(url: str) -> str:
    """Return the URL with stars in the place of its password."""
    return _PARAMETER.sub(rf"\1{HIDDEN}", _USERINFO.sub(rf"\1{HIDDEN}@", url))
