"""ModifyVolume: grow, change type, IOPS, throughput; slowly, and not too often."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.volume_spec import check_spec
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.storage import Modification, Volume

PAGE = Page(5, 1000, ids_exclude=True)
_DAY = 86_400.0


def modify(call: Context, params: Params) -> Answer:
    """Begin a modification when the previous one is completed; at most four in 24 hours."""
    table = call.region.volumes
    row = call.get(table, params["VolumeId"])
    if not {"Size", "VolumeType", "Iops", "Throughput"} & set(params):
        raise refuse("volume.no-change", id=row.id)
    if row.state not in ("available", "in-use"):
        raise refuse("volume.not-available", id=row.id, state=row.state)
    size, kind = params.get("Size", row.size), params.get("VolumeType", row.volume_type)
    if size < row.size:
        raise refuse("volume.shrink")
    kept = kind == row.volume_type and kind in ("io1", "io2", "gp3")
    iops, throughput = check_spec(
        kind,
        size,
        params.get("Iops", row.iops if kept else None),
        params.get("Throughput", row.throughput if kept and kind == "gp3" else None),
    )
    if row.modification and row.modification.state != "completed":
        raise refuse("volume.modifying", id=row.id, state=row.modification.state)
    window = call.now - _DAY * call.config.time_factor
    recent = [moment for moment in row.modified_at if moment > window]
    limit = call.config.quotas.volume_modifications_per_day
    if len(recent) >= limit:
        raise refuse("volume.modification-rate", limit=limit)
    row.modified_at = [*recent, call.now]
    row.modification = Modification(
        state="modifying", started_at=call.now, ended_at=None, size=(row.size, size),
        volume_type=(row.volume_type, kind), iops=(row.iops, iops),
        throughput=(row.throughput, throughput),
    )  # fmt: skip
    call.later(table, row, "optimizing", call.config.durations.volume_modifying)
    call.save(table, row)
    return {"VolumeModification": view(call, row, row.modification)}


def describe(call: Context, params: Params) -> Answer:
    """List the latest modification of each volume that had one."""
    rows = select(call, call.region.volumes, params, "VolumeIds", FILTERS)
    for row in rows if params.get("VolumeIds") else ():
        if row.modification is None:
            raise refuse("volume.modification-none", id=row.id)
    rows, more = page([row for row in rows if row.modification], params, PAGE, "VolumeIds")
    return {"VolumesModifications": [view(call, row, row.modification) for row in rows if row.modification]} | more


def view(call: Context, row: Volume, change: Modification) -> Answer:
    """Return a modification as EC2 lists it."""
    return {
        "VolumeId": row.id,
        "ModificationState": change.state,
        "Progress": {"modifying": 0, "optimizing": 50, "completed": 100}[change.state],
        "OriginalSize": change.size[0],
        "TargetSize": change.size[1],
        "OriginalVolumeType": change.volume_type[0],
        "TargetVolumeType": change.volume_type[1],
        "OriginalIops": change.iops[0] or None,
        "TargetIops": change.iops[1] or None,
        "OriginalThroughput": change.throughput[0] or None,
        "TargetThroughput": change.throughput[1] or None,
        "StartTime": change.started_at,
        "EndTime": change.ended_at,
    }


FILTERS: FilterTable = {
    "volume-id": lambda call, row: (row.id,),
    "modification-state": lambda call, row: (row.modification.state,) if row.modification else (),
    "target-size": lambda call, row: (str(row.modification.size[1]),) if row.modification else (),
    "target-volume-type": lambda call, row: (row.modification.volume_type[1],) if row.modification else (),
}

ACTIONS = (
    Action("ModifyVolume", modify, "VolumeId Size VolumeType Iops Throughput"),
    Action("DescribeVolumesModifications", describe, "VolumeIds Filters MaxResults NextToken"),
)
