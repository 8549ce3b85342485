"""The process: its sentences and exit codes, and that it serves and ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gurum.ops.config import RegionConfig
from gurum.pia.main import MISCONFIGURED, OK, PORT_IN_USE, PortInUseError, listen, main, root_of

POLICY = Path(__file__).parents[2] / "policy"


def configured(directory: Path, *, port: int = 0, store: str = "memory:", regions: bool = True) -> Path:
    document = {
        "state": str(directory),
        "store": {"url": store},
        "policy": {"bundle": str(POLICY)},
        "identity": {"url": "http://127.0.0.1:1/v3", "service_password_file": str(directory / "none")},
        "log": {"directory": str(directory)},
        "regions": [{"name": "kakao-usa-east1", "provider": "simulated", "port": port}] if regions else [],
    }
    path = directory / "gurum.yaml"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def taken() -> socket.socket:
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    return holder


def test_a_port_in_use_is_a_sentence(taken: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with taken:
        port = taken.getsockname()[1]
        assert main(["--config", str(configured(tmp_path, port=port))]) == PORT_IN_USE
        assert capsys.readouterr().err == (
            f"gurum pia: region kakao-usa-east1 cannot be served at 127.0.0.1:{port}: another process has the port\n"
        )


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(PortInUseError, match=r"cannot be served at 192\.0\.2\.1:1: "):
        listen(RegionConfig(name="r", provider="simulated", host="192.0.2.1", port=1))


@pytest.mark.parametrize(
    ("arguments", "regions", "store", "sentence"),
    [
        (["--region", "nope"], True, "memory:", "region 'nope' is not in the configuration"),
        ([], False, "memory:", "the configuration has no regions; there is nothing to serve"),
        ([], True, "cloud:", "store.url is 'cloud:'"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    regions: bool,
    store: str,
    sentence: str,
) -> None:
    path = configured(tmp_path, store=store, regions=regions)
    assert main(["--config", str(path), *arguments]) == MISCONFIGURED
    assert sentence in capsys.readouterr().err


def test_clients_are_told_the_public_url() -> None:
    region = RegionConfig(name="r", provider="simulated", port=0)
    with listen(region) as bound:
        assert root_of(region, bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"
        public = RegionConfig(name="r", provider="simulated", port=0, public_url="https://api.example/r/")
        assert root_of(public, bound) == "https://api.example/r"


def get(url: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.real
async def test_it_serves_says_what_is_missing_and_ends_on_a_signal(tmp_path: Path) -> None:
    path = configured(tmp_path, store=f"sqlite:///{tmp_path}/store.sqlite")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gurum.pia", "--config", str(path))
    try:
        log, url = tmp_path / "pia.log", ""
        async with asyncio.timeout(60):
            while not url:
                served = [line for line in log.read_text().splitlines() if "is served" in line] if log.exists() else []
                url = json.loads(served[0])["url"] if served else ""
                await asyncio.sleep(0.05)
        status, versions = await asyncio.to_thread(get, f"{url}/compute/")
        assert (status, list(versions)) == (200, ["versions"])
        status, ready = await asyncio.to_thread(get, f"{url}/readyz")
        assert (status, sorted(ready["missing"])) == (503, ["identity", "region"])  # type: ignore[call-overload]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == OK
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert "stopped" in log.read_text()
