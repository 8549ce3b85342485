"""The settings of the policy: a section of its own, because what may not be set in it is a rule of security."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from gurum.ops.section import Section


class PolicyConfig(Section, frozen=True):
    """Who decides what a request may do: the Rego bundle in the API's own process or, by `url`, OPA servers."""

    bundle: str = "policy"
    verification_key: str = ""  # PEM of the public key that the bundle must be signed with; empty: it need not be
    url: str = ""  # of OPA servers, `https://opa.example`; plain http on this machine alone; empty: the own process
    deadline: float = 1.0  # seconds until OPA has not decided, and the request is answered 503
    remembered: float = 1.0  # seconds that answers are used again after OPA last named their revision; 0: not at all
    connections: int = 32  # to OPA at once, of a process; who finds none waits, within the deadline
    token_file: str = ""  # file with the bearer token for OPA, mode 0600; empty: none. Read again on SIGHUP
    ca_file: str = ""  # PEM of who signed OPA's certificate; empty: whom the machine trusts. Read again on SIGHUP

    def __post_init__(self) -> None:
        """Refuse a way to OPA on which others could decide."""
        if self.url:
            parts = urlsplit(self.url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
                raise ValueError("policy.url must be https://HOST[:PORT][/PATH]")
            if parts.username is not None or parts.password is not None:
                raise ValueError("policy.url must hold no user or password; policy.token_file names a token")
            if parts.scheme == "http" and not _here(parts.hostname):
                raise ValueError("policy.url must be https: whoever is on the way could allow everything")
        if not 0 < self.deadline <= 60:
            raise ValueError("policy.deadline must be more than 0 and at most 60")
        if not 0 <= self.remembered <= 60:
            raise ValueError("policy.remembered must be from 0 to 60")
        if not 1 <= self.connections <= 1000:
            raise ValueError("policy.connections must be from 1 to 1000")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
