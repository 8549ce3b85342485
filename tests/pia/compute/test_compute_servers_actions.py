"""Verbs: in which states, recorded how, and what is refused in whose words."""

from __future__ import annotations

import asyncio

import pytest
from tests.pia.compute.conftest import IMAGE
from tests.pia.compute.support import NOBODY, V, act, create, fault, running, show
from tests.support.pia import PROJECTS, Kit, flavor, image
from tests.support.pretender import Pretender

from gurum.model.server import Server
from gurum.pia.compute.servers.refused import TABLE


async def state(kit: Kit, uid: str) -> tuple[str, str | None]:
    shown = await show(kit, uid)
    return shown["status"], shown["OS-EXT-STS:task_state"]


async def test_stop_start_reboot(kit: Kit) -> None:
    uid = await running(kit)
    steps = [
        ({"os-stop": "now"}, ("ACTIVE", "powering-off"), ("SHUTOFF", None)),
        ({"os-start": {"a": 1}}, ("SHUTOFF", "powering-on"), ("ACTIVE", None)),
        ({"reboot": {"type": "Soft"}}, ("REBOOT", "rebooting"), ("ACTIVE", None)),
        ({"reboot": {"type": "HARD"}}, ("HARD_REBOOT", "rebooting_hard"), ("ACTIVE", None)),
    ]
    for body, during, after in steps:
        answer = await act(kit, uid, body)
        assert (answer.status, answer.body, answer.headers["content-type"]) == (202, b"", "application/json")
        assert await state(kit, uid) == during
        await Pretender(kit).work()
        assert await state(kit, uid) == after
    stored = await kit.store.get(Server, uid)
    assert [(a.number, a.action) for a in stored.spec.actions] == [
        *((1, "create"), (2, "stop"), (3, "start"), (4, "reboot"), (5, "reboot"))
    ]
    assert [a.arguments for a in stored.spec.actions[3:]] == [{"type": "SOFT"}, {"type": "HARD"}]


async def test_a_second_stop_is_refused_before_and_after_the_engine_has_seen_the_first(kit: Kit) -> None:
    uid = await running(kit)
    await act(kit, uid, {"os-stop": None})
    text = f"Cannot 'stop' instance {uid} while it is in"
    assert fault(await act(kit, uid, {"os-stop": None})) == (409, f"{text} task_state powering-off")
    await Pretender(kit).work()
    assert fault(await act(kit, uid, {"os-stop": None})) == (409, f"{text} vm_state stopped")


async def test_of_two_stops_at_once_one_is_refused(kit: Kit) -> None:
    uid = await running(kit)
    answers = await asyncio.gather(*(act(kit, uid, {"os-stop": None}) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [202, 409, 409, 409, 409]


async def test_states_of_a_building_server(kit: Kit) -> None:
    uid = (await create(kit)).json["server"]["id"]
    for body, verb in (
        ({"os-start": None}, "start"),
        ({"os-stop": None}, "stop"),
        ({"reboot": {"type": "SOFT"}}, "reboot"),
    ):
        text = f"Cannot '{verb}' instance {uid} while it is in vm_state building"
        assert fault(await act(kit, uid, body)) == (409, text)
    assert fault(await act(kit, uid, {"os-getConsoleOutput": {}})) == (409, f"Instance {uid} is not ready")
    assert (await kit.call("DELETE", f"{V}/servers/{uid}")).status == 204


async def test_a_hard_reboot_may_follow_a_soft_one_and_starts_a_stopped_server(kit: Kit) -> None:
    uid = await running(kit)
    assert (await act(kit, uid, {"reboot": {"type": "SOFT"}})).status == 202
    assert fault(await act(kit, uid, {"reboot": {"type": "SOFT"}}))[0] == 409
    assert (await act(kit, uid, {"reboot": {"type": "HARD"}})).status == 202
    await Pretender(kit).work()
    await act(kit, uid, {"os-stop": None})
    await Pretender(kit).work()
    assert (await act(kit, uid, {"reboot": {"type": "HARD"}})).status == 202


async def test_only_twenty_actions_are_kept_and_their_numbers_go_on(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    for _ in range(25):
        await act(kit, uid, {"reboot": {"type": "HARD"}})
        await Pretender(kit).work()
    actions = (await kit.store.get(Server, uid)).spec.actions
    assert [action.number for action in actions] == list(range(7, 27))


async def test_force_delete_deletes(kit: Kit) -> None:
    uid = await running(kit)
    assert (await act(kit, uid, {"forceDelete": "x"})).status == 202
    await Pretender(kit).work()
    assert (await kit.call("GET", f"{V}/servers/{uid}")).status == 404


async def test_unknown_servers_of_power_actions_have_no_mapping(kit: Kit) -> None:
    uid = await running(kit)
    for body in ({"os-stop": None}, {"os-start": None}):
        assert fault(await act(kit, NOBODY, body)) == (404, f"Instance {NOBODY} has no mapping to a cell.")
        # Another project's is told from an unknown one by nothing.
        assert fault(await act(kit, uid, body, token="other")) == (404, f"Instance {uid} has no mapping to a cell.")
    assert fault(await act(kit, NOBODY, {"pause": None})) == (404, f"Instance {NOBODY} could not be found.")
    assert fault(await act(kit, uid, {"os-stop": None}, token="reader")) == (
        403,
        "Policy doesn't allow os_compute_api:servers:stop to be performed.",
    )


async def test_lock_and_unlock(kit: Kit) -> None:
    uid = await running(kit)
    assert (await act(kit, uid, {"lock": {"locked_reason": "why"}}, "2.73")).status == 202
    shown = await show(kit, uid, "2.73")
    assert (shown["locked"], shown["locked_reason"]) == (True, "why")
    locked = (409, f"Instance {uid} is locked")
    assert fault(await act(kit, uid, {"os-stop": None})) == locked
    assert fault(await act(kit, uid, {"pause": None})) == locked
    assert fault(await kit.call("DELETE", f"{V}/servers/{uid}")) == locked
    assert fault(await kit.call("POST", f"{V}/servers/{uid}/metadata", {"metadata": {"a": "b"}})) == locked
    assert (await act(kit, uid, {"os-stop": None}, token="admin")).status == 202
    assert (await act(kit, uid, {"unlock": None})).status == 202
    shown = await show(kit, uid, "2.73")
    assert (shown["locked"], shown["locked_reason"]) == (False, None)
    bad = await act(kit, uid, {"lock": {"x": 1}}, "2.73")
    assert "Additional properties are not allowed ('x' was unexpected)" in fault(bad)[1]
    assert (await act(kit, uid, {"lock": {"x": 1}}, "2.72")).status == 202


async def test_what_an_administrator_locked_its_owner_cannot_unlock(kit: Kit) -> None:
    uid = await running(kit)
    await act(kit, uid, {"lock": None}, token="admin")
    assert fault(await act(kit, uid, {"unlock": None})) == (
        403,
        "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.",
    )
    assert (await act(kit, uid, {"unlock": None}, token="admin")).status == 202
    await act(kit, uid, {"lock": None})
    assert (await act(kit, uid, {"unlock": None}, token="admin")).status == 202


PREFIX = "Invalid input for field/attribute"
WRONG = "Cannot '{0}' instance {{uid}} while it is in vm_state stopped"
DENIED = "Policy doesn't allow os_compute_api:{0} to be performed."
ZERO = "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed."
STOPPED = [
    ({"pause": {"a": 1}}, "", 409, WRONG.format("pause")),
    ({"changePassword": {"adminPass": "x"}}, "", 409, WRONG.format("changePassword")),
    ({"trigger_crash_dump": None}, "2.17", 409, WRONG.format("trigger_crash_dump")),
    ({"trigger_crash_dump": None}, "2.16", 404, "The resource could not be found."),
    ({"unshelve": {"availability_zone": "nova"}}, "2.77", 409, WRONG.format("unshelve")),
    ({"restore": None}, "", 409, WRONG.format("restore")),
    ({"resize": {"flavorRef": "1"}}, "", 400, "When resizing, instances must change flavor!"),
    ({"resize": {"flavorRef": 5}}, "", 400, "Flavor 5 could not be found."),
    ({"resize": {"flavorRef": "0"}}, "", 400, ZERO),
    ({"rebuild": {}}, "", 400, PREFIX + " rebuild. Value: {{}}. 'imageRef' is a required property"),
    ({"rebuild": {"imageRef": NOBODY}}, "", 400, "Cannot find image for rebuild"),
    ({"createImage": {}}, "", 400, PREFIX + " createImage. Value: {{}}. 'name' is a required property"),
    ({"createImage": {"name": ""}}, "", 400, PREFIX + " name. Value: . '' should be non-empty"),
    ({"createBackup": {}}, "", 400, PREFIX + " createBackup. Value: {{}}. 'name' is a required property"),
    ({"addFloatingIp": {"address": "1.2.3.4"}}, "2.44", 404, "The resource could not be found."),
    ({"os-migrateLive": {"host": None, "block_migration": "auto"}}, "2.25", 403,
     DENIED.format("os-migrate-server:migrate_live")),
    ({"os-resetState": {"state": "error"}}, "", 403, DENIED.format("os-admin-actions:reset_state")),
    ({"injectNetworkInfo": None}, "", 403, DENIED.format("os-admin-actions:inject_network_info")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "version", "status", "text"), STOPPED)
async def test_refusals_come_where_novas_would(kit: Kit, body: object, version: str, status: int, text: str) -> None:
    uid = await running(kit, networks="none")
    await act(kit, uid, {"os-stop": None})
    await Pretender(kit).work()
    assert fault(await act(kit, uid, body, version)) == (status, text.format(uid=uid))


@pytest.mark.parametrize(
    "body",
    [
        *({"pause": None}, {"suspend": None}, {"resize": {"flavorRef": "2"}}, {"rebuild": {"imageRef": IMAGE}}),
        *({"createImage": {"name": "i"}}, {"shelve": None}, {"rescue": None}, {"changePassword": {"adminPass": "x"}}),
        {"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}},
    ],
)
async def test_what_is_not_built_is_501_in_the_right_state_and_changes_nothing(kit: Kit, body: object) -> None:
    uid = await running(kit, networks="none")
    before = await show(kit, uid, "2.96")
    answer = await act(kit, uid, body)
    assert fault(answer) == (501, "The requested functionality is not supported.")
    assert list(answer.json) == ["notImplemented"]
    assert await show(kit, uid, "2.96") == before


async def test_nobody_learns_of_anothers_flavor_or_image_by_a_refused_verb(kit: Kit) -> None:
    uid = await running(kit)
    private, theirs = flavor("private", id="p", is_public=False), image(visibility="private", owner=PROJECTS["other"])
    await kit.seed(private, theirs)
    assert fault(await act(kit, uid, {"resize": {"flavorRef": "p"}})) == (400, "Flavor p could not be found.")
    rebuild = {"rebuild": {"imageRef": theirs.id}}
    assert fault(await act(kit, uid, rebuild)) == (400, "Cannot find image for rebuild")
    assert (await act(kit, uid, {"resize": {"flavorRef": "p"}}, token="admin")).status == 501


def test_every_refused_verb_says_why_once() -> None:
    assert len({row.action for row in TABLE}) == len(TABLE)
    assert all(row.why for row in TABLE)
