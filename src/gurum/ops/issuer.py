"""The settings of the issuer: a section of its own, because what may not be set in it is a rule of security."""

from __future__ import annotations

from gurum.ops.section import Section


class IssuerConfig(Section, frozen=True):
    """Gurum as the issuer of the tokens for which AWS gives sessions: needed where an account has a `role`.

    AWS must reach `{url}/.well-known/openid-configuration` and `{url}/keys.json`, and nothing else.
    """

    url: str = ""  # https, as AWS reaches it; an account's trust is bound to it, so it is not to change
    directory: str = "var/issuer"  # the signing keys, mode 0600, and in `public` the two documents
    rotate_days: float = 30.0  # how long a key signs
    publish_ahead_hours: float = 24.0  # how long a key is published before it signs
    token_seconds: int = 300  # how long a token is good; 300 at most

    def __post_init__(self) -> None:
        """Refuse what would make tokens long-lived, or keys that nobody could have fetched."""
        if not 1 <= self.token_seconds <= 300:
            raise ValueError("token_seconds must be from 1 to 300")
        if not 0 < self.publish_ahead_hours < self.rotate_days * 24:
            raise ValueError("publish_ahead_hours must be more than 0 and less than rotate_days")
