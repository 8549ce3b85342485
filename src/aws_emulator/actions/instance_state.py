"""Start, stop, reboot and terminate. All instances of a call are checked before any changes."""

from collections.abc import Callable

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.instance_type import find_type
from aws_emulator.actions.instance_view import state
from aws_emulator.actions.room import room_for
from aws_emulator.context import Context
from aws_emulator.lifecycle.instance import begin_start, begin_stop, begin_termination
from aws_emulator.rules import refuse
from aws_emulator.state.compute import Instance


def _targets(call: Context, params: Params) -> list[Instance]:
    if not params["InstanceIds"]:
        raise refuse("parameter.missing", name="InstanceId")
    return call.many(call.region.instances, params["InstanceIds"])


def _change(
    call: Context, rows: list[Instance], moving: tuple[str, ...], move: Callable[[Instance], None]
) -> list[Answer]:
    """Move those rows that are in one of the states `moving`; tell all before and after."""
    changes = []
    for row in rows:
        before = row.state
        if before in moving:
            move(row)
            call.save(call.region.instances, row)
        changes.append(
            {
                "InstanceId": row.id,
                "PreviousState": state(before),
                "CurrentState": state(row.state),
            }
        )
    return changes


def start_instances(call: Context, params: Params) -> Answer:
    """Start stopped instances; one that runs or starts stays as it is."""
    rows = _targets(call, params)
    for row in rows:
        if row.state not in ("stopped", "pending", "running"):
            raise refuse("instance.state-start", id=row.id)
    for row in rows:
        if row.state == "stopped":
            room_for(call, find_type(row.instance_type), row.zone, row.zone_id, 1, 1)
    changes = _change(call, rows, ("stopped",), lambda row: begin_start(call, row))
    return {"StartingInstances": changes}


def stop_instances(call: Context, params: Params) -> Answer:
    """Stop running instances; one that is stopped or stops stays as it is."""
    rows = _targets(call, params)
    for row in rows:
        if params.get("Hibernate") and not row.hibernation:
            raise refuse("instance.hibernate", id=row.id)
        if row.state not in ("running", "stopping", "stopped"):
            raise refuse("instance.state-stop", id=row.id)
        if row.api_stop_disabled:
            raise refuse("instance.stop-protected", id=row.id)
    changes = _change(call, rows, ("running",), lambda row: begin_stop(call, row))
    return {"StoppingInstances": changes}


def reboot_instances(call: Context, params: Params) -> Answer:
    """Reboot running instances: the state never changes, only the boot starts anew."""
    rows = _targets(call, params)
    for row in rows:
        if row.state != "running":
            raise refuse("instance.state-reboot", id=row.id)
    for row in rows:
        row.booted_at = call.now
        call.save(call.region.instances, row)
    return {}


def terminate_instances(call: Context, params: Params) -> Answer:
    """Terminate instances; idempotent. Protection counts per zone: others still go."""
    rows = _targets(call, params)
    barred = next((row for row in rows if row.api_termination_disabled), None)
    stop_barred = next((row for row in rows if row.api_stop_disabled and not row.gone), None)
    zones = {row.zone for row in (barred, stop_barred) if row is not None}
    going = [row for row in rows if row.zone not in zones]
    moving = ("pending", "running", "stopping", "stopped")
    changes = _change(call, going, moving, lambda row: begin_termination(call, row))
    if barred is not None:
        raise refuse("instance.protected", id=barred.id)
    if stop_barred is not None:
        raise refuse("instance.stop-protected", id=stop_barred.id)
    return {"TerminatingInstances": changes}


ACTIONS = (
    Action("StartInstances", start_instances, "InstanceIds"),
    Action("StopInstances", stop_instances, "InstanceIds Force Hibernate"),
    Action("RebootInstances", reboot_instances, "InstanceIds"),
    Action(
        "TerminateInstances",
        terminate_instances,
        "InstanceIds Force",
        cost=lambda params: len(params["InstanceIds"]),
    ),
)
