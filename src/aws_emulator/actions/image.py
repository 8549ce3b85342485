"""Images: the seeded public ones and the account's own, seen as one list."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.catalogue.images import Image, images_of
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, choose, page
from aws_emulator.state.storage import OwnImage
from aws_emulator.wire.response import timestamp

PAGE = Page(1, 1000, ids_exclude=False)


def own_view(call: Context, row: OwnImage) -> Image:
    """Return an image of the account in the form that public ones have."""
    root, *more = row.devices
    return Image(
        row.id,
        row.name,
        call.region.account,
        "",
        row.architecture,
        root.device,
        root.snapshot_id,
        root.size,
        timestamp(row.created_at),
        row.state,
        row.boot_mode,
        row.description,
        public=False,
        more=tuple((each.device, each.snapshot_id, each.size) for each in more),
        source_instance=row.source_instance_id,
        tags=row.shown_tags,
    )


def find_image(call: Context, identity: str) -> Image:
    """Return an image the account may use, or the malformed or not-found refusal."""
    call.check_form("image", identity)
    public = images_of(call.region.name).get(identity)
    return public or own_view(call, call.get(call.region.images, identity))


def describe(call: Context, params: Params) -> Answer:
    """List images; Owners takes account ids, `self` and aliases."""
    if params.get("ImageIds"):
        rows = [find_image(call, each) for each in dict.fromkeys(params["ImageIds"])]
    else:
        own = [own_view(call, row) for row in call.region.images if call.sees(row)]
        rows = own + list(images_of(call.region.name).values())
    owners = {call.region.account if each == "self" else each for each in params.get("Owners", ())}
    if owners:
        rows = [row for row in rows if {row.owner, row.owner_alias or row.owner} & owners]
    users = set(params.get("ExecutableUsers", ()))
    if users:
        rows = [row for row in rows if ("all" if row.public else "self") in users]
    rows, more = page(choose(call, rows, params, FILTERS, tagged=True), params, PAGE)
    return {"Images": [view(row) for row in rows]} | more


def view(row: Image) -> Answer:
    """Return an image as EC2 lists it."""
    devices = ((row.root_device, row.root_snapshot, row.root_size), *row.more)
    return {
        "ImageId": row.id,
        "Name": row.name,
        "Description": row.description or None,
        "ImageLocation": f"{row.owner_alias or row.owner}/{row.name}",
        "OwnerId": row.owner,
        "ImageOwnerAlias": row.owner_alias or None,
        "Architecture": row.architecture,
        "ImageType": "machine",
        "State": row.state,
        "Public": row.public,
        "CreationDate": row.created,
        "Hypervisor": "xen",
        "VirtualizationType": "hvm",
        "EnaSupport": True,
        "SriovNetSupport": "simple",
        "BootMode": row.boot_mode or None,
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "SourceInstanceId": row.source_instance or None,
        "RootDeviceName": row.root_device,
        "RootDeviceType": "ebs",
        "BlockDeviceMappings": [_device(*each) for each in devices],
        "Tags": [{"Key": key, "Value": value} for key, value in row.tags.items()],
    }


def _device(device: str, snapshot: str, size: int) -> Answer:
    return {
        "DeviceName": device,
        "Ebs": {
            "SnapshotId": snapshot,
            "VolumeSize": size,
            "VolumeType": "gp3",
            "Iops": 3000,
            "Throughput": 125,
            "DeleteOnTermination": True,
            "Encrypted": False,
        },
    }


FILTERS: FilterTable = {
    "image-id": lambda call, row: (row.id,),
    "name": lambda call, row: (row.name,),
    "description": lambda call, row: (row.description,),
    "architecture": lambda call, row: (row.architecture,),
    "owner-id": lambda call, row: (row.owner,),
    "owner-alias": lambda call, row: (row.owner_alias,),
    "state": lambda call, row: (row.state,),
    "is-public": lambda call, row: (str(row.public).lower(),),
    "image-type": lambda call, row: ("machine",),
    "root-device-type": lambda call, row: ("ebs",),
    "root-device-name": lambda call, row: (row.root_device,),
    "source-instance-id": lambda call, row: (row.source_instance,),
    "virtualization-type": lambda call, row: ("hvm",),
    "hypervisor": lambda call, row: ("xen",),
    "ena-support": lambda call, row: ("true",),
    "creation-date": lambda call, row: (row.created,),
    "platform-details": lambda call, row: ("Linux/UNIX",),
    "block-device-mapping.snapshot-id": lambda call, row: (
        row.root_snapshot,
        *(each[1] for each in row.more),
    ),
    "block-device-mapping.volume-type": lambda call, row: ("gp3",),
}

ACTIONS = (
    Action(
        "DescribeImages",
        describe,
        "ImageIds Owners ExecutableUsers Filters MaxResults NextToken IncludeDeprecated IncludeDisabled",
    ),
)
