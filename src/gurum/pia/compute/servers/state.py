"""What state a server is in, as users see it.

The API writes what is asked and the engine writes what is, each at its own time. Between the two a stop that was just
accepted must already show, or a second stop would be accepted too. So the state here is the effective one: what the
engine has written, overridden by what it has yet to work off.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import msgspec

from gurum.model.server import Action, Server

ACTIVE, BUILDING, STOPPED, ERROR, DELETED = "active", "building", "stopped", "error", "deleted"

# Nova's table from (vm_state, task_state) to the status users see; "" is any other task_state. States that no server of
# this region enters are there because clients filter by them.
STATUS: dict[str, dict[str, str]] = {
    "active": {
        "": "ACTIVE",
        "rebooting": "REBOOT",
        "reboot_pending": "REBOOT",
        "reboot_started": "REBOOT",
        "rebooting_hard": "HARD_REBOOT",
        "reboot_pending_hard": "HARD_REBOOT",
        "reboot_started_hard": "HARD_REBOOT",
        "updating_password": "PASSWORD",
        "rebuilding": "REBUILD",
        "rebuild_block_device_mapping": "REBUILD",
        "rebuild_spawning": "REBUILD",
        "migrating": "MIGRATING",
        "resize_prep": "RESIZE",
        "resize_migrating": "RESIZE",
        "resize_migrated": "RESIZE",
        "resize_finish": "RESIZE",
    },
    "building": {"": "BUILD"},
    "stopped": {
        "": "SHUTOFF",
        "resize_prep": "RESIZE",
        "resize_migrating": "RESIZE",
        "resize_migrated": "RESIZE",
        "resize_finish": "RESIZE",
        "rebuilding": "REBUILD",
        "rebuild_block_device_mapping": "REBUILD",
        "rebuild_spawning": "REBUILD",
    },
    "resized": {"": "VERIFY_RESIZE", "resize_reverting": "REVERT_RESIZE"},
    "paused": {"": "PAUSED", "migrating": "MIGRATING"},
    "suspended": {"": "SUSPENDED"},
    "rescued": {"": "RESCUE"},
    "error": {
        "": "ERROR",
        "rebuilding": "REBUILD",
        "rebuild_block_device_mapping": "REBUILD",
        "rebuild_spawning": "REBUILD",
    },
    "deleted": {"": "DELETED"},
    "soft-delete": {"": "SOFT_DELETED"},
    "shelved": {"": "SHELVED"},
    "shelved_offloaded": {"": "SHELVED_OFFLOADED"},
}

TASKS = {"start": "powering-on", "stop": "powering-off"}
REBOOTS = {"SOFT": "rebooting", "HARD": "rebooting_hard"}


def status_of(vm_state: str, task_state: str | None) -> str:
    """Return the status users see."""
    table = STATUS.get(vm_state)
    if table is None:
        return "UNKNOWN"
    return table.get(task_state or "", table[""])


def states_of(statuses: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the vm_states and task_states ("" among them: any other) that statuses stand for."""
    wanted = {status.lower() for status in statuses}
    pairs = [
        (vm_state, task)
        for vm_state, table in STATUS.items()
        for task, status in table.items()
        if status.lower() in wanted
    ]
    return frozenset(vm_state for vm_state, _ in pairs), frozenset(task for _, task in pairs)


def task_of(action: Action) -> str | None:
    """Return the task_state an accepted action shows until the engine has worked it off."""
    if action.action == "reboot":
        return REBOOTS.get(action.arguments.get("type", "SOFT"), "rebooting")
    return TASKS.get(action.action)


class State(msgspec.Struct, frozen=True, gc=False):
    """A server's effective state: what filters and checks look at, computed once per change."""

    vm_state: str
    task_state: str | None
    status: str
    folded: str  # the name in lower case
    touched: float  # when anything of it last changed, in seconds since the epoch


def effective(server: Server) -> State:
    """Return the effective state of a server."""
    vm_state, task_state = server.status.vm_state, server.status.task_state
    if server.deleting and vm_state != DELETED:
        task_state = "deleting"
    else:
        waiting = (action for action in reversed(server.spec.actions) if action.number > server.status.done)
        task_state = next((task for action in waiting if (task := task_of(action))), task_state)
    # One string for all servers in a state: comparing is then a comparison of pointers.
    vm_state, task_state = sys.intern(vm_state), sys.intern(task_state) if task_state is not None else None
    return State(vm_state, task_state, status_of(vm_state, task_state), server.spec.name.lower(), _touched(server))


def _touched(server: Server) -> float:
    """Return when the server last changed: the store dates changes of what is asked, this adds what came of it."""
    meta, status = server.metadata, server.status
    times = [meta.updated_at, meta.deletion_requested_at or 0.0, status.launched_at or 0.0, status.terminated_at or 0.0]
    if status.fault is not None:
        times.append(status.fault.created)
    times += [outcome.finish_time or outcome.start_time for outcome in status.outcomes[-2:]]
    return max(times)
