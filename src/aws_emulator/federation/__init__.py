"""Sessions for tokens of other issuers: STS's AssumeRoleWithWebIdentity, as strictly as AWS does it.

An STS that believes any token proves nothing about issuer, keys, trust or tags; what it gave out must be what the rest
of the emulator knows a caller by.
"""

from aws_emulator.federation.keys import Keys, fetch
from aws_emulator.federation.sessions import Session, Sessions


class Federation:
    """What there is besides the configuration: issuers' keys, and the sessions that were given out."""

    def __init__(self) -> None:
        self.keys, self.sessions = Keys(), Sessions()


__all__ = ["Federation", "Keys", "Session", "Sessions", "fetch"]
