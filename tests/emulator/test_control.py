"""The control API over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from tests.emulator.cloud import ACCOUNT, OTHER_ACCOUNT, REGION, Cloud

from aws_emulator import RULES, Emulator, ManualClock


@pytest.fixture
async def http(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(url) as session:
        yield session


@pytest.fixture
def owner(emulator: Emulator, clock: ManualClock) -> Cloud:
    """The in-process side of the served emulator."""
    cloud = Cloud()
    cloud.emulator, cloud.clock = emulator, clock
    return cloud


async def _get(http: aiohttp.ClientSession, path: str, status: int = 200) -> Any:
    async with http.get(f"/_emulator/{path}") as answer:
        assert answer.status == status
        return await answer.json()


async def _post(http: aiohttp.ClientSession, path: str, body: Any, status: int = 200) -> Any:
    async with http.post(f"/_emulator/{path}", json=body) as answer:
        assert answer.status == status
        return await answer.json()


async def test_health_says_that_all_is_simulated(http: aiohttp.ClientSession) -> None:
    health = await _get(http, "health")
    assert health["status"] == "ok"
    assert "simulated" in health["notice"]


async def test_the_ledger_and_its_counts(http: aiohttp.ClientSession, owner: Cloud) -> None:
    vpc = owner.vpc()
    entries = await _get(http, "ledger")
    assert [entry["action"] for entry in entries] == ["CreateVpc"]
    assert entries[0]["params"] == {"CidrBlock": "10.0.0.0/16"}
    assert vpc in entries[0]["made"]
    owner("DescribeVpcs")
    later = await _get(http, f"ledger?since={entries[0]['seq']}")
    assert [entry["action"] for entry in later] == ["DescribeVpcs"]
    assert len(await _get(http, "ledger?limit=1")) == 1
    summary = await _get(http, "summary")
    assert summary["by_action"] == {"CreateVpc": {"ok": 1}, "DescribeVpcs": {"ok": 1}}
    assert (await _get(http, f"summary?since={entries[0]['seq']}"))["calls"] == 1


async def test_the_state(http: aiohttp.ClientSession, owner: Cloud) -> None:
    vpc = owner.vpc()
    state = await _get(http, "state")
    assert [row["id"] for row in state[ACCOUNT][REGION]["vpc"]] == [vpc]
    assert len(state[ACCOUNT][REGION]["security-group"]) == 1


async def test_the_configuration(http: aiohttp.ClientSession, owner: Cloud) -> None:
    change = {"time_factor": 0.5, "quotas": {"vpcs": 0}, "accounts": {"AKIANEW": OTHER_ACCOUNT}}
    changed = await _post(http, "config", change)
    assert (changed["time_factor"], changed["quotas"]["vpcs"]) == (0.5, 0)
    assert changed["accounts"]["AKIANEW"] == OTHER_ACCOUNT
    assert (await _get(http, "config"))["quotas"]["addresses"] == 5
    assert "unknown field" in (await _post(http, "config", {"quota": {}}, 400))["error"]
    assert owner.emulator.config.time_factor == 0.5


async def test_faults(http: aiohttp.ClientSession) -> None:
    made = await _post(http, "faults", {"kind": "error", "action": "CreateVpc"}, 201)
    assert [rule["id"] for rule in await _get(http, "faults")] == [made["id"]]
    await _post(http, "faults", {"kind": "earthquake"}, 400)
    async with http.delete("/_emulator/faults/nobody") as answer:
        assert answer.status == 404
    async with http.delete(f"/_emulator/faults/{made['id']}") as answer:
        assert await answer.json() == {"removed": 1}
    async with http.delete("/_emulator/faults") as answer:
        assert await answer.json() == {"removed": 0}


async def test_a_person_acts_behind_our_back(http: aiohttp.ClientSession, owner: Cloud) -> None:
    instance = owner.instance()
    owner.emulator.add_fault({"kind": "error"})
    owner.emulator.configure({"throttle": {"enabled": True, "requests": {"*": {"capacity": 0, "refill": 0}}}})
    where = {"account": ACCOUNT, "region": REGION}
    wish = {"action": "StopInstances", "params": {"InstanceIds": [instance]}}
    answer = await _post(http, "external", where | wish)
    assert answer["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
    entry = owner.emulator.ledger()[-1]
    assert (entry["external"], entry["action"], entry["changed"]) == (True, "StopInstances", [instance])
    owner.wait(60)
    refusal = await _post(http, "external", where | {"action": "RebootInstances", "params": wish["params"]}, 409)
    assert refusal["code"] == "IncorrectInstanceState"
    missing = await _post(http, "external", where | {"action": "StopInstances"}, 400)
    assert "InstanceIds" in missing["error"]


async def test_reset(http: aiohttp.ClientSession, owner: Cloud) -> None:
    owner.vpc()
    owner.emulator.configure({"quotas": {"vpcs": 0}})
    await _post(http, "reset", {})
    assert await _get(http, "state") == {}
    assert await _get(http, "ledger") == []
    assert owner.vpc()


async def test_the_rules_can_be_read(http: aiohttp.ClientSession) -> None:
    rows = await _get(http, "rules")
    assert len(rows) == len(RULES)
    assert {"name", "actions", "when", "code", "status", "text", "source"} == set(rows[0])


async def test_a_query_by_get_works_too(http: aiohttp.ClientSession, owner: Cloud) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEMULATEDACCESS01/20260101/us-east-1/ec2"
        "/aws4_request, SignedHeaders=host, Signature=0"
    }
    async with http.get("/?Action=DescribeVpcs&Version=2016-11-15", headers=headers) as answer:
        assert answer.status == 200
        assert "<vpcSet></vpcSet>" in await answer.text()
