"""Rules of Elastic IP addresses."""

from aws_emulator.rules.row import ERRORS, Row

ROWS: tuple[Row, ...] = (
    ("address.limit", "AllocateAddress", "the account has its quota of addresses",
     "AddressLimitExceeded", 400, "The maximum number of addresses has been reached.", ERRORS),
    ("address.unknown", "DescribeAddresses, AssociateAddress, ReleaseAddress",
     "the public address is not the account's", "InvalidAddress.NotFound", 400,
     "Address '{ip}' not found.", ERRORS),
    ("address.in-use", "ReleaseAddress", "the address is associated", "InvalidIPAddress.InUse",
     400, "Address {ip} is in use.", ERRORS),
    ("address.associated", "AssociateAddress",
     "the address is associated elsewhere and AllowReassociation is false",
     "Resource.AlreadyAssociated", 400,
     "resource {id} is already associated with associate-id {association}", ERRORS),
    ("address.target-has-one", "AssociateAddress",
     "the private address has another address and AllowReassociation is false",
     "Resource.AlreadyAssociated", 400,
     "resource {id} is already associated with associate-id {association}", ERRORS),
    ("address.no-gateway", "AssociateAddress", "the VPC has no internet gateway",
     "Gateway.NotAttached", 400, "Network {vpc} is not attached to any internet gateway", ERRORS),
    ("address.interface-pending", "AssociateAddress",
     "the instance that holds the interface is pending", "IncorrectInstanceState", 400,
     ("The pending-instance-creation instance to which '{id}' is attached is not in a valid state"
     " for this operation"), ERRORS),
    ("address.instance-state", "AssociateAddress", "the instance is not running or stopped",
     "InvalidInstanceID", 400,
     "The instance '{id}' is not in a valid state for this operation.", ERRORS),
    ("address.instance-interfaces", "AssociateAddress",
     "an instance with several interfaces is given without saying which", "InvalidInstanceID",
     400, ("There are multiple interfaces attached to instance '{id}'. Please specify an interface"
     " ID for the operation instead."), ERRORS),
)  # fmt: skip
