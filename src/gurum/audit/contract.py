"""What those need of the chain who record something: a Protocol that a test can satisfy in a few lines."""

from __future__ import annotations

from typing import Protocol

from gurum.audit.event import Event


class Audit(Protocol):
    """Where events go (`gurum.audit.writer.Writer`)."""

    trouble: str  # why nothing can be written now; empty: it can

    def record(self, event: Event, *, soon: bool = False) -> int:
        """Take an event and return its ticket; soon: somebody will wait for it. Raises AuditUnavailableError."""
        ...

    async def durable(self, ticket: int) -> None:
        """Wait until the event of a ticket is on disk. Raises AuditUnavailableError: it is not, yet."""
        ...
