"""How a region's AWS accounts are entered and asked: what the driver and the commands for an account's owner share."""

from __future__ import annotations

import msgspec

from gurum.ops.section import Section


class AwsAccountConfig(Section, frozen=True):
    """An AWS account and the projects (ids) that use it; no projects: every project of the region.

    Either `role`, for sessions of minutes by `identity.issuer` and no stored key, or `credentials_file`: JSON
    {"access_key_id", "secret_access_key", "session_token"?}, mode 0600.
    """

    number: str
    role: str = ""  # name of the IAM role whose sessions Gurum takes; with its path, if it has one
    offboarding_role: str = ""  # name of the role that may deny that role's sessions to who leaves; empty: they run out
    credentials_file: str = ""
    projects: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse an account of which it is not clear how it is entered."""
        if bool(self.role) == bool(self.credentials_file):
            raise ValueError(f"account {self.number}: either `role` or `credentials_file`, and not both")
        if self.offboarding_role and not self.role:
            raise ValueError(f"account {self.number}: `offboarding_role` without a `role`, whose sessions it would end")


class AwsConfig(Section, frozen=True):
    """How AWS is reached. endpoint_url empty: the real one. Rates are requests/s and burst of AWS's own buckets."""

    endpoint_url: str = ""
    accounts: list[AwsAccountConfig] = msgspec.field(default_factory=list)
    sts_url: str = ""  # of STS; empty: endpoint_url, or else the real one of the region
    iam_url: str = ""  # of IAM, for off-boardings; empty: endpoint_url, or else the real one
    session_seconds: int = 900  # how long a session is good; 900 to 43200, and to what the role allows
    in_flight: int = 32  # calls at once per account and region
    visibility_window: float = 60.0  # seconds until "not found by tag" is believed
    not_yet_window: float = 300.0  # seconds in which NotFound after a create means "not yet"
    observe_interval: float = 3.2  # seconds between lists of instances while something is in motion
    idle_interval: float = 30.0  # seconds between lists while nothing is
    timeout: float = 60.0
    rates: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)  # action: (per second, burst)
    throttle: bool = True
