"""What is recorded is shown, in an order that answers first; what is not recorded is not."""

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gurum.cli.explain import show
from gurum.cli.explain.calls import calls
from gurum.cli.explain.command import WORDS, explain
from gurum.model import codec
from gurum.model.base import Cause, Condition, External, Intent, Metadata
from gurum.model.compute import CloudKey, CloudKeySpec
from gurum.model.network import (
    FixedIP,
    Network,
    NetworkSpec,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.region import Region, RegionSpec
from gurum.model.server import Action, ActionOutcome, Fault, Server, ServerFlavor, ServerKey, ServerSpec
from gurum.store.contract import Journal, Record, Store
from gurum.store.memory import MemoryJournal, MemoryStore
from gurum.supervisor.rows import Refusal

NOW = 1_800_000_000.0
REGION = "kakao-usa-east1"
SERVER, PORT, NETWORK, SUBNET, GROUP = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 6))
EXTERNAL = External(provider="aws", account="111122223333", region="us-east-1", id="i-0abc", zone="use1-az2")


def _meta(identity: str, **more: Any) -> Metadata:
    return Metadata(id=identity, key=more.pop("key", identity), region=REGION, project="p1", **more)


def _server(name: str = "web", identity: str = SERVER, region: str = REGION) -> Server:
    return Server(
        metadata=msgspec.structs.replace(
            _meta(identity, finalizers=["engine"]),
            region=region,
            cause=Cause(user_id="u1", request_id="req-7", decision_id="d9"),
        ),
        spec=ServerSpec(
            name=name,
            user_id="u1",
            flavor=ServerFlavor(id="1", name="m1.tiny", vcpus=2, ram=512, disk=8),
            actions=[
                Action(
                    number=n, action=verb, request_id=f"req-{n}", user_id="u1", project_id="p1", start_time=NOW - 60 + n
                )
                for n, verb in enumerate(("create", "stop", "start"), start=1)
            ],
        ),
    )


@pytest.fixture
async def store() -> Store:
    store = MemoryStore()
    await store.create(
        Region(
            metadata=Metadata(id="r", key=REGION, region=REGION),
            spec=RegionSpec(provider="aws", simulated="AWS is an emulator here."),
        )
    )
    server = await store.create(_server())
    status = server.status
    status.vm_state, status.task_state, status.zone, status.done = "active", "powering-off", "use1-az2", 1
    status.observed_generation = 1
    status.outcomes = [
        ActionOutcome(number=1, event="compute__do_build_and_run_instance", start_time=NOW - 58, finish_time=NOW - 50,
                      result="Success", cloud_request_id="aws-1"),
        ActionOutcome(number=2, event="compute_stop_instance", start_time=NOW - 20),
    ]  # fmt: skip
    status.external = EXTERNAL
    status.intents = {
        "instance": Intent(step="instance", attempt=2, state="done", token="TOKEN", request='{"MinCount":1}',
                           written_at=NOW - 57, external=EXTERNAL, zone="use1-az2")
    }  # fmt: skip
    status.conditions = [
        Condition(type="Available", status=True, reason="Success", since=NOW - 50),
        Condition(type="Progressing", status=True, reason="Throttled", message="StopInstances is limited to 5/s",
                  since=NOW - 19, until=NOW + 12),
    ]  # fmt: skip
    await store.update_status(server)
    await store.create(Network(metadata=_meta(NETWORK), spec=NetworkSpec(name="net")))
    await store.create(
        Subnet(metadata=_meta(SUBNET), spec=SubnetSpec(network_id=NETWORK, cidr="10.0.0.0/24", name="sub"))
    )
    port = await store.create(
        Port(
            metadata=_meta(PORT),
            spec=PortSpec(
                network_id=NETWORK,
                device_id=SERVER,
                implied=True,
                fixed_ips=[FixedIP(subnet_id=SUBNET, ip_address="10.0.0.5")],
                security_groups=[GROUP],
            ),
        )
    )
    port.status.conditions = [
        Condition(
            type="Available", status=False, reason="TransientError", message="AWS is away", since=NOW - 5, until=NOW - 1
        )
    ]
    await store.update_status(port)
    return store


@pytest.fixture
def journal() -> Journal:
    return MemoryJournal()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    def line(number: int, **fields: Any) -> str:
        return (
            json.dumps({"time": f"2027-01-15T08:00:0{number}.000Z", "event": "aws call", "ms": 12.5, **fields}) + "\n"
        )

    (tmp_path / "engine.log.1").write_text(
        line(
            1,
            action="RunInstances",
            outcome="InsufficientInstanceCapacity",
            resource_id=SERVER,
            aws_request_id="aws-0",
        )
    )
    (tmp_path / "engine.log").write_text(
        line(2, action="RunInstances", outcome="ok", resource_id=SERVER, aws_request_id="aws-1", request_id="req-1")
        + line(3, action="StopInstances", outcome="ok", resource_id="another", aws_request_id="aws-2")
        + line(4, action="CreateSubnet", outcome="ok", resource_id=SUBNET, aws_request_id="aws-3")
        + '{"event": "aws call", "cut sho'
    )
    return tmp_path


async def test_the_account_of_a_server(store: Store, journal: Journal, logs: Path) -> None:
    found = await explain(store, journal, logs, Server, "web")
    assert (found.id, found.state, found.simulated) == (SERVER, "active, powering-off", "AWS is an emulator here.")
    assert [(wait.on, wait.reason, wait.until) for wait in found.waits_for] == [
        ("StopInstances is limited to 5/s", "Throttled", NOW + 12),
        ("action 2, stop: under way", "Progressing", None),
        ("action 3, start: to do", "Progressing", None),
        (f"Port {PORT}: AWS is away", "TransientError", NOW - 1),
        (f"SecurityGroup {GROUP}, which does not exist", "InvalidConfiguration", None),
    ]
    assert [(part.role, part.kind, part.name, part.available) for part in found.parts] == [
        ("has", "Port", PORT, False),
        ("in", "Network", "net", True),
        ("address from", "Subnet", "sub", True),
        ("filtered by", "SecurityGroup", "", None),
    ]
    assert [(call.action, call.outcome, call.request_id, call.of) for call in found.calls] == [
        ("RunInstances", "InsufficientInstanceCapacity", "aws-0", "Server web"),
        ("RunInstances", "ok", "aws-1", "Server web"),
        ("CreateSubnet", "ok", "aws-3", "Subnet sub"),
    ]


async def test_as_text(store: Store, journal: Journal, logs: Path) -> None:
    text = show.text(await explain(store, journal, logs, Server, SERVER), NOW)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == f"Server web {SERVER}"
    for line in (
        "state active, powering-off",
        "cloud i-0abc at aws (us-east-1, use1-az2, account 111122223333)",
        "asked for generation 1, seen by the engine: 1",
        "by user u1",
        "in request req-7",
        "by decision d9",
        "StopInstances is limited to 5/s [Throttled], since 07:59:41Z (19 s ago); next attempt at 08:00:12Z, in 12 s",
        f"Port {PORT}: AWS is away [TransientError], since 07:59:55Z (5 s ago); next attempt at 07:59:59Z, due",
        "✓ Available True Success since 07:59:10Z",
        "instance attempt 2 done 07:59:03Z i-0abc in use1-az2",
        "1 create 07:59:01Z 9.0 s Success req-1",
        "2 stop 07:59:02Z under way req-2",
        "08:00:02Z RunInstances ok 12 ms Server web aws-1 for req-1",
    ):
        assert line in lines, line
    # The answer comes before what it rests on.
    assert lines.index("Waits for") < lines.index("Conditions") < lines.index("Steps in the cloud")


async def test_as_json_without_what_could_repeat_a_call(store: Store, journal: Journal, logs: Path) -> None:
    document = show.document(await explain(store, journal, logs, Server, "web"))
    text = json.dumps(document)
    assert "TOKEN" not in text
    assert "MinCount" not in text
    assert document["waits_for"][0]["until"] == "2027-01-15T08:00:12.000Z"
    assert document["steps"][0]["external"]["id"] == "i-0abc"


async def test_nothing_is_waited_for(store: Store, journal: Journal, tmp_path: Path) -> None:
    await store.create(SecurityGroup(metadata=_meta(GROUP), spec=SecurityGroupSpec(name="web")))
    found = await explain(store, journal, tmp_path, SecurityGroup, "web")
    assert (found.waits_for, found.calls, found.steps) == ([], [], [])
    lines = show.text(found, NOW).splitlines()
    assert lines[lines.index("Waits for") + 1] == "  nothing"


async def test_a_server_that_failed_shows_its_fault(store: Store, journal: Journal, tmp_path: Path) -> None:
    server = await store.get(Server, SERVER)
    server.status.vm_state, server.status.task_state = "error", None
    server.status.fault = Fault(code=500, message="No capacity in any zone.", created=NOW)
    await store.update_status(server)
    text = show.text(await explain(store, journal, tmp_path, Server, "web"), NOW)
    assert "500: No capacity in any zone." in text


async def test_a_deleted_server_is_told_from_its_last_state(store: Store, journal: Journal, tmp_path: Path) -> None:
    gone = _server("gone", "00000000-0000-4000-8000-00000000000a")
    await journal.append(
        Record(at=NOW - 30, type="deleted", kind="Server", object_id=gone.id, region=REGION, project="p1",
               data=codec.encode(gone)),
        unique="deleted",
    )  # fmt: skip
    found = await explain(store, journal, tmp_path, Server, gone.id)
    assert (found.state, found.deleted_at, found.waits_for) == ("deleted", NOW - 30, [])
    assert "deleted         2027-01-15T07:59:30.000Z (30 s ago)" in show.text(found, NOW)


async def test_the_journal_tells_what_the_object_no_longer_holds(
    store: Store, journal: Journal, tmp_path: Path
) -> None:
    for request, verb in (("req-0", "reboot"), ("req-1", "create")):
        data = {"action": {"action": verb}, "outcome": {"result": "Success"}}
        record = Record(
            at=NOW - 90,
            type="action",
            kind="Server",
            object_id=SERVER,
            region=REGION,
            project="p1",
            request_id=request,
            data=json.dumps(data).encode(),
        )
        await journal.append(record, unique=request)
    lines = show.text(await explain(store, journal, tmp_path, Server, "web"), NOW).splitlines()
    told = lines[lines.index("Journal, what is not above") + 1 :]
    assert [line.split() for line in told] == [["07:58:30Z", "action", "reboot", "Success", "req-0"]]


async def test_names_that_are_not_unique_or_unknown(store: Store, journal: Journal, tmp_path: Path) -> None:
    await store.create(_server("web", "00000000-0000-4000-8000-00000000000b", "kr-central-1"))
    with pytest.raises(Refusal, match=r"there are 2 objects of kind Server called 'web': .* give an id or --region"):
        await explain(store, journal, tmp_path, Server, "web")
    found = await explain(store, journal, tmp_path, Server, "web", "kr-central-1")
    assert found.region == "kr-central-1"
    with pytest.raises(Refusal, match="there is no Server 'nobody', and none of that id was deleted"):
        await explain(store, journal, tmp_path, Server, "nobody")


async def test_other_kinds_by_key(store: Store, journal: Journal, tmp_path: Path) -> None:
    assert (await explain(store, journal, tmp_path, Region, REGION)).kind == "Region"
    network = await explain(store, journal, tmp_path, Network, "net")
    assert [(part.role, part.kind) for part in network.parts] == [("has", "Subnet")]


async def test_the_key_that_a_cloud_account_was_given(store: Store, journal: Journal, tmp_path: Path) -> None:
    server = await store.get(Server, SERVER)
    server.spec.key = ServerKey(name="mine", public_key="ssh-ed25519 AAAA me\n", fingerprint="f")
    await store.update_spec(server)
    for number, text in enumerate(("ssh-ed25519 AAAA me", "ssh-ed25519 BBBB other")):
        metadata = Metadata(id=f"key-{number}", key=f"{REGION}/1/{number}", region=REGION)
        await store.create(CloudKey(metadata=metadata, spec=CloudKeySpec(public_key=text, fingerprint="f")))
    found = await explain(store, journal, tmp_path, Server, "web")
    assert [part.id for part in found.parts if part.kind == "CloudKey"] == ["key-0"]


def test_every_kind_has_a_word() -> None:
    assert WORDS["security-group"] is SecurityGroup
    assert set(WORDS.values()) == set(codec.KINDS.values())


def test_only_the_last_calls_are_shown(tmp_path: Path) -> None:
    line = (
        '{"time":"2027-01-15T08:00:00.000Z","event":"aws call","action":"A%d","outcome":"ok","ms":1,"resource_id":"x"}'
    )
    (tmp_path / "engine.log").write_text("\n".join(line % number for number in range(60)))
    found = calls(tmp_path, {"x": "X"})
    assert [call.action for call in found] == [f"A{number}" for number in range(10, 60)]


def test_the_table_has_no_trailing_spaces() -> None:
    out = io.StringIO("\n".join(show._table([("a", ""), ("bb", "c")])))
    assert out.getvalue() == "a\nbb  c"
