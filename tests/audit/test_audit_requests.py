"""What the API records: each request, its decision and what it wrote; and nothing is written that is not recorded."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.audit.chains import World, events
from tests.support.pia import PROJECTS, USERS, Kit, flavor, image, region

from gurum.audit import writer as module
from gurum.audit.event import FAILURE, PENDING, SUCCESS, Event
from gurum.audit.index import Index
from gurum.audit.tree import Node, deeds, tree
from gurum.audit.writer import Writer
from gurum.model.compute import KeyPair
from gurum.pia.services import SERVICES

KEY = {"keypair": {"name": "mine"}}


@asynccontextmanager
async def audited(world: World) -> AsyncIterator[tuple[Kit, Writer]]:
    async with world.writing() as writer:
        kit = Kit(SERVICES, audit=writer)
        await kit.cache.start()
        try:
            await kit.seed(region(), flavor("m1.tiny", id="1"), image())
            yield kit, writer
        finally:
            await kit.cache.stop()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, segment_bytes=1_000_000)


def told(writer: Writer) -> list[Event]:
    return [one for one in events(writer.directory) if one.event_type == "activity"]


async def test_a_write_is_recorded_before_and_after(world: World) -> None:
    async with audited(world) as (kit, writer):
        answer = await kit.call("POST", "/compute/v2.1/os-keypairs", KEY)
        assert answer.status in (200, 201)
        before = told(writer)  # on disk: nobody waited for the outcome, everybody for this
        assert [(one.action, one.outcome) for one in before] == [
            ("authenticate/token", SUCCESS),
            ("create", PENDING),
        ]
        await writer.durable()
        outcome = told(writer)[-1]
    assert outcome.outcome == SUCCESS
    assert outcome.initiator.id == USERS["member"]
    assert outcome.initiator.project == PROJECTS["member"]
    assert outcome.links.request == answer.headers["x-openstack-request-id"]
    assert outcome.links.verb.startswith("compute:keypairs:create")
    assert outcome.links.token == "audit"
    assert outcome.links.decision
    assert outcome.reason is not None
    assert outcome.reason.policy_type.startswith("rego@")
    (pair,) = (await kit.store.list(KeyPair)).items
    assert [(made.kind, made.id, made.generation) for made in outcome.links.objects] == [("KeyPair", pair.id, 1)]
    assert pair.metadata.cause.request_id == outcome.links.request
    assert world.found() == []


async def test_a_read_and_a_refusal_are_one_event_each(world: World) -> None:
    async with audited(world) as (kit, writer):
        await kit.call("GET", "/compute/v2.1/servers/detail")
        refused = await kit.call(
            "POST", "/compute/v2.1/flavors", {"flavor": {"name": "f", "ram": 1, "vcpus": 1, "disk": 1}}
        )
        assert refused.status == 403
        await writer.durable()
        read, denied = told(writer)[1:]
    assert (read.action, read.outcome, read.links.verb.split(":")[0]) == ("read", SUCCESS, "compute")
    assert (denied.action, denied.outcome) == ("create", FAILURE)
    assert denied.reason is not None
    assert (denied.reason.reason_code, bool(denied.reason.policy_id)) == ("403", True)


async def test_a_token_is_told_of_once_and_its_refusal_counted(world: World) -> None:
    async with audited(world) as (kit, writer):
        for _ in range(3):
            await kit.call("GET", "/compute/v2.1/servers")
            await kit.call("GET", "/compute/v2.1/servers", token="gAAAAA-not-one")
        await writer.durable()
        tokens = [one for one in told(writer) if one.action == "authenticate/token"]
    assert [(one.outcome, one.links.count) for one in tokens] == [(SUCCESS, 0), (FAILURE, 1)]


async def test_bodies_paths_and_headers_never_enter(world: World) -> None:
    secret = "correct-horse-battery-staple"
    async with audited(world) as (kit, _):
        headers = {"user-agent": secret, "x-openstack-request-id": secret, "x-secret": secret}
        await kit.call("POST", "/compute/v2.1/os-keypairs", {"keypair": {"name": secret}}, headers=headers)
        await kit.call("GET", f"/compute/v2.1/servers/{secret}", headers=headers)
        await kit.call("GET", f"/compute/v2.1/servers?name={secret}", headers=headers)
        await kit.call("GET", "/compute/v2.1/servers", token=secret)
        await kit.call("POST", "/compute/v2.1/servers", {"server": {"adminPass": secret}}, headers=headers)
    assert world.found() == []
    whole = b"".join(path.read_bytes() for path in world.root.rglob("*") if path.is_file())
    assert secret.encode() not in whole
    assert b"project of" not in whole  # nor what people and projects are called


async def test_nothing_is_written_that_cannot_be_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with audited(world) as (kit, writer):
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            answer = await kit.call("POST", "/compute/v2.1/os-keypairs", KEY)
            assert answer.status == 503
            assert "audit" in answer.body.decode()
            assert answer.headers["retry-after"]
            assert (await kit.store.list(KeyPair)).items == []
            assert (await kit.call("GET", "/compute/v2.1/servers")).status == 200  # still has room in memory
            assert writer.trouble
        assert (await kit.call("POST", "/compute/v2.1/os-keypairs", KEY)).status in (200, 201)
        await writer.durable()
        outcomes = [
            one.reason.reason_code
            for one in told(writer)
            if one.action == "create" and one.reason is not None and one.outcome != PENDING
        ]
        assert outcomes[0] == "503"
    assert world.found() == []


async def test_reads_end_when_memory_is_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    async with audited(world) as (kit, _):
        statuses = [(await kit.call("GET", "/compute/v2.1/servers")).status for _ in range(4)]
    assert statuses[0] == 200
    assert statuses[-1] == 503


def flat(nodes: list[Node]) -> list[Node]:
    return [one for node in nodes for one in (node, *flat(node.below))]


async def test_a_trace_leads_from_any_end_to_the_person(world: World) -> None:
    async with audited(world) as (kit, _):
        answer = await kit.call("POST", "/compute/v2.1/os-keypairs", KEY)
        await kit.call("GET", "/compute/v2.1/servers", token="other")
        (pair,) = (await kit.store.list(KeyPair)).items
    request = answer.headers["x-openstack-request-id"]
    index = Index(world.chains, world.root / "index")
    ends: list[Any] = [request, pair.id, USERS["member"], pair.metadata.cause.decision_id, "audit"]
    for end in ends:
        nodes = flat(tree(index, deeds(index, end, 20), {}))
        kinds = [(node.kind, node.id) for node in nodes]
        assert ("person", USERS["member"]) in kinds, end
        assert ("sign-in", "audit") in kinds
        assert ("request", request) in kinds
        assert ("object", "KeyPair") in kinds
        assert ("decision", pair.metadata.cause.decision_id) in kinds
