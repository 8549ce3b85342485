"""Malformed and unknown ids, one pair a kind; the names are `<kind>.malformed`, `.not-found`.

The spelling of the codes (ID, Id) is AWS's own and follows no pattern, hence the table.
"""

from typing import NamedTuple

from aws_emulator.rules.row import ERRORS, PRACTICE, Row


class _Kind(NamedTuple):
    prefix: str
    malformed: str
    unknown: str
    text: str


_KINDS = {
    "instance": _Kind("i", "InvalidInstanceID", "InvalidInstanceID", "The instance ID '{id}'"),
    "vpc": _Kind("vpc", "InvalidVpcID", "InvalidVpcID", "The vpc ID '{id}'"),
    "subnet": _Kind("subnet", "InvalidSubnetID", "InvalidSubnetID", "The subnet ID '{id}'"),
    "network-interface": _Kind(
        "eni", "InvalidNetworkInterfaceId", "InvalidNetworkInterfaceID", "The networkInterface ID '{id}'"
    ),
    "security-group": _Kind("sg", "InvalidGroupId", "InvalidGroup", "The security group '{id}'"),
    "security-group-rule": _Kind(
        "sgr", "InvalidSecurityGroupRuleId", "InvalidSecurityGroupRuleId", "The security group rule ID '{id}'"
    ),
    "volume": _Kind("vol", "InvalidVolumeID", "InvalidVolume", "The volume '{id}'"),
    "snapshot": _Kind("snap", "InvalidSnapshotID", "InvalidSnapshot", "The snapshot '{id}'"),
    "image": _Kind("ami", "InvalidAMIID", "InvalidAMIID", "The image id '[{id}]'"),
    "internet-gateway": _Kind(
        "igw", "InvalidInternetGatewayId", "InvalidInternetGatewayID", "The internetGateway ID '{id}'"
    ),
    "route-table": _Kind("rtb", "InvalidRouteTableId", "InvalidRouteTableID", "The routeTable ID '{id}'"),
    "placement-group": _Kind("pg", "InvalidPlacementGroupId", "InvalidPlacementGroup", "The placement group '{id}'"),
    "attachment": _Kind(
        "eni-attach",
        "InvalidNetworkInterfaceAttachmentId",
        "InvalidAttachmentID",
        "The network interface attachment '{id}'",
    ),
}
# AWS has no malformed code for these: whatever it is, it does not exist.
_UNKNOWN_ONLY = {
    "elastic-ip": ("InvalidAllocationID", "The allocation ID '{id}'", ERRORS),
    "association": ("InvalidAssociationID", "The association ID '{id}'", ERRORS),
    "key-pair": ("InvalidKeyPair", "The key pair '{id}'", PRACTICE),
}


def _rows() -> tuple[Row, ...]:
    rows: list[Row] = []
    for kind, (prefix, malformed, unknown, text) in _KINDS.items():
        when = f"an id has not the form {prefix}- and 8 or 17 hex digits"
        invalid = f'Invalid id: "{{id}}" (expecting "{prefix}-...")'
        rows += (
            (f"{kind}.malformed", "*", when, f"{malformed}.Malformed", 400, invalid, ERRORS),
            _unknown(kind, unknown, text, ERRORS),
        )
    rows += (_unknown(kind, *row) for kind, row in _UNKNOWN_ONLY.items())
    return tuple(rows)


def _unknown(kind: str, code: str, text: str, source: str) -> Row:
    when = f"no {kind} has the id, or none that is visible yet"
    return (f"{kind}.not-found", "*", when, f"{code}.NotFound", 400, f"{text} does not exist", source)


ROWS = _rows()
