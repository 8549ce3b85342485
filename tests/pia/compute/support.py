"""Steps that most tests of the compute API begin with."""

from __future__ import annotations

from typing import Any

from tests.pia.compute.conftest import IMAGE, NET
from tests.support.pia import Answer, Kit
from tests.support.pretender import Pretender

V = "/compute/v2.1"
NOBODY = "11111111-2222-4333-8444-555555555555"


async def create(kit: Kit, *, version: str = "2.37", token: str = "member", **fields: Any) -> Answer:
    """Ask for a server; fields given as None are left out."""
    body = {"name": "srv", "imageRef": IMAGE, "flavorRef": "1", "networks": [{"uuid": NET}]} | fields
    server = {name: value for name, value in body.items() if value is not None}
    return await kit.call("POST", f"{V}/servers", {"server": server}, version=version, token=token)


async def running(kit: Kit, **fields: Any) -> str:
    """Return the id of a new server that runs."""
    answer = await create(kit, **fields)
    assert answer.status == 202, answer.body
    await Pretender(kit).work()
    uid: str = answer.json["server"]["id"]
    return uid


async def show(kit: Kit, uid: str, version: str = "", token: str = "member") -> dict[str, Any]:
    """Return a server as it is shown."""
    answer = await kit.call("GET", f"{V}/servers/{uid}", version=version, token=token)
    assert answer.status == 200, answer.body
    server: dict[str, Any] = answer.json["server"]
    return server


async def act(kit: Kit, uid: str, body: Any, version: str = "", token: str = "member") -> Answer:
    """Ask for an action."""
    return await kit.call("POST", f"{V}/servers/{uid}/action", body, version=version, token=token)


def fault(answer: Answer) -> tuple[int, str]:
    """Return the status and the text of a refusal."""
    ((_, body),) = answer.json.items()
    assert body["code"] == answer.status
    return answer.status, body["message"]
