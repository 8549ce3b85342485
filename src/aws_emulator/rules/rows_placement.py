"""Rules of placement groups."""

from aws_emulator.rules.row import EC2_GUIDE, ERRORS, PRACTICE, REFERENCE, Row

ROWS: tuple[Row, ...] = (
    ("placement.duplicate", "CreatePlacementGroup", "the name is taken in the region",
     "InvalidPlacementGroup.Duplicate", 400, "The placement group '{name}' already exists.", ERRORS),
    ("placement.unknown", "DeletePlacementGroup, DescribePlacementGroups, RunInstances",
     "no placement group has the name, or none that is visible yet", "InvalidPlacementGroup.Unknown", 400,
     "The Placement Group '{name}' is unknown.", ERRORS),
    ("placement.in-use", "DeletePlacementGroup", "an instance is in it", "InvalidPlacementGroup.InUse", 400,
     "The placement group '{name}' is in use and may not be deleted.", ERRORS),
    ("placement.name", "CreatePlacementGroup", "the name is empty or longer than 255 characters",
     "InvalidParameterValue", 400, "Value ({name}) for parameter groupName is invalid.", REFERENCE),
    ("placement.partitions", "CreatePlacementGroup",
     "a partition count without the partition strategy, or not between 1 and 7", "InvalidParameterValue", 400,
     "Value ({count}) for parameter partitionCount is invalid.", EC2_GUIDE),
    ("placement.limit", "CreatePlacementGroup", "the account has its quota of placement groups in the region",
     "PlacementGroupLimitExceeded", 400, "The maximum number of placement groups has been reached.", ERRORS),
    ("placement.spread-limit", "RunInstances",
     "a spread group has seven running instances in the zone", "InsufficientInstanceCapacity", 500,
     "The placement group '{name}' has the maximum of {limit} running instances in {zone}.", PRACTICE),
    ("placement.cluster-zone", "RunInstances", "a cluster group has instances in another zone",
     "InvalidPlacementGroup.InUse", 400,
     "The placement group '{name}' is in use in another availability zone: {zone}", PRACTICE),
    ("placement.cluster-type", "RunInstances", "a burstable type in a cluster group",
     "InvalidParameterCombination", 400,
     ("Cluster placement groups are not supported by the '{type}' instance type. Specify a supported"
     " instance type or change the placement group strategy, and try again."), EC2_GUIDE),
)  # fmt: skip
