"""The embedded Keystone as the process that users run: files, start, restart, stop, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import aiohttp
import msgspec
import pytest
from tests.identity.client import Client
from tests.support.keystone import RunningKeystone, configure, running, stop

from gurum.identity.keystone import ConfigError, KeystoneConfig, load, read_ready, save
from gurum.identity.keystone.conf_file import options, render
from gurum.identity.keystone.state import State
from gurum.identity.session import KeystoneSession

pytestmark = pytest.mark.real


def run_to_end(config_file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gurum.identity.keystone", "--config", str(config_file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as response:
        return response.status, response.content_type, await response.text()


async def test_discovery(keystone: RunningKeystone) -> None:
    status, _, text = await get(keystone.ready.url + "/")
    versions = msgspec.json.decode(text)["versions"]["values"]
    assert status == 300
    assert [(v["id"], v["links"][0]["href"]) for v in versions] == [("v3.14", keystone.auth_url + "/")]
    for path in ("/v3", "/v3/"):
        status, _, text = await get(keystone.ready.url + path)
        assert (status, msgspec.json.decode(text)["version"]["id"]) == (200, "v3.14")
    assert (await get(keystone.ready.url + "/nowhere"))[:2] == (404, "text/html")


async def test_only_its_user_can_read_the_state(keystone: RunningKeystone) -> None:
    state = keystone.directory / "state"
    paths = [state, *state.rglob("*")]
    assert {path.name for path in paths} >= {"keystone.sqlite", "keystone.conf", "keystone.log", "ready.json"}
    for path in paths:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


async def test_no_secret_where_others_look(keystone: RunningKeystone, admin: Client) -> None:
    person = await admin.person()
    token = await admin.login(person)
    refused, _, _ = await admin.call(
        "POST",
        "/auth/tokens",
        {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {"id": person.user_id, "password": "a-wrong-secret"}},
                }
            }
        },
        token="not-a-token-at-all",
    )
    assert refused == 401
    await admin.call("GET", "/auth/tokens", X_Subject_Token=token)
    process = Path("/proc") / str(keystone.ready.pid)
    shown = [
        (process / "cmdline").read_text(),
        (process / "environ").read_text(),
        keystone.log,
        keystone.config_file.read_text(),
        (keystone.directory / "stderr").read_text(),
        (keystone.directory / "state" / "keystone.conf").read_text(),
        (keystone.directory / "state" / "stamp.json").read_text(),
    ]
    assert "Authorization failed" in keystone.log
    for secret in (keystone.admin_password, person.password, "a-wrong-secret", token, admin.admin, "not-a-token"):
        assert not any(secret in text for text in shown), secret


async def things(keystone: RunningKeystone) -> tuple[list[str], list[str]]:
    async with KeystoneSession(keystone.admin) as session:
        users = (await session.request("GET", "/users")).json()["users"]
        endpoints = (await session.request("GET", "/endpoints")).json()["endpoints"]
    return [user["id"] for user in users], [endpoint["url"] for endpoint in endpoints]


async def test_second_start_is_warm_and_keeps_everything(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        assert not first.ready.warm
        users, urls = await things(first)
        assert urls == [first.auth_url] * 3
        assert stop(first) == 0
    assert read_ready(tmp_path / "state" / "ready.json") is None

    # The state was bootstrapped for that very port.
    with running(tmp_path, port=first.ready.port) as second:
        assert second.ready.warm
        assert await things(second) == (users, urls)

    # A new password and a new port: bootstrapped again, without doubles.
    (tmp_path / "admin-password").unlink()
    with running(tmp_path) as third:
        assert not third.ready.warm
        assert await things(third) == (users, [third.auth_url] * 3)


async def test_a_second_process_on_the_same_state_is_refused(keystone: RunningKeystone) -> None:
    ended = await asyncio.to_thread(run_to_end, keystone.config_file)
    assert ended.returncode == 1
    assert "in use by another Keystone" in ended.stderr
    assert read_ready(keystone.directory / "state" / "ready.json") == keystone.ready


async def test_a_taken_port_is_refused_before_anything_is_made(keystone: RunningKeystone, tmp_path: Path) -> None:
    ended = await asyncio.to_thread(run_to_end, configure(tmp_path, port=keystone.ready.port))
    assert ended.returncode == 1
    assert "Address already in use" in ended.stderr
    assert not (tmp_path / "state" / "keystone.sqlite").exists()


async def test_an_open_password_file_is_refused(tmp_path: Path) -> None:
    config_file = configure(tmp_path)
    (tmp_path / "admin-password").chmod(0o644)
    ended = await asyncio.to_thread(run_to_end, config_file)
    assert ended.returncode == 1
    assert "0644" in ended.stderr


async def test_stops_while_it_is_starting(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gurum.identity.keystone", "--config", str(configure(tmp_path))
    )
    async with asyncio.timeout(30):
        while not (tmp_path / "state" / "lock").exists():  # noqa: ASYNC110 - a file, nobody signals it
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert not (tmp_path / "state" / "ready.json").exists()


async def test_concurrent_writers_and_readers_do_not_lock_each_other_out(admin: Client) -> None:
    people = await asyncio.gather(*(admin.person() for _ in range(8)))
    tokens = await asyncio.gather(*(admin.login(person) for person in people for _ in range(3)))

    async def revoke_and_look(token: str) -> int:
        await admin.call("DELETE", "/auth/tokens", X_Subject_Token=token)
        return (await admin.call("GET", "/auth/tokens", X_Subject_Token=token))[0]

    assert set(await asyncio.gather(*(revoke_and_look(token) for token in tokens))) == {404}


def test_connections_that_clients_leave_open_keep_nobody_waiting(keystone: RunningKeystone) -> None:
    """A dashboard leaves some with every page. Where the next one had to wait for room, it would time out here."""
    server = urllib.parse.urlsplit(keystone.ready.url)
    with contextlib.ExitStack() as idle:
        for _ in range(300):
            connection = http.client.HTTPConnection(str(server.hostname), server.port, timeout=10)
            idle.callback(connection.close)
            connection.request("GET", "/v3")
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)
            assert not answer.will_close


async def test_forwarded_headers_do_not_change_links(keystone: RunningKeystone) -> None:
    def ask() -> str:
        request = urllib.request.Request(
            keystone.auth_url, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
        )
        with urllib.request.urlopen(request) as answer:
            text: str = answer.read().decode()
            return text

    assert "evil" not in await asyncio.to_thread(ask)


def test_configuration_errors_name_the_key(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    for text, named in (
        ("dir: /x\nadmin_password_file: /y\nregion: r\nbcrypt_rounds: 3", "bcrypt_rounds"),
        ("dir: /x\nadmin_password_file: /y", "region"),
        ("dir: /x\nadmin_password_file: /y\nregion: r\nadmin_password: z", "admin_password"),
        ("dir: 5\nadmin_password_file: /y\nregion: r", "dir"),
        ("dir: [", "c.yaml"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=named):
            load(path)
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.yaml")


def test_a_saved_configuration_is_read_back(tmp_path: Path) -> None:
    config = KeystoneConfig(
        dir=tmp_path, admin_password_file=tmp_path / "x", region="r", options={"token": {"expiration": 60}}
    )
    save(config, tmp_path / "c.yaml")
    assert load(tmp_path / "c.yaml") == config


def test_options_reach_keystone_conf(tmp_path: Path) -> None:
    config = KeystoneConfig(
        dir=tmp_path / "a$b",
        admin_password_file=tmp_path,
        region="r",
        security_compliance={"lockout_failure_attempts": 6},
        options={"token": {"expiration": 60}, "federation": {"assertion_prefix": "OIDC-"}},
    )
    text = render(options(config, State(config.dir)))
    for line in (
        "lockout_failure_attempts = 6",
        "expiration = 60",
        "[federation]",
        "assertion_prefix = OIDC-",
        "password_hash_rounds = 8",
    ):
        assert line in text.splitlines()
    assert "a$$b" in text
    with pytest.raises(ValueError, match="line end"):
        render({"token": {"provider": "fernet\n[DEFAULT]"}})
