"""Malformed and unknown ids, one pair a kind; the names are `<kind>.malformed`, `.not-found`."""

from aws_emulator.rules.row import ERRORS, PRACTICE, Row

# kind -> (what the text calls it, code before the dot, example of the form)
_KINDS = {
    "instance": ("instance ID", "InvalidInstanceID"),
    "vpc": ("vpc ID", "InvalidVpcID"),
    "subnet": ("subnet ID", "InvalidSubnetID"),
    "network-interface": ("networkInterface ID", "InvalidNetworkInterfaceID"),
    "security-group": ("security group", "InvalidGroup"),
    "security-group-rule": ("security group rule ID", "InvalidSecurityGroupRuleId"),
    "volume": ("volume", "InvalidVolume"),
    "snapshot": ("snapshot", "InvalidSnapshot"),
    "image": ("image id", "InvalidAMIID"),
    "internet-gateway": ("internetGateway ID", "InvalidInternetGatewayID"),
    "route-table": ("routeTable ID", "InvalidRouteTableID"),
    "elastic-ip": ("allocation ID", "InvalidAllocationID"),
    "attachment": ("network interface attachment", "InvalidAttachmentID"),
    "association": ("association ID", "InvalidAssociationID"),
    "key-pair": ("key pair", "InvalidKeyPair"),
}
# Where EC2's malformed code is not the not-found code's stem.
_MALFORMED = {
    "security-group": "InvalidGroupId.Malformed",
    "volume": "InvalidParameterValue",
    "snapshot": "InvalidParameterValue",
    "elastic-ip": "InvalidAllocationID.Malformed",
    "attachment": "InvalidAttachmentID.Malformed",
    "association": "InvalidAssociationID.Malformed",
    "key-pair": "InvalidParameterValue",
}
_SOURCES = {"volume": PRACTICE, "snapshot": PRACTICE, "key-pair": PRACTICE, "association": PRACTICE}


def _rows() -> tuple[Row, ...]:
    rows: list[Row] = []
    for kind, (words, stem) in _KINDS.items():
        rows += (
            (f"{kind}.malformed", "*", f"a {words} has not the form prefix-hex",
             _MALFORMED.get(kind, f"{stem}.Malformed"), 400, f"Invalid {words}: \"{{id}}\"",
             _SOURCES.get(kind, ERRORS)),
            (f"{kind}.not-found", "*", f"a {words} is unknown, or not visible yet",
             f"{stem}.NotFound", 400, f"The {words} '{{id}}' does not exist", ERRORS),
        )  # fmt: skip
    return tuple(rows)


ROWS = _rows()
