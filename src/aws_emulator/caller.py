"""Who calls, from the signature's credential scope.

The signature itself is not verified (the emulator has no secret keys); the account follows from
the access key and the region from the scope, as at AWS, so that a client with wrong credentials
or a wrong region fails here too.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from aws_emulator.catalogue.zones import REGIONS
from aws_emulator.rules import refuse

_SCOPE = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


class Caller(NamedTuple):
    """A caller whose key is known."""

    access_key: str
    account: str
    region: str
    service: str


def identify(authorization: str | None, accounts: Mapping[str, str]) -> Caller:
    """Return the caller of a request. Refusal without a header, scope, known key or region."""
    if not authorization:
        raise refuse("auth.missing")
    found = _SCOPE.match(authorization)
    if not found:
        raise refuse("auth.incomplete")
    key, region, service = found.groups()
    if service not in ("ec2", "sts"):
        raise refuse("auth.service", service=service)
    account = accounts.get(key)
    if account is None:
        raise refuse("auth.unknown-key-sts" if service == "sts" else "auth.unknown-key")
    if region not in REGIONS:
        raise refuse("auth.region", region=region)
    return Caller(key, account, region, service)


def service_of(authorization: str | None) -> str:
    """Return the service of a scope for the error envelope; ec2 when there is none."""
    found = _SCOPE.match(authorization or "")
    return "sts" if found and found.group(3) == "sts" else "ec2"
