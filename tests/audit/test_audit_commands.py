"""The commands, as an operator types them, over chains that were written and anchored."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.audit.chains import World

from gurum.audit import files, words
from gurum.audit.event import FAILURE, Links, Made, Party, Reason
from gurum.audit.index import Index
from gurum.cli.command import Surroundings
from gurum.cli.main import main

ADMIN = words.person("a" * 32, "c" * 32)
PIA = Party(id="kakao-usa-east1", type_uri="service/compute")
ALLOWED = Reason(policy_type="rego@r1", policy_id="os_compute_api:os-flavor-manage:create")


class Shell:
    """`gurum audit …` over a world's chains."""

    def __init__(self, world: World) -> None:
        self.world = world
        config = world.root / "gurum.yaml"
        config.write_text(
            f"state: {world.root}\nstore: {{url: 'sqlite:///{world.root}/gurum.sqlite'}}\n"
            f"audit: {{directory: {world.chains}, anchor_directory: {world.root / 'anchor'}}}\n"
        )
        self._config = str(config)

    async def run(self, *arguments: str) -> tuple[int, str]:
        out, err = io.StringIO(), io.StringIO()
        around = Surroundings({}, out, err)
        status = await asyncio.to_thread(main, ["audit", *arguments, "--config", self._config], around)
        return status, out.getvalue() + err.getvalue()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def story(world: World) -> None:
    """A sign-in, a privileged request with a call to a cloud, a refused one, an off-boarding."""
    async with world.writing() as api, world.writing("engine") as engine:
        token = Links(sign_in="chain", token="tok", methods=("password",), roles=("admin", "member"))
        api.record(words.token_seen(ADMIN, PIA, token))
        links = Links(token="tok", request="req-1", decision="dec-1", verb="compute:servers:create", service="compute")
        target = Party(id="server-1", type_uri="compute/servers")
        api.record(words.asked("create", ADMIN, target, PIA, links, ALLOWED))
        world.clock.now += 1
        made = [Made(kind="Server", id="server-1", generation=1)]
        for one in words.answered("create", ADMIN, target, PIA, links, ALLOWED, 202, made):
            api.record(one)
        call = Links(request="req-1", call="call-1", account="111122223333", session="aaaa", access_key="ASIA1")
        engine.record(words.calling("RunInstances", ADMIN, target, PIA, call))
        world.clock.now += 1
        answered = Links(**{name: getattr(call, name) for name in call.__struct_fields__} | {"aws_request": "aws-1"})
        engine.record(words.called("RunInstances", "success", ADMIN, target, PIA, answered, ""))
        world.clock.now += 3600
        denied = Links(token="tok", request="req-2", decision="dec-2", verb="compute:flavors:create")
        for one in words.answered("create", ADMIN, target, PIA, denied, ALLOWED, 403, []):
            api.record(one)
        api.record(words.revoked(PIA, "b" * 32, "", Links()))


TRAIL = {"Records": [{"requestID": "aws-1", "eventName": "RunInstances", "userIdentity": {"arn": "arn:aws:sts::1:x"}}]}


@pytest.mark.parametrize("end", ["aws-1", "ASIA1", "req-1", "server-1", "dec-1"])
async def test_from_a_call_to_aws_back_to_the_person_and_forward(world: World, end: str) -> None:
    await story(world)
    (world.root / "trail.json").write_text(json.dumps(TRAIL))
    status, text = await Shell(world).run("trace", end, "--cloudtrail", str(world.root / "trail.json"))
    assert status == 0, text
    order = ["person " + "a" * 32, "sign-in chain", "token tok", "request req-1", "decision dec-1", "object Server",
             "call call-1", "cloudtrail aws-1"]  # fmt: skip
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order), text
    assert "arn:aws:sts::1:x" in text
    status, document = await Shell(world).run("trace", end, "-f", "json")
    assert json.loads(document)[0]["below"][0]["kind"] == "sign-in"


async def test_a_trace_of_nothing_says_so_without_its_escapes(world: World) -> None:
    await story(world)
    status, text = await Shell(world).run("trace", "\x1b[2Jeve")
    assert status == 1
    assert "\x1b" not in text


async def test_an_index_leads_to_what_reading_everything_finds(world: World) -> None:
    for round_ in range(3):
        await world.written(20, role="pia")
        index = Index(world.chains, world.root / "index")
        assert len(index.find("pia-7")) == round_ + 1
        assert index.find("nothing") == []
    closed = list((world.root / "index").iterdir())
    assert len(closed) == len(files.segments(world.chains / "pia-1")) - 1
    # One that is damaged, or of another file, is made anew.
    for path in closed:
        path.write_bytes(b"gurumidx1\n" + bytes(8))
    assert len(Index(world.chains, world.root / "index").find("pia-7")) == 3


async def test_verify_answers_and_its_status_says_so(world: World) -> None:
    await story(world)
    status, text = await Shell(world).run("verify")
    assert (status, text.count("whole")) == (0, 2)
    path = files.segments(world.chains / "pia-1")[0].path
    path.write_bytes(path.read_bytes().replace(b"req-1", b"req-9"))
    status, text = await Shell(world).run("verify", "-f", "json")
    document = json.loads(text)
    assert (status, document["whole"]) == (1, False)
    assert any(finding["what"] == "edited" for chain in document["chains"] for finding in chain["findings"])


async def test_a_forged_name_reaches_no_terminal(world: World) -> None:
    directory = await world.written(1)
    (world.chains / "\x1b[31mpia-2").mkdir()
    path = files.segments(directory)[0].path
    path.write_bytes(path.read_bytes().replace(b"pia-0", b"\\u001b[31mx"))
    status, text = await Shell(world).run("verify")
    assert status == 1
    assert "\x1b" not in text


async def test_a_bundle_of_evidence(world: World) -> None:
    await story(world)
    into = world.root / "evidence"
    status, text = await Shell(world).run("export", "--from", "2027-01-01", "--to", "2028-01-01", "--into", str(into))
    assert status == 0, text

    def told(name: str) -> Any:
        return json.loads((into / name).read_text())

    manifest = told("manifest.json")
    assert manifest["whole"] is True
    assert set(manifest["files"]) == {path.name for path in into.iterdir()} - {"manifest.json"}
    person = told("access-reviews.json")["a" * 32]
    assert (person["changed"], person["refused"], person["roles"]) == (1, 1, ["admin", "member"])
    assert [one["request"] for one in told("privileged-actions.json")] == ["req-1", "req-2"]
    assert told("privileged-actions.json")[1]["outcome"] == FAILURE
    assert told("policy-versions.json")["rego@r1"]["decisions"] == 2
    assert [one["id"] for one in told("off-boardings.json")] == ["b" * 32]
    assert len((into / "events.jsonl").read_bytes().splitlines()) == sum(manifest["events"].values()) == 9
    assert (await Shell(world).run("export", "--from", "2027-01-01", "--to", "2028-01-01", "--into", str(into)))[0] == 1


async def test_a_bundle_of_a_shorter_time_knows_the_token_of_before(world: World) -> None:
    await story(world)
    into = world.root / "evidence"
    status, text = await Shell(world).run(
        "export", "--from", "2027-01-15T08:30:00+00:00", "--to", "2028-01-01", "--into", str(into)
    )
    assert status == 0, text
    assert [one["request"] for one in json.loads((into / "privileged-actions.json").read_text())] == ["req-2"]


async def test_without_an_anchor_to_compare_with_verify_refuses(world: World) -> None:
    await world.written(1)
    for path in (world.root / "anchor").iterdir():
        path.unlink()
    (world.root / "anchor").rmdir()
    status, text = await Shell(world).run("verify")
    assert status == 1
    assert "does not answer" in text
