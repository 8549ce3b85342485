"""`gurum region register` on a second Keystone, started apart from any run: complete, dry, idempotent, silent."""

from __future__ import annotations

import asyncio
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.support.keystone import RunningKeystone, running

from gurum.cli.command import Surroundings
from gurum.cli.doctor import identity
from gurum.cli.doctor.findings import MISSING, WELL, Finding
from gurum.cli.main import main
from gurum.identity.session import KeystoneSession, PasswordAuth
from gurum.ops.config import load

pytestmark = [
    pytest.mark.real,
    # openstacksdk's own: what it imports and what it will no longer have.
    pytest.mark.filterwarnings("ignore:'cgi' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
]

PASSWORDS = "a password that somebody chose"


@pytest.fixture(scope="module")
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKeystone]:
    with running(tmp_path_factory.mktemp("second-keystone"), region="company-1") as started:
        yield started


@pytest.fixture
def state(tmp_path: Path, keystone: RunningKeystone, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory whose Keystone is the second one, and a clouds.yaml of its administrator."""
    document = {
        "identity": {
            "url": keystone.auth_url,
            "embedded": False,
            "service_user": f"gurum-{tmp_path.name}",
            "service_password_file": "${state}/secrets/service",
        },
        "regions": [
            {"name": "kakao-usa-east1", "provider": "aws", "port": 0, "public_url": "https://usa.example.org"},
            {"name": "kr-central-1", "provider": "simulated", "port": 0, "public_url": "https://kr.example.org"},
        ],
    }
    (tmp_path / "gurum.yaml").write_text(yaml.safe_dump(document))
    auth = {
        "auth_url": keystone.auth_url.removesuffix("/v3"),
        "username": "admin",
        "password": keystone.admin_password,
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(yaml.safe_dump({"clouds": {"company": {"auth": auth, "region_name": "company-1"}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    return tmp_path


def _register(state: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    line = ["region", "register", "--state", str(state), "--os-cloud", "company", *words]
    return main(line, Surroundings({}, out, err)), out.getvalue(), err.getvalue()


async def test_twice_changes_nothing_the_second_time_and_dry_nothing_at_all(
    state: Path, keystone: RunningKeystone
) -> None:
    status, out, err = await _apart(state, "--region", "kakao-usa-east1", "--dry-run", "-f", "json")
    planned = json.loads(out)
    assert (status, err) == (0, "")
    assert {(change["kind"], change["name"]) for change in planned} >= {
        ("region", "kakao-usa-east1"),
        ("endpoint", "compute kakao-usa-east1 public"),
        ("user", f"gurum-{state.name}"),
        ("role", f"service of gurum-{state.name} on project service"),
    }
    assert not (state / "secrets").exists()
    # A dry run changed nothing: it would still do all of it.
    again = await _apart(state, "--region", "kakao-usa-east1", "--dry-run", "-f", "json")
    assert json.loads(again[1]) == planned

    done = await _apart(state, "--region", "kakao-usa-east1", "-f", "json")
    assert _told(done[1]) == _told(out)
    file = state / "secrets" / "service"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in done[1] + done[2]

    second = await _apart(state, "--region", "kakao-usa-east1")
    assert second == (0, "Nothing differs.\n", "")
    service = PasswordAuth(
        auth_url=keystone.auth_url, username=f"gurum-{state.name}", password_file=file, project_name="service"
    )
    async with KeystoneSession(service) as session:
        await session.log_in()  # what was made works
    async with KeystoneSession(keystone.admin) as admin:
        implied = (await admin.request("GET", "/role_inferences")).json()["role_inferences"]
        endpoints = (await admin.request("GET", "/endpoints", params={"region_id": "kakao-usa-east1"})).json()
    assert {e["url"] for e in endpoints["endpoints"]} == {
        keystone.auth_url,
        "https://usa.example.org/compute/v2.1",
        "https://usa.example.org/network",
        "https://usa.example.org/image",
    }
    assert "service" not in {one["prior_role"]["name"] for one in implied}  # roles that are there stay as they are


async def test_doctor_says_what_this_mends(state: Path) -> None:
    async def look() -> dict[str, Finding]:
        return {one.what: one for one in await identity.look(load(state / "gurum.yaml", {}, state=state))}

    assert (await look())["user"].state == MISSING  # no password yet
    await _apart(state, "--region", "kr-central-1")
    found = await look()
    assert found["Keystone"].state == WELL
    assert found["kr-central-1"].state == WELL
    document = yaml.safe_load((state / "gurum.yaml").read_text())
    document["regions"][1]["public_url"] = "https://elsewhere.example.org"
    (state / "gurum.yaml").write_text(yaml.safe_dump(document))
    found = await look()
    assert found["kr-central-1"].state == MISSING
    assert "compute is at https://kr.example.org/compute/v2.1, not https://elsewhere" in found["kr-central-1"].told
    assert found["kr-central-1"].remedy == "gurum region register --region kr-central-1"
    document["identity"]["url"] = "http://127.0.0.1:1/v3"
    (state / "gurum.yaml").write_text(yaml.safe_dump(document))
    assert (await look())["Keystone"].state == MISSING


async def test_only_what_differs_is_changed(state: Path) -> None:
    await _apart(state, "--region", "kr-central-1")
    document = yaml.safe_load((state / "gurum.yaml").read_text())
    document["regions"][1]["public_url"] = "https://moved.example.org"
    (state / "gurum.yaml").write_text(yaml.safe_dump(document))
    status, out, _ = await _apart(state, "--region", "kr-central-1", "-f", "json")
    changes = json.loads(out)
    assert status == 0
    assert {(c["action"], c["kind"]) for c in changes} == {("update", "endpoint")}
    assert len(changes) == 9


async def test_a_region_is_taken_out_again_and_others_stay(state: Path, keystone: RunningKeystone) -> None:
    await _apart(state)
    dry = await _apart(state, "--remove", "--region", "kr-central-1", "--dry-run", "-f", "json")
    gone = await _apart(state, "--remove", "--region", "kr-central-1", "-f", "json")
    assert json.loads(gone[1]) == json.loads(dry[1])
    assert len(json.loads(gone[1])) == 13  # twelve endpoints and the region
    assert (await _apart(state, "--remove", "--region", "kr-central-1"))[1] == "Nothing differs.\n"
    async with KeystoneSession(keystone.admin) as admin:
        regions = (await admin.request("GET", "/regions")).json()["regions"]
    assert {region["id"] for region in regions} == {"company-1", "kakao-usa-east1"}


async def test_a_password_may_come_through_a_pipe(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORDS}\n"))
    status, out, err = await _apart(state, "--service-password", "stdin")
    assert (status, err) == (0, "")
    assert (state / "secrets" / "service").read_text() == f"{PASSWORDS}\n"
    assert PASSWORDS not in out
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert await _apart(state, "--service-password", "stdin") == (1, "", "gurum: no password was given\n")


async def test_what_is_wrong_is_one_sentence(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, err = await _apart(state, "--os-cloud", "nowhere")
    assert "nowhere" in err
    assert err.count("\n") == 1
    document = yaml.safe_load((state / "clouds.yaml").read_text())
    document["clouds"]["company"]["auth"]["password"] = "wrong"
    (state / "clouds.yaml").write_text(yaml.safe_dump(document))
    assert await _apart(state) == (1, "", "gurum: Keystone refuses the operator's login\n")


def _told(out: str) -> list[tuple[str, str, str]]:
    """Return what was told, without ids: a plan cannot know those that Keystone will give."""
    return [(change["action"], change["kind"], change["name"]) for change in json.loads(out)]


async def _apart(state: Path, *words: str) -> tuple[int, str, str]:
    """Run the command in a thread: it has an event loop of its own."""
    return await asyncio.to_thread(_register, state, *words)
