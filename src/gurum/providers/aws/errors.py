"""How a call to AWS fails, and what an EC2 error code means to a controller, as a table.

The question is never "is it an error" but "may something have been made, and is asking again of use". A code that is
not in the table is classed by its HTTP status: 5xx leaves a doubt, 4xx is a refusal.
Source: EC2's error code reference and `docs/limits.md` for what we make of it.
"""

from __future__ import annotations

from enum import Enum


class AwsError(Exception):
    """AWS answered with an error code."""

    def __init__(self, code: str, message: str, status: int, request_id: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.request_id = code, message, status, request_id


class NotSentError(Exception):
    """The request did not reach AWS: nothing happened."""


class LostError(Exception):
    """The request may have reached AWS; no usable answer came back."""


class Meaning(Enum):
    """Classes of EC2 answers."""

    THROTTLED = "throttled"  # nothing happened; ask less
    DOUBT = "doubt"  # it may have happened
    CAPACITY = "capacity"  # nothing happened; this zone has none
    QUOTA = "quota"  # nothing happened; the account's limit
    DUPLICATE = "duplicate"  # the name, address range or token is taken: perhaps by us
    NOT_FOUND = "not found"  # the thing itself, or one it refers to
    IN_USE = "in use"  # something still depends on it
    STATE = "state"  # not in this state (yet)
    FORBIDDEN = "forbidden"  # credentials or permissions: an operator's matter
    REFUSED = "refused"  # malformed or impossible


CODES: dict[str, Meaning] = {
    "RequestLimitExceeded": Meaning.THROTTLED,
    "Throttling": Meaning.THROTTLED,
    "ThrottlingException": Meaning.THROTTLED,
    "TooManyRequestsException": Meaning.THROTTLED,
    "InternalError": Meaning.DOUBT,
    "InternalFailure": Meaning.DOUBT,
    "Unavailable": Meaning.DOUBT,
    "ServiceUnavailable": Meaning.DOUBT,
    "InsufficientInstanceCapacity": Meaning.CAPACITY,
    "InsufficientHostCapacity": Meaning.CAPACITY,
    "InsufficientReservedInstanceCapacity": Meaning.CAPACITY,
    "InsufficientCapacity": Meaning.CAPACITY,
    "Unsupported": Meaning.CAPACITY,  # this type is not offered in this zone
    "VcpuLimitExceeded": Meaning.QUOTA,
    "InstanceLimitExceeded": Meaning.QUOTA,
    "VpcLimitExceeded": Meaning.QUOTA,
    "CidrLimitExceeded": Meaning.QUOTA,
    "SubnetLimitExceeded": Meaning.QUOTA,
    "NetworkInterfaceLimitExceeded": Meaning.QUOTA,
    "SecurityGroupLimitExceeded": Meaning.QUOTA,
    "SecurityGroupsPerInterfaceLimitExceeded": Meaning.QUOTA,
    "RulesPerSecurityGroupLimitExceeded": Meaning.QUOTA,
    "VolumeLimitExceeded": Meaning.QUOTA,
    "AttachmentLimitExceeded": Meaning.QUOTA,
    "AddressLimitExceeded": Meaning.QUOTA,
    "InternetGatewayLimitExceeded": Meaning.QUOTA,
    "RouteTableLimitExceeded": Meaning.QUOTA,
    "RouteLimitExceeded": Meaning.QUOTA,
    "InsufficientFreeAddressesInSubnet": Meaning.QUOTA,
    "InvalidKeyPair.Duplicate": Meaning.DUPLICATE,
    "InvalidGroup.Duplicate": Meaning.DUPLICATE,
    "InvalidSubnet.Conflict": Meaning.DUPLICATE,
    "CidrConflict": Meaning.DUPLICATE,
    "InvalidPermission.Duplicate": Meaning.DUPLICATE,
    "IdempotentParameterMismatch": Meaning.DUPLICATE,
    "Resource.AlreadyAssociated": Meaning.DUPLICATE,
    "RouteAlreadyExists": Meaning.DUPLICATE,
    "InvalidIPAddress.InUse": Meaning.IN_USE,
    "DependencyViolation": Meaning.IN_USE,
    "InvalidNetworkInterface.InUse": Meaning.IN_USE,
    "InvalidGroup.InUse": Meaning.IN_USE,
    "InvalidKeyPair.NotFound": Meaning.NOT_FOUND,
    "InvalidAMIID.NotFound": Meaning.REFUSED,  # not ours, so it does not become visible by waiting
    "InvalidGroup.NotFound": Meaning.NOT_FOUND,
    "InvalidPermission.NotFound": Meaning.NOT_FOUND,
    "Gateway.NotAttached": Meaning.NOT_FOUND,  # what is not found is the attachment
    "IncorrectInstanceState": Meaning.STATE,
    "IncorrectState": Meaning.STATE,
    "AuthFailure": Meaning.FORBIDDEN,
    "UnauthorizedOperation": Meaning.FORBIDDEN,
    "OptInRequired": Meaning.FORBIDDEN,
    "PendingVerification": Meaning.FORBIDDEN,
    "Blocked": Meaning.FORBIDDEN,
    "ExpiredToken": Meaning.FORBIDDEN,
    "RequestExpired": Meaning.FORBIDDEN,
    "MissingAuthenticationToken": Meaning.FORBIDDEN,
}

SUFFIXES: dict[str, Meaning] = {
    "NotFound": Meaning.NOT_FOUND,
    "Unknown": Meaning.NOT_FOUND,
    "Duplicate": Meaning.DUPLICATE,
    "InUse": Meaning.IN_USE,
}


def meaning(code: str, status: int) -> Meaning:
    """Return what an error answer means; unknown codes go by suffix, then by HTTP status."""
    known = CODES.get(code) or SUFFIXES.get(code.rpartition(".")[2] if "." in code else "")
    if known is not None:
        return known
    return Meaning.DOUBT if status >= 500 else Meaning.REFUSED
