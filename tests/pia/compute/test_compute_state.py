"""Status words, and the rows that filters look at."""

from __future__ import annotations

import pytest

from gurum.model.base import Metadata
from gurum.model.server import Action, Server, ServerFlavor, ServerSpec, ServerStatus
from gurum.pia.compute.servers.state import effective, states_of, status_of


@pytest.mark.parametrize(
    ("vm_state", "task_state", "status"),
    [
        ("active", None, "ACTIVE"),
        ("active", "deleting", "ACTIVE"),
        ("active", "reboot_started_hard", "HARD_REBOOT"),
        ("building", "spawning", "BUILD"),
        ("stopped", None, "SHUTOFF"),
        ("error", None, "ERROR"),
        ("dreaming", None, "UNKNOWN"),
    ],
)
def test_status(vm_state: str, task_state: str | None, status: str) -> None:
    assert status_of(vm_state, task_state) == status


def test_states_of_a_status() -> None:
    assert states_of(["active"]) == (frozenset({"active"}), frozenset({""}))
    assert states_of(["HARD_REBOOT"])[0] == {"active"}
    assert states_of(["nope"]) == (frozenset(), frozenset())
    assert states_of(["resize"])[0] == {"active", "stopped"}


def server(done: int, *actions: str, deleting: bool = False) -> Server:
    return Server(
        metadata=Metadata(id="i", key="i", deletion_requested_at=5.0 if deleting else None, updated_at=1.0),
        spec=ServerSpec(
            name="N",
            user_id="u",
            flavor=ServerFlavor(id="1", name="f", vcpus=1, ram=1, disk=1),
            actions=[
                Action(number=n + 1, action=a, request_id="", user_id="", project_id="", start_time=0.0)
                for n, a in enumerate(actions)
            ],
        ),
        status=ServerStatus(vm_state="active", task_state=None, done=done),
    )


def test_what_is_asked_shows_until_it_is_done() -> None:
    assert effective(server(1, "create", "stop")).task_state == "powering-off"
    assert effective(server(2, "create", "stop")).task_state is None
    assert effective(server(2, "create", "stop", deleting=True)).task_state == "deleting"
    assert effective(server(2, "create", "stop", deleting=True)).touched == 5.0
