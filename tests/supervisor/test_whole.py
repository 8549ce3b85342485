"""The whole once, as a user starts it: every part answers, says who it is, comes back, and stops."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.stack import Stack, running, stop

pytestmark = pytest.mark.real

REGIONS = ("kr-central-1", "kakao-usa-east1")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("whole")) as stack:
        yield stack


def _get(url: str, token: str = "") -> str:
    request = urllib.request.Request(url, headers={"X-Auth-Token": token} if token else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def _networks(stack: Stack) -> list[str]:
    """Give the names of the project's networks: not the one of the configuration, which leads outside."""
    text = _get(f"{stack.url(REGIONS[1])}/network/v2.0/networks", stack.token("gurum"))
    return [network["name"] for network in json.loads(text)["networks"] if not network["router:external"]]


def test_the_stock_client_sees_both_regions(stack: Stack) -> None:
    result = stack.openstack("region", "list", "-f", "json", region=REGIONS[0])
    assert result.returncode == 0, result.stderr
    assert {row["Region"] for row in json.loads(result.stdout)} == set(REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_s_catalogue_is_what_was_configured(stack: Stack, region: str) -> None:
    configured, root, token = stack.config.region(region), stack.url(region), stack.token("gurum-reader")

    def names(path: str, collection: str, name: str = "name") -> set[Any]:
        found = json.loads(_get(root + path, token))[collection]
        return {one[name] for one in found}

    assert names("/compute/v2.1/flavors", "flavors") == {flavor.name for flavor in configured.flavors}
    assert names("/image/v2/images", "images") == {image.name for image in configured.images}
    zones = names("/compute/v2.1/os-availability-zone", "availabilityZoneInfo", "zoneName")
    assert zones == {zone.name for zone in configured.zones}


def test_every_part_answers_operators(stack: Stack) -> None:
    engine = f"http://127.0.0.1:{stack.config.engine.metrics_port}"
    for root, process in ((engine, "engine"), *((stack.url(region), "pia") for region in REGIONS)):
        assert json.loads(_get(f"{root}/healthz")) == {"process": process, "alive": True}
        assert json.loads(_get(f"{root}/readyz"))["ready"] is True
        assert f'gurum_build_info{{process="{process}"' in _get(f"{root}/metrics")


def test_logs_are_lines_of_json_under_the_process_s_name(stack: Stack) -> None:
    _networks(stack)
    for process in ("engine", "pia"):
        lines = (stack.places.state / "log" / f"{process}.log").read_text().splitlines()
        entries = [json.loads(line) for line in lines]
        assert entries
        assert {entry["process"] for entry in entries} == {process}
        assert all(list(entry)[:4] == ["time", "level", "process", "event"] for entry in entries)
    requests = [entry for entry in entries if entry["event"] == "request"]
    assert requests[-1]["request_id"].startswith("req-")
    assert requests[-1]["decision_id"]


def test_nobody_printed_beside_the_log(stack: Stack) -> None:
    assert {path.name: path.read_text() for path in stack.places.run.glob("*.out")} == {
        "audit-anchor.out": "",
        "engine.out": "",
        "issuer.out": "",
        "keystone.out": "",
        "pia.out": "",
        "providers.out": "",
    }


def test_operators_commands_read_the_run(stack: Stack) -> None:
    found = json.loads(stack.gurum("explain", "region", REGIONS[1], "-f", "json").stdout)
    assert found["simulated"] == stack.config.region(REGIONS[1]).simulated
    counts = json.loads(stack.gurum("store", "info", "-f", "json").stdout)["objects"]
    assert counts["Region"] == 2


def test_what_was_done_is_recorded_and_anchored(stack: Stack) -> None:
    made = stack.openstack("network", "create", "recorded", "-f", "value", "-c", "id", region=REGIONS[1])
    assert made.returncode == 0, made.stderr
    deadline = time.monotonic() + 30
    while (traced := stack.gurum("audit", "trace", made.stdout.strip(), "-f", "json")).returncode:
        assert time.monotonic() < deadline, traced.stderr  # which object came of it is written within a second
    found = json.loads(traced.stdout)
    assert [node["kind"] for node in found] == ["person"]
    assert [node["kind"] for node in found[0]["below"]] == ["sign-in"]
    verified = json.loads(stack.gurum("audit", "verify", "-f", "json").stdout)
    assert verified["whole"] is True
    assert {chain["writer"] for chain in verified["chains"]} >= {"pia-1"}
    removed = stack.openstack("network", "delete", "recorded", region=REGIONS[1])
    assert removed.returncode == 0, removed.stderr


def test_killed_parts_come_back_and_serve_again(stack: Stack) -> None:
    victims = [pid for pid, words in stack.children().items() if {"gurum.engine", "gurum.pia"} & set(words)]
    assert len(victims) == 2
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not all(_is_back(stack, title) for title in ("Engine", "Public Infra API")):
        assert time.monotonic() < deadline, stack.output
        time.sleep(0.05)
    assert _networks(stack) == []


def _is_back(stack: Stack, title: str) -> bool:
    lines = [line for line in stack.output.splitlines() if title in line]
    return any("killed by SIGKILL" in line for line in lines) and " ready " in lines[-1]


def test_a_second_start_finds_the_first_s_state_and_nothing_stays_behind(stack: Stack) -> None:
    made = stack.openstack("network", "create", "kept", region=REGIONS[1])
    assert made.returncode == 0, made.stderr
    password = stack.places.secret("demo").read_text()
    below = stack.children()
    stop(stack.process, stack.output_file)
    assert len(below) == 7
    assert not any(Path(f"/proc/{pid}").exists() for pid in below)
    with running(stack.places.state.parent) as second:
        assert _networks(second) == ["kept"]
        assert second.places.secret("demo").read_text() == password
        assert "as it should be" in second.output
