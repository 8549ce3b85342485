"""URLs of stores: where a file is, and how one that may hold a password is shown.

The configuration names secrets by file, but a database's URL can hold a password by its form, and operators have such
URLs. This is the one place that knows how to leave it out.
"""

from __future__ import annotations

import re
from pathlib import Path

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


def sqlite_path(url: str) -> Path | None:
    """Return the file that `sqlite:///relative` or `sqlite:////absolute` names; None for any other URL."""
    scheme, _, rest = url.partition("://")
    return Path(rest[1:]) if scheme == "sqlite" and rest.startswith("/") and rest != "/" else None
