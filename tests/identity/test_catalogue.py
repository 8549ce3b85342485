"""`ensure` on a real Keystone: complete, idempotent, dry when told, and silent about secrets."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec
import pytest
from tests.identity.client import Client
from tests.support.keystone import RunningKeystone, password_file

from gurum.identity.catalogue import (
    Catalogue,
    Domain,
    Endpoint,
    Grant,
    KeystoneRefused,
    Project,
    Region,
    Role,
    Service,
    User,
    ensure,
    region_endpoints,
    standard,
)
from gurum.identity.session import KeystoneSession, PasswordAuth, ServiceLoginRefused
from gurum.identity.tokens import TokenValidator
from gurum.ops import secrets

pytestmark = pytest.mark.real


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:6]}"


def wanted(keystone: RunningKeystone, directory: Path) -> Catalogue:
    """Two regions, the service user, a domain with a person, and a person in the default domain."""
    usa, domain, team, partner = (unique(name) for name in ("usa", "partners", "team", "partner-project"))
    base = standard(
        auth_url=keystone.auth_url,
        regions=[Region(id="kr-central-1", description="private"), Region(id=usa)],
        endpoints=[*region_endpoints("kr-central-1", "http://kr/"), *region_endpoints(usa, "http://usa", ["compute"])],
        service_password_file=password_file(directory, "gurum"),
        service_user=unique("gurum"),
    )
    alice, carol, operator = (unique(name) for name in ("alice", "carol", "operator"))
    return msgspec.structs.replace(
        base,
        roles=(*base.roles, Role(name=unique("load-balancer_member"), implies=("reader",))),
        domains=(Domain(name=domain),),
        projects=(*base.projects, Project(name=team), Project(name=partner, domain=domain)),
        users=(
            *base.users,
            User(name=alice, password_file=password_file(directory, "alice"), default_project=team),
            User(name=carol, password_file=password_file(directory, "carol"), domain=domain),
            User(name=operator, password_file=password_file(directory, "operator")),
        ),
        grants=(
            *base.grants,
            Grant(role="member", user=alice, project=team),
            Grant(role="reader", user=carol, user_domain=domain, project=partner, project_domain=domain),
            Grant(role="admin", user=operator, system=True),
        ),
    )


async def test_makes_it_so_once(keystone: RunningKeystone, tmp_path: Path, admin: Client) -> None:
    description = wanted(keystone, tmp_path)
    planned = await ensure(keystone.admin, description, dry_run=True)
    made = await ensure(keystone.admin, description)
    assert [(change.action, change.kind, change.name) for change in planned] == [
        (change.action, change.kind, change.name) for change in made
    ]
    assert len(made) > 15
    assert await ensure(keystone.admin, description) == []
    assert await ensure(keystone.admin, description, dry_run=True) == []

    # As its users see it.
    alice = description.users[1]
    auth = PasswordAuth(
        auth_url=keystone.auth_url,
        username=alice.name,
        password_file=alice.password_file,
        project_name=description.projects[1].name,
    )
    async with KeystoneSession(auth) as session:
        catalogue = (await session.request("GET", "/auth/catalog")).json()["catalog"]
    urls = {
        (service["type"], endpoint["region_id"], endpoint["interface"]): endpoint["url"]
        for service in catalogue
        for endpoint in service["endpoints"]
    }
    usa = description.regions[1].id
    for interface in ("public", "internal", "admin"):
        assert urls["compute", usa, interface] == "http://usa/compute/v2.1"
        assert urls["compute", "kr-central-1", interface] == "http://kr/compute/v2.1"
        assert urls["network", "kr-central-1", interface] == "http://kr/network"
        assert urls["identity", usa, interface] == keystone.auth_url
    assert ("network", usa, "public") not in urls
    assert all(endpoint["region"] == endpoint["region_id"] for s in catalogue for endpoint in s["endpoints"])

    # The service user validates tokens and reads revocations with the role `service` alone.
    gurum = description.users[0]
    service = msgspec.structs.replace(
        auth, username=gurum.name, password_file=gurum.password_file, project_name="service"
    )
    async with TokenValidator(service) as validator:
        principal = await validator.validate(await admin.login(await admin.person()))
    assert principal.roles == ("reader", "member") or principal.roles == ("member", "reader")


async def test_mends_what_has_changed_and_nothing_else(
    keystone: RunningKeystone, tmp_path: Path, admin: Client
) -> None:
    description = wanted(keystone, tmp_path)
    await ensure(keystone.admin, description)
    usa, team = description.regions[1].id, description.projects[1].name
    _, found, _ = await admin.call("GET", f"/endpoints?region_id={usa}&interface=public")
    moved = next(endpoint for endpoint in found["endpoints"] if endpoint["url"].startswith("http://usa"))
    await admin.change(f"/endpoints/{moved['id']}", "endpoint", url="http://elsewhere", enabled=False)
    _, found, _ = await admin.call("GET", f"/projects?name={team}")
    await admin.change(f"/projects/{found['projects'][0]['id']}", "project", enabled=False, description="theirs")

    changes = await ensure(keystone.admin, description)
    assert [str(change) for change in changes] == [
        f"update endpoint compute {usa} public (url=http://usa/compute/v2.1, enabled=True)",
        f"update project {team} (enabled=True)",
    ]
    _, found, _ = await admin.call("GET", f"/projects?name={team}")
    assert found["projects"][0]["description"] == "theirs"


async def test_keeps_a_services_password_but_not_a_persons(
    keystone: RunningKeystone, tmp_path: Path, admin: Client
) -> None:
    description = wanted(keystone, tmp_path)
    await ensure(keystone.admin, description)
    service, alice = description.users[:2]
    for user in (service, alice):
        secrets.write(user.password_file, "another-password")
    changes = await ensure(keystone.admin, description)
    assert [str(change) for change in changes] == [f"update user {service.name} (password=(set))"]
    assert await ensure(keystone.admin, description) == []

    _, found, _ = await admin.call("GET", f"/users?name={service.name}")
    await admin.change(f"/users/{found['users'][0]['id']}", "user", enabled=False)
    changes = await ensure(keystone.admin, description)
    assert [str(change) for change in changes] == [f"update user {service.name} (enabled=True)"]


async def test_names_what_is_missing(keystone: RunningKeystone) -> None:
    for description, text in (
        (Catalogue(projects=(Project(name="p", domain="nowhere"),)), "domain 'nowhere'"),
        (Catalogue(grants=(Grant(role="wizard", user="admin", project="admin"),)), "role 'wizard'"),
        (Catalogue(grants=(Grant(role="reader", user="nobody", project="admin"),)), "user 'nobody'"),
        (Catalogue(endpoints=(Endpoint(service="oven", region="kr-central-1", url="http://x"),)), "'oven'"),
        (Catalogue(roles=(Role(name="reader", implies=("wizard",)),)), "'wizard'"),
        (Catalogue(endpoints=(Endpoint(service="identity", region="atlantis", url="http://x"),)), "atlantis"),
    ):
        with pytest.raises(KeystoneRefused, match=text):
            await ensure(keystone.admin, description)


async def test_does_not_guess_between_two_services_of_a_type(keystone: RunningKeystone, admin: Client) -> None:
    kind = unique("oven")
    for name in ("first", "second"):
        await admin.made("/services", "service", type=kind, name=name)
    with pytest.raises(KeystoneRefused, match="first, second"):
        await ensure(keystone.admin, Catalogue(services=(Service(type=kind, name="x"),)))


async def test_a_refused_password_is_not_repeated(keystone: RunningKeystone, tmp_path: Path) -> None:
    secret = "line\none's secret"
    secrets.write(tmp_path / "odd", secret)
    long = User(name="x" * 300, password_file=tmp_path / "odd")
    with pytest.raises(KeystoneRefused) as caught:
        await ensure(keystone.admin, Catalogue(users=(long,)))
    assert "secret" not in str(caught.value)
    assert secret not in repr(caught.value)


async def test_a_wrong_administrator_is_said_so(keystone: RunningKeystone, tmp_path: Path) -> None:
    secrets.write(tmp_path / "wrong", "wrong")
    wrong = msgspec.structs.replace(keystone.admin, password_file=tmp_path / "wrong")
    with pytest.raises(ServiceLoginRefused, match="user 'admin'"):
        await ensure(wrong, Catalogue())


def test_a_grant_is_on_a_project_or_on_the_system() -> None:
    for wrong in ({}, {"project": "p", "system": True}):
        with pytest.raises(ValueError, match="either"):
            msgspec.convert({"role": "r", "user": "u"} | wrong, Grant)
