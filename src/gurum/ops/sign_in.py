"""The settings of one sign-in for both faces: tokens by which a Kubernetes API server knows people of Keystone."""

from __future__ import annotations

from gurum.ops.section import Section

LONGEST = 600  # seconds: what has been signed cannot be taken back before it is over


class SignInConfig(Section, frozen=True):
    """Gurum as the issuer of the tokens with which people use kubectl; only with a store in Kubernetes.

    Its keys are none of those that AWS believes: an API process that is taken over must not open an account of AWS.
    """

    url: str = ""  # https, as API servers reach the issuer's documents; empty: nobody signs in with a token of Keystone
    directory: str = "var/sign-in"  # the signing keys, mode 0600, and in `public` the two documents
    audience: str = "gurum-kubernetes"  # for whom a token is: one a cluster, where the issuer has several
    server: str = ""  # the API server, as people reach it: what `gurum kubeconfig` writes
    server_ca_file: str = ""  # PEM of who signed its certificate; empty: a certificate that everybody believes
    rotate_days: float = 30.0  # how long a key signs
    publish_ahead_hours: float = 24.0  # how long a key is published before it signs
    token_seconds: int = 600  # how long a token is good, and never beyond the one that it is given for; 600 at most

    def __post_init__(self) -> None:
        """Refuse what no API server would take, or what would live on for long after it was revoked."""
        if self.url and not self.url.startswith("https://"):
            raise ValueError("url must be https: no API server believes another")
        if not self.audience:
            raise ValueError("audience must not be empty: a token for nobody in particular is for everybody")
        if not 60 <= self.token_seconds <= LONGEST:
            raise ValueError(f"token_seconds must be from 60 to {LONGEST}")
        if not 0 < self.publish_ahead_hours < self.rotate_days * 24:
            raise ValueError("publish_ahead_hours must be more than 0 and less than rotate_days")
