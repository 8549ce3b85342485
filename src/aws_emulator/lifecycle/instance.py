"""The life of an instance: pending, running, stopping, stopped, shutting-down, terminated."""

from aws_emulator.context import NEVER, Context
from aws_emulator.lifecycle.interface import let_go, settle_public_ip
from aws_emulator.lifecycle.volume import free_volume
from aws_emulator.state.compute import Instance
from aws_emulator.wire.response import timestamp


def begin_start(call: Context, row: Instance) -> None:
    """Move to pending; the caller saves."""
    row.state = "pending"
    row.launched_at = row.booted_at = call.now
    row.reason_code = row.reason_text = row.transition_reason = ""
    row.launch_fails = call.fault_launch(row.zone_id, row.instance_type)
    for interface in call.region.interfaces.by("instance", row.id):
        settle_public_ip(call, interface, anew=True)
        call.save(call.region.interfaces, interface)
    call.later(call.region.instances, row, "started", call.config.durations.instance_pending)


def begin_stop(call: Context, row: Instance) -> None:
    """Move to stopping; the caller saves."""
    row.state = "stopping"
    row.transition_reason = f"User initiated ({timestamp(call.now)})"
    row.reason_code = "Client.UserInitiatedShutdown"
    row.reason_text = f"{row.reason_code}: User initiated shutdown"
    row.timers.pop("started", None)
    call.later(call.region.instances, row, "stopped", call.config.durations.instance_stopping)


def begin_termination(
    call: Context,
    row: Instance,
    code: str = "Client.UserInitiatedShutdown",
    text: str = "User initiated shutdown",
) -> None:
    """Move to shutting-down; the caller saves."""
    row.state = "shutting-down"
    row.transition_reason = f"{text} ({timestamp(call.now)})"
    row.reason_code, row.reason_text = code, f"{code}: {text}"
    row.timers.pop("started", None)
    row.timers.pop("stopped", None)
    wait = call.config.durations.instance_shutting_down
    call.later(call.region.instances, row, "terminated", wait)


def started(call: Context, row: Instance) -> None:
    """Pending becomes running, or the launch fails as AWS lets some fail."""
    if row.launch_fails:
        text = "Internal error on launch (injected by the emulator)"
        begin_termination(call, row, "Server.InternalError", text)
    else:
        row.state = "running"
    call.save(call.region.instances, row)


def stopped(call: Context, row: Instance) -> None:
    """Stopping becomes stopped; a public address that came by itself is lost."""
    row.state = "stopped"
    for interface in call.region.interfaces.by("instance", row.id):
        if interface.auto_public_ip:
            interface.auto_public_ip = ""
            call.save(call.region.interfaces, interface)
    call.save(call.region.instances, row)


def terminated(call: Context, row: Instance) -> None:
    """Shutting-down becomes terminated; interfaces and volumes go, or are free again."""
    row.state = "terminated"
    for interface in call.region.interfaces.by("instance", row.id):
        let_go(call, interface)
    for volume in call.region.volumes.by("instance", row.id):
        free_volume(call, volume, row.id)
    wait = call.config.durations.instance_terminated_visible
    call.later(call.region.instances, row, "forgotten", wait)
    call.save(call.region.instances, row)


def forgotten(call: Context, row: Instance) -> None:
    """A terminated instance is not listed any more; its token still knows it for a while."""
    if row.client_token and not row.forgotten:
        row.forgotten = True
        row.visible_at = NEVER
        wait = call.config.durations.token_lifetime
        call.later(call.region.instances, row, "forgotten", wait)
        call.save(call.region.instances, row)
        return
    call.delete(call.region.instances, row.id)


TIMERS = {
    "started": started,
    "stopped": stopped,
    "terminated": terminated,
    "forgotten": forgotten,
}
