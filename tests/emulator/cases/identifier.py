"""Cases of malformed and unknown ids."""

from collections.abc import Callable
from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import Cloud

# kind -> (prefix, a call with an id)
_USES: dict[str, tuple[str, Callable[[Cloud, str], Any]]] = {
    "instance": ("i", lambda c, i: c("DescribeInstances", InstanceIds=[i])),
    "vpc": ("vpc", lambda c, i: c("DeleteVpc", VpcId=i)),
    "subnet": ("subnet", lambda c, i: c("DescribeSubnets", SubnetIds=[i])),
    "network-interface": ("eni", lambda c, i: c("DeleteNetworkInterface", NetworkInterfaceId=i)),
    "security-group": ("sg", lambda c, i: c("DescribeSecurityGroups", GroupIds=[i])),
    "security-group-rule": (
        "sgr", lambda c, i: c("DescribeSecurityGroupRules", SecurityGroupRuleIds=[i])),
    "volume": ("vol", lambda c, i: c("DescribeVolumes", VolumeIds=[i])),
    "snapshot": ("snap", lambda c, i: c("DescribeSnapshots", SnapshotIds=[i])),
    "image": ("ami", lambda c, i: c("DescribeImages", ImageIds=[i])),
    "internet-gateway": ("igw", lambda c, i: c("DeleteInternetGateway", InternetGatewayId=i)),
    "route-table": ("rtb", lambda c, i: c("DeleteRouteTable", RouteTableId=i)),
    "placement-group": ("pg", lambda c, i: c("DescribePlacementGroups", GroupIds=[i])),
    "attachment": ("eni-attach", lambda c, i: c("DetachNetworkInterface", AttachmentId=i)),
    "elastic-ip": ("eipalloc", lambda c, i: c("ReleaseAddress", AllocationId=i)),
    "association": ("eipassoc", lambda c, i: c("DisassociateAddress", AssociationId=i)),
    "key-pair": ("key", lambda c, i: c("DescribeKeyPairs", KeyPairIds=[i])),
}  # fmt: skip
_NEVER_MALFORMED = ("elastic-ip", "association", "key-pair")


def _case(kind: str, identity: str) -> Case:
    return Case(lambda cloud: _USES[kind][1](cloud, identity))


CASES = {
    **{f"{kind}.not-found": _case(kind, f"{use[0]}-{'0' * 17}") for kind, use in _USES.items()},
    **{f"{kind}.malformed": _case(kind, "xyz-1") for kind in _USES if kind not in _NEVER_MALFORMED},
}
