"""The whole once, as a user starts it: every part answers, says who it is, comes back, and stops."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.stack import Stack, descendants, running

pytestmark = pytest.mark.real

REGIONS = ("kr-central-1", "kakao-usa-east1")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("whole")) as stack:
        yield stack


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def _json(stack: Stack, *words: str, region: str, cloud: str = "gurum") -> Any:
    result = stack.openstack(*words, "-f", "json", region=region, cloud=cloud)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_both_regions_are_in_the_region_list(stack: Stack) -> None:
    assert [row["Region"] for row in _json(stack, "region", "list", region=REGIONS[0])] == sorted(REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_s_catalogue_is_what_was_configured(stack: Stack, region: str) -> None:
    configured = stack.config.region(region)
    assert {row["Name"] for row in _json(stack, "flavor", "list", region=region)} == {
        f.name for f in configured.flavors
    }
    assert {row["Name"] for row in _json(stack, "image", "list", region=region)} == {i.name for i in configured.images}
    zones = {row["Zone Name"] for row in _json(stack, "availability", "zone", "list", "--compute", region=region)}
    assert zones == {zone.name for zone in configured.zones}


def test_every_part_answers_operators(stack: Stack) -> None:
    engine = f"http://127.0.0.1:{stack.config.engine.metrics_port}"
    for root, process in ((engine, "engine"), *((stack.url(region), "pia") for region in REGIONS)):
        assert json.loads(_get(f"{root}/healthz")) == {"process": process, "alive": True}
        assert json.loads(_get(f"{root}/readyz"))["ready"] is True
        assert f'gurum_build_info{{process="{process}"' in _get(f"{root}/metrics")


def test_logs_are_lines_of_json_under_the_process_s_name(stack: Stack) -> None:
    stack.openstack("network", "list", region=REGIONS[1])
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
        "engine.out": "",
        "keystone.out": "",
        "pia.out": "",
    }


def test_operators_commands_read_the_run(stack: Stack) -> None:
    found = json.loads(stack.gurum("explain", "region", REGIONS[1], "-f", "json").stdout)
    assert found["simulated"] == stack.config.region(REGIONS[1]).simulated
    counts = json.loads(stack.gurum("store", "info", "-f", "json").stdout)["objects"]
    assert counts["Region"] == 2


def test_a_killed_part_comes_back_and_serves_again(stack: Stack) -> None:
    for module in ("gurum.engine", "gurum.pia"):
        [victim] = [pid for pid, words in stack.children().items() if module in words]
        os.kill(victim, signal.SIGKILL)
        title = {"gurum.engine": "Engine", "gurum.pia": "Public Infra API"}[module]
        _until_back(stack, title)
    assert _json(stack, "flavor", "list", region=REGIONS[1])


def _until_back(stack: Stack, title: str) -> None:
    import time

    deadline = time.monotonic() + 60
    while True:
        phases = [line.split() for line in stack.output.splitlines() if title in line]
        if "restarting" in str(phases[-3:]) and "ready" in phases[-1]:
            return
        assert time.monotonic() < deadline, stack.output
        time.sleep(0.05)


def test_a_second_start_finds_the_first_s_state_and_nothing_stays_behind(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        assert first.openstack("network", "create", "kept", region=REGIONS[1]).returncode == 0
        password = first.places.secret("demo").read_text()
    assert descendants(first.process.pid) == []
    with running(tmp_path) as second:
        assert [row["Name"] for row in _json(second, "network", "list", region=REGIONS[1])] == ["kept"]
        assert second.places.secret("demo").read_text() == password
        assert "as it should be" in second.output
