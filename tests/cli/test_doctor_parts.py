"""`gurum doctor` on what is beside the cluster: the journal, the policy, AWS, the clocks."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from aiohttp import web
from tests.emulator.cloud import ACCESS_KEY, ACCOUNT, OTHER_KEY, config
from tests.support.badopa import WAYS, dead, impostor
from tests.support.postgresql import Admin

from aws_emulator import Emulator, ManualClock, serve
from gurum.cli.doctor import clocks, clouds, findings, journal, policy
from gurum.cli.doctor.findings import MISSING, UNKNOWN, WELL, Finding
from gurum.ops import secrets
from gurum.ops.config import (
    AwsAccountConfig,
    AwsConfig,
    Config,
    IdentityConfig,
    PolicyConfig,
    RegionConfig,
    StoreConfig,
    shipped,
)
from gurum.store.postgresql import PostgresqlJournal

OTHER = "444455556666"


def beside(url: str, password_file: str = "") -> Config:
    """Return a configuration with this journal beside a cluster."""
    return Config(store=StoreConfig(url="kubernetes:///k", journal_url=url, password_file=password_file))


async def test_a_database_without_tables_and_with(postgresql_bare: str) -> None:
    (found,) = await journal.look(beside(postgresql_bare))
    assert (found.state, "lacks the migrations 0001" in found.told) == (MISSING, True)
    opened = await PostgresqlJournal.open(postgresql_bare)
    await opened.close()
    (found,) = await journal.look(beside(postgresql_bare))
    assert found.state == WELL, found


async def test_a_database_that_is_not_there(postgresql_bare: str, postgresql_admin: Admin, tmp_path: Path) -> None:
    (found,) = await journal.look(beside("postgresql://127.0.0.1:1/gurum"))
    assert found.state == MISSING
    (found,) = await journal.look(beside(postgresql_bare, password_file=str(tmp_path / "none")))
    assert (found.what, found.state) == ("password", MISSING)
    elsewhere = postgresql_bare.replace("search_path=", "search_path=no_such_")
    (found,) = await journal.look(beside(elsewhere))
    assert found.state == MISSING


async def test_a_database_of_a_newer_release(postgresql_bare: str, postgresql_admin: Admin) -> None:
    opened = await PostgresqlJournal.open(postgresql_bare)
    await opened.close()
    place = postgresql_bare.rpartition("search_path=")[2]
    postgresql_admin.run(f"INSERT INTO {place}.migrations (number, name) VALUES (9999, 'of the future')")
    (found,) = await journal.look(beside(postgresql_bare))
    assert (found.state, "newer release" in found.told) == (MISSING, True)


async def test_files(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    (found,) = await journal.look(Config(store=StoreConfig(url=f"sqlite:///{path}")))
    assert (found.state, "there is no" in found.told) == (MISSING, True)
    path.touch()
    assert (await journal.look(Config(store=StoreConfig(url=f"sqlite:///{path}"))))[0].state == WELL
    assert (await journal.look(beside(f"sqlite:///{path}")))[0].state == UNKNOWN
    assert (await journal.look(Config(store=StoreConfig(url="memory:"))))[0].state == UNKNOWN


def test_bundles(tmp_path: Path) -> None:
    (found,) = policy.look(Config(policy=PolicyConfig(bundle=str(shipped() / "policy"))))
    assert found.state == WELL
    (tmp_path / "broken.rego").write_text("package gurum.authz\n\nallow if {")
    (found,) = policy.look(Config(policy=PolicyConfig(bundle=str(tmp_path))))
    assert found.state == MISSING


def test_opa(tmp_path: Path) -> None:
    with impostor() as server:
        (found,) = policy.look(Config(policy=PolicyConfig(url=server.url)))
        assert (found.state, found.told) == (WELL, f"{server.url}, revision r1")
        server.pieces = WAYS["status_404"]
        (found,) = policy.look(Config(policy=PolicyConfig(url=server.url)))
        assert (found.state, "OPA answered with status 404" in found.told) == (MISSING, True)
    (found,) = policy.look(Config(policy=PolicyConfig(url=dead(), token_file=str(tmp_path / "none"))))
    assert (found.state, "cannot be read" in found.told) == (MISSING, True)


def region(endpoint: str, credentials: Path, number: str = ACCOUNT) -> Config:
    account = AwsAccountConfig(number=number, credentials_file=str(credentials))
    aws = AwsConfig(endpoint_url=endpoint, accounts=[account])
    return Config(regions=[RegionConfig(name="usa", provider="aws", port=0, cloud_region="us-east-1", aws=aws)])


async def test_credentials(tmp_path: Path) -> None:
    runner = await serve(Emulator(config(), ManualClock()))
    host, port = runner.addresses[0][:2]
    url, file = f"http://{host}:{port}", tmp_path / "credentials.json"

    async def told(key: str | None, number: str = ACCOUNT, endpoint: str = url) -> Finding:
        if key is not None:
            secrets.write(file, json.dumps({"access_key_id": key, "secret_access_key": "s3cret"}))
        (found,) = await clouds.look(region(endpoint, file, number))
        assert "s3cret" not in f"{found.told}{found.remedy}"
        return found

    try:
        assert (await told(None)).state == MISSING  # no file
        assert (await told(ACCESS_KEY)).state == WELL
        other = await told(OTHER_KEY)
        assert (other.state, OTHER in other.told) == (MISSING, True)
        nobody = await told("AKIANOBODY")
        assert (nobody.state, "refuses" in nobody.told) == (MISSING, True)
        assert (await told(ACCESS_KEY, endpoint="http://127.0.0.1:1")).state == MISSING
        secrets.write(file, json.dumps({"access_key_id": ACCESS_KEY}))
        assert "lacks secret_access_key" in (await told(None)).told
        secrets.write(file, "no json")
        assert (await told(None)).state == MISSING
    finally:
        await runner.cleanup()


async def test_clocks(postgresql_url: str) -> None:
    dates = {"Date": "Thu, 01 Jan 2032 00:00:00 GMT"}

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({}, headers=dates)

    application = web.Application()
    application.router.add_get("/v3", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    asked = Config(
        store=StoreConfig(url=postgresql_url), identity=IdentityConfig(url=f"http://127.0.0.1:{port}/v3")
    )  # fmt: skip
    try:
        found = {one.what: one for one in await clocks.look(asked, ("pia",))}
        assert found["journal"].state == WELL
        assert found["Keystone"].state == MISSING
        assert "s before this machine's" in found["Keystone"].told
        dates["Date"] = "yesterday"
        assert {one.what for one in await clocks.look(asked, ("pia",))} == {"journal"}
    finally:
        await runner.cleanup()
    (none,) = await clocks.look(Config(store=StoreConfig(url="memory:")), ("engine",))
    assert none.state == UNKNOWN


def shown(*found: Finding) -> tuple[str, Any]:
    out, as_json = io.StringIO(), io.StringIO()
    findings.write(found, "table", out)
    findings.write(found, "json", as_json)
    return out.getvalue(), json.loads(as_json.getvalue())


def test_both_forms_say_the_same() -> None:
    text, document = shown(
        findings.well("a", "one", "fine"),
        findings.missing("area", "b", "gone", "get it"),
        findings.unknown("a", "c", "?"),
    )
    assert text.splitlines()[0] == "✓ a     one  fine"
    assert text.splitlines()[2].strip() == "mend: get it"
    assert text.splitlines()[-1] == "1 well, 1 missing, 1 could not be seen"
    assert document["well"] is False
    assert [one["state"] for one in document["findings"]] == [WELL, MISSING, UNKNOWN]
    assert shown(findings.well("a", "b", "c"))[1]["well"] is True
