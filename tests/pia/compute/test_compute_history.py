"""os-instance-actions: what was done, by whom, with what end; also of servers that are gone."""

from __future__ import annotations

import msgspec
from tests.pia.compute.support import NOBODY, V, act, fault, running
from tests.support.pia import EPOCH, PROJECTS, REGION, USERS, Kit
from tests.support.pretender import Pretender

from gurum.model.server import Action, ActionRecord, Server
from gurum.store.contract import Record

BASE = {"action", "instance_uuid", "message", "project_id", "request_id", "start_time", "user_id"}


async def test_newest_first_with_shapes_by_version(kit: Kit) -> None:
    uid = await running(kit)
    await act(kit, uid, {"os-stop": None})
    await Pretender(kit).work()
    path = f"{V}/servers/{uid}/os-instance-actions"
    rows = (await kit.call("GET", path)).json["instanceActions"]
    assert [row["action"] for row in rows] == ["stop", "create"]
    assert set(rows[0]) == BASE
    assert (rows[0]["user_id"], rows[0]["project_id"]) == (USERS["member"], PROJECTS["member"])
    assert len(rows[0]["start_time"]) == 26
    later = (await kit.call("GET", path, version="2.58", token="reader")).json["instanceActions"]
    assert set(later[0]) == BASE | {"updated_at"}
    assert fault(await kit.call("GET", path, token="other")) == (404, f"Instance {uid} could not be found.")


async def test_one_action_with_its_events(kit: Kit) -> None:
    uid = await running(kit)
    path = f"{V}/servers/{uid}/os-instance-actions"
    request = (await kit.call("GET", path)).json["instanceActions"][0]["request_id"]
    shown = (await kit.call("GET", f"{path}/{request}", version="2.62")).json["instanceAction"]
    (event,) = shown["events"]
    assert set(event) == {"event", "start_time", "finish_time", "result", "hostId"}
    assert event["result"] == "Success"
    assert "events" not in (await kit.call("GET", f"{path}/{request}", version="2.50")).json["instanceAction"]
    admin = (await kit.call("GET", f"{path}/{request}", version="2.84", token="admin")).json["instanceAction"]
    assert set(admin["events"][0]) == set(event) | {"host", "traceback", "details"}
    assert fault(await kit.call("GET", f"{path}/{NOBODY}")) == (404, f"Action {NOBODY} not found")


async def test_pages_and_times_from_2_58(kit: Kit) -> None:
    uid = await running(kit)
    await act(kit, uid, {"os-stop": None})
    path = f"{V}/servers/{uid}/os-instance-actions"
    page = (await kit.call("GET", f"{path}?limit=1", version="2.58")).json
    assert [row["action"] for row in page["instanceActions"]] == ["stop"]
    marker = page["instanceActions"][0]["request_id"]
    assert page["links"][0]["href"].endswith(f"/servers/{uid}/os-instance-actions?limit=1&marker={marker}")
    rest = (await kit.call("GET", f"{path}?marker={marker}", version="2.58")).json
    assert [row["action"] for row in rest["instanceActions"]] == ["create"]
    assert fault(await kit.call("GET", f"{path}?marker=x", version="2.58")) == (400, "Marker None could not be found.")
    since = await kit.call("GET", f"{path}?changes-since=x", version="2.58")
    assert fault(since) == (400, "Invalid input for query parameters changes-since. Value: x. 'x' is not a 'date-time'")
    none = await kit.call("GET", f"{path}?changes-before=2000-01-01T00:00:00Z", version="2.66")
    assert none.json == {"instanceActions": []}
    unknown = await kit.call("GET", f"{path}?changes-before=2000-01-01T00:00:00Z", version="2.58")
    assert "Additional properties are not allowed ('changes-before' was unexpected)" in fault(unknown)[1]


async def test_the_actions_of_a_deleted_server_from_2_21(kit: Kit) -> None:
    uid = await running(kit)
    await kit.call("DELETE", f"{V}/servers/{uid}")
    path = f"{V}/servers/{uid}/os-instance-actions"
    during = (await kit.call("GET", path)).json["instanceActions"]
    assert [row["action"] for row in during] == ["delete", "create"]
    await Pretender(kit).work()
    assert fault(await kit.call("GET", path, version="2.20"))[0] == 404
    after = (await kit.call("GET", path, version="2.21")).json["instanceActions"]
    assert [row["action"] for row in after] == ["delete", "create"]
    assert fault(await kit.call("GET", path, version="2.21", token="other"))[0] == 404
    assert (await kit.call("GET", path, version="2.21", token="admin")).status == 200


async def test_older_actions_come_from_the_journal(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    server = await kit.store.get(Server, uid)
    server.spec.actions = [msgspec.structs.replace(server.spec.actions[0], number=2, action="stop")]
    await kit.store.update_spec(server)
    old = Action(number=1, action="create", request_id="req-1", user_id="u", project_id="p", start_time=EPOCH)
    record = Record(
        at=EPOCH,
        type="action",
        kind=Server.kind,
        object_id=uid,
        region=REGION,
        project=PROJECTS["member"],
        data=msgspec.json.encode(ActionRecord(action=old, outcome=None)),
    )
    await kit.journal.append(record, unique="1")
    rows = (await kit.call("GET", f"{V}/servers/{uid}/os-instance-actions")).json["instanceActions"]
    assert [(row["action"], row["request_id"] == "req-1") for row in rows] == [("stop", False), ("create", True)]


async def test_there_are_no_migrations(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    path = f"{V}/servers/{uid}/migrations"
    assert fault(await kit.call("GET", path, version="2.23")) == (
        403,
        "Policy doesn't allow os_compute_api:servers:migrations:index to be performed.",
    )
    assert (await kit.call("GET", path, version="2.23", token="admin")).json == {"migrations": []}
    for named, token in ((uid, "other"), (NOBODY, "member"), (NOBODY, "admin")):
        unknown = await kit.call("GET", f"{V}/servers/{named}/migrations", version="2.23", token=token)
        assert fault(unknown) == (404, f"Instance {named} could not be found.")
