"""Instance types and where they are offered."""

from fnmatch import fnmatchcase

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.catalogue.types import TYPES, InstanceType
from aws_emulator.catalogue.zones import Zone
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, choose, filters_of, matches, page
from aws_emulator.rules import refuse

TYPES_PAGE = Page(5, 100, ids_exclude=True)
OFFERINGS_PAGE = Page(5, 1000, ids_exclude=False)


def find_type(name: str) -> InstanceType:
    """Return an instance type, or the refusal of an unknown one."""
    found = TYPES.get(name)
    if found is None:
        raise refuse("run.type-unknown", type=name)
    return found


def offered(call: Context, name: str, zone: Zone) -> bool:
    """Tell whether a zone offers an instance type."""
    return not any(fnmatchcase(name, glob) for glob in call.config.not_offered.get(zone.id, ()))


def describe_types(call: Context, params: Params) -> Answer:
    """List instance types with their figures."""
    wanted = params.get("InstanceTypes")
    for name in wanted or ():
        if name not in TYPES:
            raise refuse("types.unknown", type=name)
    rows = [TYPES[name] for name in wanted] if wanted else list(TYPES.values())
    rows = choose(call, rows, params, FILTERS)
    rows, more = page(rows, params, TYPES_PAGE, "InstanceTypes")
    return {"InstanceTypes": [_type(row) for row in rows]} | more


def _type(row: InstanceType) -> Answer:
    return {
        "InstanceType": row.name,
        "CurrentGeneration": row.nitro or row.name.startswith("t2."),
        "FreeTierEligible": row.name in ("t2.micro", "t3.micro"),
        "BareMetal": False,
        "Hypervisor": "nitro" if row.nitro else "xen",
        "SupportedUsageClasses": ["on-demand"],
        "SupportedRootDeviceTypes": ["ebs"],
        "SupportedVirtualizationTypes": ["hvm"],
        "SupportedBootModes": _boot_modes(row),
        "BurstablePerformanceSupported": row.burstable,
        "HibernationSupported": row.nitro and row.architecture == "x86_64",
        "InstanceStorageSupported": False,
        "ProcessorInfo": {"SupportedArchitectures": [row.architecture]},
        "VCpuInfo": {
            "DefaultVCpus": row.vcpus,
            "DefaultCores": row.vcpus // row.threads,
            "DefaultThreadsPerCore": row.threads,
        },
        "MemoryInfo": {"SizeInMiB": row.memory},
        "EbsInfo": {
            "EbsOptimizedSupport": "default" if row.nitro else "unsupported",
            "EncryptionSupport": "supported",
            "NvmeSupport": "required" if row.nitro else "unsupported",
        },
        "NetworkInfo": {
            "MaximumNetworkInterfaces": row.interfaces,
            "MaximumNetworkCards": 1,
            "DefaultNetworkCardIndex": 0,
            "Ipv4AddressesPerInterface": row.addresses,
            "Ipv6AddressesPerInterface": row.addresses,
            "Ipv6Supported": True,
            "EnaSupport": "required" if row.nitro else "unsupported",
        },
        "PlacementGroupInfo": {"SupportedStrategies": [*([] if row.burstable else ["cluster"]), "partition", "spread"]},
    }


def _boot_modes(row: InstanceType) -> list[str]:
    if row.architecture == "arm64":
        return ["uefi"]
    return ["legacy-bios", "uefi"] if row.nitro else ["legacy-bios"]


FILTERS: FilterTable = {
    "instance-type": lambda call, row: (row.name,),
    "current-generation": lambda call, row: (str(_type(row)["CurrentGeneration"]).lower(),),
    "bare-metal": lambda call, row: ("false",),
    "burstable-performance-supported": lambda call, row: (str(row.burstable).lower(),),
    "hypervisor": lambda call, row: ("nitro" if row.nitro else "xen",),
    "processor-info.supported-architecture": lambda call, row: (row.architecture,),
    "vcpu-info.default-vcpus": lambda call, row: (str(row.vcpus),),
    "memory-info.size-in-mib": lambda call, row: (str(row.memory),),
    "network-info.maximum-network-interfaces": lambda call, row: (str(row.interfaces),),
    "network-info.ipv4-addresses-per-interface": lambda call, row: (str(row.addresses),),
    "supported-root-device-type": lambda call, row: ("ebs",),
    "supported-virtualization-type": lambda call, row: ("hvm",),
    "free-tier-eligible": lambda call, row: (str(_type(row)["FreeTierEligible"]).lower(),),
}


def describe_offerings(call: Context, params: Params) -> Answer:
    """List which types the region, or each zone, offers."""
    kind = params.get("LocationType", "region")
    zones = call.region.zones
    rows = []
    for name in TYPES:
        places = [zone for zone in zones if offered(call, name, zone)]
        if kind == "region":
            rows += [(name, call.region.name)] if places else []
        else:
            field = "name" if kind == "availability-zone" else "id"
            rows += [(name, getattr(zone, field)) for zone in places]
    for filter_name, wanted in filters_of(params):
        if filter_name not in ("instance-type", "location"):
            raise refuse("filter.unknown", name=filter_name)
        place = 0 if filter_name == "instance-type" else 1
        rows = [row for row in rows if matches(wanted, (row[place],))]
    rows, more = page(rows, params, OFFERINGS_PAGE)
    return {
        "InstanceTypeOfferings": [
            {"InstanceType": name, "LocationType": kind, "Location": where} for name, where in rows
        ]
    } | more


ACTIONS = (
    Action("DescribeInstanceTypes", describe_types, "InstanceTypes Filters MaxResults NextToken"),
    Action(
        "DescribeInstanceTypeOfferings",
        describe_offerings,
        "LocationType Filters MaxResults NextToken",
    ),
)
