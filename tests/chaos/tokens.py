"""Who the client is. Identity is not what is killed here, so a token is a word and Keystone stays out of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.chaos.site import PROJECT, USER

from gurum.identity.tokens import Principal, TokenInvalid

TOKEN = "member"


class Tokens:
    """Knows one token."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        self._principal = Principal(
            user_id=USER,
            user_name="member",
            user_domain_id="default",
            project_id=PROJECT,
            project_name="chaos",
            project_domain_id="default",
            roles=("member", "reader"),
            issued_at=now,
            expires_at=now + timedelta(days=365),
            audit_ids=("audit",),
        )

    def start(self) -> None:
        """Nothing has to be waited for."""

    async def stop(self) -> None:
        """Nothing is held."""

    async def missing(self) -> str | None:
        """Nothing is missing."""
        return None

    async def validate(self, token: str) -> Principal:
        """Return the principal. Raises TokenInvalid."""
        if token != TOKEN:
            raise TokenInvalid("no such token")
        return self._principal
