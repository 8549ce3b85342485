"""What a first start makes, and what a second one leaves alone."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from gurum.identity.keystone import load as load_keystone
from gurum.ops.config import Config, load
from gurum.providers.aws import trust
from gurum.supervisor import farewell, people, plan
from gurum.supervisor.places import Places
from gurum.supervisor.prepare import emulated, operator_config, prepare
from gurum.supervisor.rows import Child, Refusal, check
from gurum.supervisor.up import wanted_ports


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


@pytest.fixture
def config(places: Places) -> Config:
    return load(operator_config(places, {}), {}, state=places.state)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_everything_is_for_the_owner_and_every_secret_is_its_own(config: Config, places: Places) -> None:
    prepare(config, places)
    made = [path for path in places.state.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    secrets = {path.name: path.read_text() for path in places.secrets.iterdir()}
    assert sorted(secrets) == [
        "admin",
        "alice",
        "bob",
        "carol",
        "demo",
        "gurum",
        "manager",
        "private-code",
        "private-keystone",
        "private-robot",
        "public-code",
        "public-keystone",
        "public-robot",
        "reader",
        "token-key",
    ]
    assert len(set(secrets.values())) == len(secrets)


def test_no_secret_is_in_what_the_children_read(config: Config, places: Places) -> None:
    prepare(config, places)
    keys = [json.loads(path.read_text())["jwk"]["d"] for path in places.state.glob("issuer/keys/*.json")]
    assert len(keys) == 1
    secrets = [places.secret(name).read_text().strip() for name in ("admin", "demo", "gurum", "token-key")]
    for path in places.run.iterdir():
        for secret in (*secrets, *keys):
            assert secret not in path.read_text()
    emulator = json.loads(places.emulator_config.read_text())
    assert emulator["accounts"] == {}, "there is no stored key to AWS"
    assert [role["name"] for role in emulator["roles"]] == ["gurum", "gurum-offboarding"]
    policy = trust.trust_policy("http://127.0.0.1:8789", "111122223333", "gurum")
    assert emulator["roles"][0]["trust"] == policy, "what `gurum accounts check` prints is what the run works with"
    assert emulator["oidc_providers"][0]["url"] == "http://127.0.0.1:8789"


def test_keys_to_aws_are_stored_only_where_that_was_chosen(config: Config, places: Places) -> None:
    text = places.config.read_text().replace(
        "role: gurum, offboarding_role: gurum-offboarding", 'credentials_file: "${state}/secrets/aws.json"'
    )
    places.config.write_text(text)
    chosen = load(places.config, {}, state=places.state)
    prepare(chosen, places)
    aws = json.loads(places.secret("aws.json").read_text())
    emulator = json.loads(places.emulator_config.read_text())
    assert emulator == {"accounts": {aws["access_key_id"]: "111122223333"}, "time_factor": 0.1}
    assert aws["access_key_id"].startswith("AKIA")
    assert len(aws["access_key_id"]) == 20
    assert len(aws["secret_access_key"]) == 40
    assert "issuer" not in [row.name for row in plan.rows(chosen, places)]
    assert not (places.state / "issuer").exists()


def test_a_second_start_changes_nothing_of_the_operator_s(config: Config, places: Places) -> None:
    prepare(config, places)
    places.config.write_text(places.config.read_text().replace("time_factor: 0.1", "time_factor: 0.5"))
    before = {path: path.read_text() for path in (*places.secrets.iterdir(), places.config, places.clouds)}
    again = load(operator_config(places, {}), {}, state=places.state)
    prepare(again, places)
    assert {path: path.read_text() for path in before} == before
    assert json.loads(places.emulator_config.read_text())["time_factor"] == 0.5


def test_clouds_are_those_that_can_log_in_in_every_region(config: Config, places: Places) -> None:
    prepare(config, places)
    clouds = _yaml(places.clouds)["clouds"]
    catalogue = people.catalogue(config, places)
    known = {user.name: user.password_file for user in catalogue.users} | {"admin": places.secret("admin")}
    own, elsewhere = ["gurum", "gurum-reader", "gurum-manager", "gurum-admin"], ["gurum-staff", "gurum-partner"]
    assert list(clouds) == [*own, *elsewhere]
    known |= {name: places.secret(name) for name in ("alice", "carol")}
    for cloud in clouds.values():
        auth = cloud["auth"]
        assert auth["password"] == known[auth["username"]].read_text().strip()
        assert cloud["regions"] == ["kr-central-1", "kakao-usa-east1"]
    granted = {(grant.user, grant.role, grant.project) for grant in catalogue.grants}
    assert granted == {
        ("gurum", "service", "service"),
        ("demo", "member", "demo"),
        ("reader", "reader", "demo"),
        ("manager", "manager", "demo"),
    }
    assert {(project.name, project.domain) for project in catalogue.projects} == {
        ("service", "Default"),
        ("demo", "Default"),
        ("team-media", "staff"),
        ("team-search", "staff"),
        ("partner-sandbox", "partners"),
    }


def test_a_provider_of_the_company_takes_the_place_of_ours(places: Places) -> None:
    document = _yaml(operator_config(places, {}))
    real = {
        "name": "private",
        "issuer": "https://idp.example/realms/staff",
        "audience": "keystone",
        "token_type": "JWT",
        "token_use": "Bearer",
        "domain": "employees",
        "rules": [
            {
                "local": [{"user": {"name": "{0}", "domain": {"name": "employees"}}}],
                "remote": [{"type": "OIDC-sub"}],
            }
        ],
    }
    document["embedded"]["federation_settings"]["providers"] = [real]
    places.config.write_text(yaml.safe_dump(document))
    config = load(places.config, {}, state=places.state)
    prepare(config, places)
    trusted = {one.name: one for one in load_keystone(places.keystone_config).federation.trusted}
    assert trusted["private"].issuer == "https://idp.example/realms/staff"
    assert trusted["private"].client_id == ""
    assert trusted["public"].issuer == "http://127.0.0.1:8788"
    federated = {one.name: one for one in people.catalogue(config, places).federated}
    assert federated["private"].remote_ids == ("https://idp.example/realms/staff",)
    assert federated["private"].domain == "employees"
    assert "gurum-staff" not in _yaml(places.clouds)["clouds"]
    assert not places.secret("alice").exists()
    document["embedded"]["federation_settings"]["providers"] = [real | {"issuer": "http://idp.example"}]
    places.config.write_text(yaml.safe_dump(document))
    with pytest.raises(Refusal, match="federation_settings"):
        prepare(load(places.config, {}, state=places.state), places)


def test_without_federation_nobody_logs_in_from_elsewhere(config: Config, places: Places) -> None:
    closed = msgspec.structs.replace(config, embedded=msgspec.structs.replace(config.embedded, federation=False))
    prepare(closed, places)
    assert load_keystone(places.keystone_config).federation.trusted == []
    assert "providers" not in [row.name for row in plan.rows(closed, places)]
    assert not people.catalogue(closed, places).federated


def test_the_catalogue_has_three_services_in_each_region_and_says_what_is_simulated(
    config: Config, places: Places
) -> None:
    catalogue = people.catalogue(config, places)
    urls = {(endpoint.region, endpoint.service): endpoint.url for endpoint in catalogue.endpoints}
    assert urls["kr-central-1", "compute"] == "http://127.0.0.1:8780/compute/v2.1"
    assert urls["kakao-usa-east1", "network"] == "http://127.0.0.1:8781/network"
    assert len(urls) == 8
    assert all("simulated" in str(region.description) or "emulator" in str(region.description)
               for region in catalogue.regions)  # fmt: skip


def test_keystone_accepts_its_document(config: Config, places: Places) -> None:
    prepare(config, places)
    keystone = load_keystone(places.keystone_config)
    assert (keystone.host, keystone.port, keystone.region) == ("127.0.0.1", 5000, "kr-central-1")
    assert keystone.admin_password_file == places.secret("admin")


def test_the_rows_of_the_embedded_run(config: Config, places: Places) -> None:
    rows = plan.rows(config, places)
    check(rows)
    assert [(row.name, row.after) for row in rows] == [
        ("keystone", ()),
        ("providers", ()),
        ("issuer", ()),
        ("aws-emulator", ()),
        ("audit-anchor", ()),
        ("catalogue", ("keystone",)),
        ("engine", ("issuer", "aws-emulator", "audit-anchor")),
        ("pia", ("catalogue", "audit-anchor")),
    ]
    # Once Keystone knows the API's user, the two start side by side.
    places.catalogued.touch()
    assert {row.name: row.after for row in plan.rows(config, places)}["pia"] == ("audit-anchor",)
    for row in rows:
        if isinstance(row, Child):
            assert not {name for name in row.environ if name.startswith(("OS_", "AWS_", "GURUM_"))}
            assert not any("secret" in word or "password" in word for word in row.argv)
    assert sorted(port for _, _, port in wanted_ports(config)) == [4566, 5000, 8780, 8781, 8787, 8788, 8789, 8790]


def test_a_company_s_keystone_and_the_real_aws_need_no_child(places: Places) -> None:
    environ = {"GURUM_IDENTITY__EMBEDDED": "false", "GURUM_IDENTITY__URL": "https://keystone.example/v3"}
    config = load(operator_config(places, environ), environ, state=places.state)
    text = places.config.read_text().replace("http://127.0.0.1:4566", '""')
    places.config.write_text(text)
    config = load(places.config, environ, state=places.state)
    assert not emulated(config)
    prepare_free = [row.name for row in plan.rows(config, places)]
    assert prepare_free == ["audit-anchor", "catalogue", "engine", "pia"]
    assert sorted(port for _, _, port in wanted_ports(config)) == [8780, 8781, 8790]


def test_the_farewell_says_where_things_are_and_what_is_simulated(config: Config, places: Places) -> None:
    text = farewell.text(config, places, staying=True)
    for place in (places.clouds, places.config, places.state / "log", places.secrets):
        assert str(place) in text
    for region in config.regions:
        assert region.simulated in text
        assert f"http://127.0.0.1:{region.port}/metrics" in text
    assert "until Ctrl-C" in text
    assert "until Ctrl-C" not in farewell.text(config, places, staying=False)


def test_the_store_of_the_first_start_is_where_later_commands_look(tmp_path: Path) -> None:
    for name in ("var", "other"):
        (tmp_path / name).mkdir()
    places = Places(tmp_path / "var")
    told = {"GURUM_STORE__URL": "kubernetes:embedded"}
    assert load(operator_config(places, told), {}, state=places.state).embedded.kubernetes
    assert load(operator_config(places, {}), {}, state=places.state).store.url.startswith("kubernetes:///")
    secret = Places(tmp_path / "other")
    operator_config(secret, {"GURUM_STORE__URL": "postgresql://u:s3cret@h/d"})
    assert "s3cret" not in secret.config.read_text()
