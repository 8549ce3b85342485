"""`gurum accounts check` and `gurum issuer`: what is said is what AWS takes, and what is missing can be pasted."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from aws_emulator import Config as EmulatorConfig
from aws_emulator import Emulator, serve
from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.identity.issuer.__main__ import application
from gurum.providers.aws.trust import provider_arn

ACCOUNT, OTHER = "111122223333", "444455556666"


class _Aws:
    """An emulator in a thread of its own, and the issuer's documents on loopback, as they were published."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.emulator = Emulator(EmulatorConfig(accounts={"AKIAX": ACCOUNT, "AKIAY": OTHER}))
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self.url = self.issuer = ""

    async def _run(self) -> None:
        aws, documents = await serve(self.emulator), web.AppRunner(application(self._directory))
        await documents.setup()
        await web.TCPSite(documents, "127.0.0.1", 0).start()
        self.url, self.issuer = (f"http://127.0.0.1:{each.addresses[0][1]}" for each in (aws, documents))
        self._ready.set()
        await self._stop.wait()
        await aws.cleanup()
        await documents.cleanup()

    def __enter__(self) -> _Aws:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
        self.emulator.close()


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[_Aws]:
    with _Aws(tmp_path / "host") as running:
        yield running


def _gurum(tmp_path: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main([*words[:2], "--config", str(tmp_path / "gurum.yaml"), *words[2:]], Surroundings({}, out, err))
    return status, out.getvalue(), err.getvalue()


def _configured(tmp_path: Path, aws: _Aws) -> None:
    accounts = [
        {"number": ACCOUNT, "role": "gurum", "offboarding_role": "ends"},
        {"number": OTHER, "role": "team/gurum"},
    ]
    region = {
        "name": "kakao-usa-east1", "provider": "aws", "port": 0, "cloud_region": "us-east-1",
        "aws": {"endpoint_url": aws.url, "accounts": accounts},
    }  # fmt: skip
    issuer = {"url": aws.issuer, "directory": str(tmp_path / "issuer")}
    document = {"state": str(tmp_path), "identity": {"issuer": issuer}, "regions": [region]}
    (tmp_path / "gurum.yaml").write_text(json.dumps(document))


def _paste(found: dict[str, Any], aws: _Aws) -> None:
    """Do what an administrator does with what is printed: nothing of it is typed anew."""
    number, role, provider = found["account"], found["role"], found["oidc_provider"]
    config = aws.emulator.config.builtins()
    made = {"account": number, "name": role.partition(":role/")[2], "trust": found["trust_policy"]}
    roles = [*config["roles"], made]
    if "offboarding_role" in found:
        name = found["offboarding_role"].partition(":role/")[2]
        trusted, allowed = found["offboarding_trust_policy"], found["offboarding_policy"]
        roles.append({"account": number, "name": name, "trust": trusted, "policy": allowed})
    known = {"account": number, "url": provider["Url"], "audiences": provider["ClientIDList"]}
    aws.emulator.configure({"oidc_providers": [*config["oidc_providers"], known], "roles": roles})


def test_from_nothing_to_accounts_that_are_entered(tmp_path: Path, aws: _Aws) -> None:
    _configured(tmp_path, aws)
    status, out, err = _gurum(tmp_path, "issuer", "publish", str(tmp_path / "host"))
    assert (status, out) == (1, "")
    assert "rotate" in err, "without a key there is nothing to publish"
    assert _gurum(tmp_path, "issuer", "rotate")[:2] == (0, "changed; publish the documents\n")
    assert _gurum(tmp_path, "issuer", "rotate")[:2] == (0, "nothing was due\n")

    status, out, _ = _gurum(tmp_path, "accounts", "check", "-f", "json")
    found = json.loads(out)
    assert status == 1
    assert [(one["account"], one["ok"], one["code"]) for one in found] == [
        (ACCOUNT, False, "InvalidIdentityToken"),
        (OTHER, False, "InvalidIdentityToken"),
    ]
    assert provider_arn(aws.issuer, ACCOUNT) in json.dumps(found[0]["trust_policy"])

    for one in found:
        _paste(one, aws)
    status, out, _ = _gurum(tmp_path, "accounts", "check", "--account", ACCOUNT)
    assert status == 1
    assert "IDPCommunicationError" not in out
    assert "the issuer's documents are served" in out, "they are not published yet"
    assert _gurum(tmp_path, "issuer", "publish", str(tmp_path / "host"))[0] == 0

    status, out, _ = _gurum(tmp_path, "accounts", "check")
    assert (status, out.count("well, entered by sessions")) == (0, 2)
    assert "eyJ" not in out
    status, out, _ = _gurum(tmp_path, "accounts", "check", "-f", "json")
    assert all(one["ok"] for one in json.loads(out))

    aws.emulator.configure({"roles": aws.emulator.config.builtins()["roles"][:2]})
    status, out, _ = _gurum(tmp_path, "accounts", "check")
    assert status == 1
    assert f"{ACCOUNT}  well" in out
    assert f"{OTHER}  MISSING" in out
    assert f"arn:aws:iam::{OTHER}:role/team/gurum" in out
    assert "an administrator of the account has to set its trust policy" in out


def test_an_account_that_is_not_configured_is_refused(tmp_path: Path, aws: _Aws) -> None:
    _configured(tmp_path, aws)
    status, _, err = _gurum(tmp_path, "accounts", "check", "--account", "999999999999")
    assert status == 1
    assert "has no account 999999999999" in err
