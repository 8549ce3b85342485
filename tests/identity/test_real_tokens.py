"""The validator and a real Keystone: which deaths of a token are announced, and which only time shows.

The tables here are what the validator's documented windows rest on; if a new Keystone announces
more or less, these tests say so. Polls are made by hand, so nothing waits for time but Keystone's
own whole seconds.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.identity.client import Client, Person
from tests.support.keystone import RunningKeystone, password_file

from gurum.identity.catalogue import ensure, standard
from gurum.identity.session import PasswordAuth
from gurum.identity.tokens import (
    AccessRule,
    IdentityUnavailable,
    Principal,
    TokenInvalid,
    TokenValidator,
    ValidatorSettings,
    access_allowed,
)

pytestmark = pytest.mark.real

# The background poll never comes: tests poll.
QUIET = ValidatorSettings(poll_seconds=3000, blind_seconds=4000, cache_seconds=3000)


class Shifted:
    """The machine's monotonic clock, which a test may set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture(scope="session")
def service(keystone: RunningKeystone, tmp_path_factory: pytest.TempPathFactory) -> PasswordAuth:
    secret: Path = password_file(tmp_path_factory.mktemp("service"), "gurum")
    name = f"gurum-{uuid.uuid4().hex[:6]}"
    description = standard(
        auth_url=keystone.auth_url, regions=(), endpoints=(), service_password_file=secret, service_user=name
    )
    asyncio.run(ensure(keystone.admin, description))
    return PasswordAuth(auth_url=keystone.auth_url, username=name, password_file=secret, project_name="service")


@pytest.fixture
def clock() -> Shifted:
    return Shifted()


@pytest.fixture
async def validator(service: PasswordAuth, clock: Shifted) -> AsyncIterator[TokenValidator]:
    async with TokenValidator(service, QUIET, monotonic=clock) as entered:
        yield entered


Death = Callable[[Client, Person, str], Awaitable[object]]


async def next_second() -> None:
    """Let Keystone's whole second pass, so that an event is later than the token."""
    await asyncio.sleep(1.05 - time.time() % 1)


async def group_removal(admin: Client, person: Person, _: str) -> None:
    group = await admin.made("/groups", "group", name=f"g-{uuid.uuid4().hex[:6]}")
    await admin.call("PUT", f"/groups/{group}/users/{person.user_id}")
    await admin.call("DELETE", f"/groups/{group}/users/{person.user_id}")


async def own_password(admin: Client, person: Person, token: str) -> None:
    status, _, _ = await admin.call(
        "POST",
        f"/users/{person.user_id}/password",
        {"user": {"original_password": person.password, "password": "another"}},
        token=token,
    )
    assert status == 204


ANNOUNCED: dict[str, Death] = {
    "token deleted": lambda admin, person, token: admin.call("DELETE", "/auth/tokens", X_Subject_Token=token),
    "own password changed": own_password,
    "password set by an administrator": lambda admin, person, token: admin.change(
        f"/users/{person.user_id}", "user", password="another"
    ),
    "user disabled": lambda admin, person, token: admin.change(f"/users/{person.user_id}", "user", enabled=False),
    "user deleted": lambda admin, person, token: admin.call("DELETE", f"/users/{person.user_id}"),
    "all tokens of the user deleted": lambda admin, person, token: admin.call(
        "DELETE", f"/users/{person.user_id}/tokens"
    ),
    "user removed from a group": group_removal,
    "project deleted": lambda admin, person, token: admin.call("DELETE", f"/projects/{person.project_id}"),
}

SILENT: dict[str, Death] = {
    "only role taken away": lambda admin, person, token: admin.grant(
        person.user_id, person.project_id, "member", "DELETE"
    ),
    "project disabled": lambda admin, person, token: admin.change(
        f"/projects/{person.project_id}", "project", enabled=False
    ),
}


@pytest.mark.parametrize("death", ANNOUNCED)
async def test_announced(admin: Client, validator: TokenValidator, death: str) -> None:
    person, other = await admin.person(), await admin.person()
    token, spared = await admin.login(person), await admin.login(other)
    await validator.validate(token)
    await validator.validate(spared)
    await next_second()
    await ANNOUNCED[death](admin, person, token)
    assert validator.cached(token) is not None
    await validator.poll()
    assert validator.cached(token) is None
    assert validator.cached(spared) is not None
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


@pytest.mark.parametrize("death", SILENT)
async def test_silent(admin: Client, validator: TokenValidator, clock: Shifted, death: str) -> None:
    person = await admin.person()
    token = await admin.login(person)
    await validator.validate(token)
    await SILENT[death](admin, person, token)
    await validator.poll()
    assert validator.cached(token) is not None  # nothing was announced
    clock.ahead += QUIET.cache_seconds
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


async def test_a_smaller_role_is_seen_when_the_entry_is_old(
    admin: Client, validator: TokenValidator, clock: Shifted
) -> None:
    person = await admin.person("admin")
    token = await admin.login(person)
    assert "admin" in (await validator.validate(token)).roles
    await admin.grant(person.user_id, person.project_id, "reader")
    await admin.grant(person.user_id, person.project_id, "admin", "DELETE")
    await validator.poll()
    assert "admin" in (await validator.validate(token)).roles
    clock.ahead += QUIET.cache_seconds
    assert (await validator.validate(token)).roles == ("reader",)


async def test_a_chain_dies_with_its_first_token(admin: Client, validator: TokenValidator) -> None:
    person = await admin.person()
    first = await admin.login(person, unscoped={})
    second = await admin.token(
        identity={"methods": ["token"], "token": {"id": first}}, scope={"project": {"id": person.project_id}}
    )
    one, two = await validator.validate(first), await validator.validate(second)
    assert (one.project_id, two.project_id) == (None, person.project_id)
    assert two.audit_ids[-1] == one.audit_ids[0]
    await next_second()
    await admin.call("DELETE", "/auth/tokens", X_Subject_Token=first)
    await validator.poll()
    for token in (first, second):
        with pytest.raises(TokenInvalid):
            await validator.validate(token)


async def test_the_background_poll_ends_a_token_in_time(
    admin: Client, service: PasswordAuth, keystone: RunningKeystone
) -> None:
    settings = ValidatorSettings(poll_seconds=0.05, blind_seconds=10)
    async with TokenValidator(service, settings) as validator:
        token = await admin.login(await admin.person())
        await validator.validate(token)
        await next_second()
        await admin.call("DELETE", "/auth/tokens", X_Subject_Token=token)
        async with asyncio.timeout(20):
            while validator.cached(token) is not None:  # noqa: ASYNC110 - the poller signals nobody
                await asyncio.sleep(0.01)


async def test_scopes(admin: Client, validator: TokenValidator) -> None:
    person = await admin.person()
    await admin.call("PUT", f"/system/users/{person.user_id}/roles/{admin.roles['reader']}")
    await admin.call("PUT", f"/domains/default/users/{person.user_id}/roles/{admin.roles['manager']}")

    async def principal(**scope: object) -> Principal:
        return await validator.validate(await admin.login(person, **scope))

    project = await principal()
    assert (project.project_id, project.domain_id, project.system) == (person.project_id, None, False)
    assert (project.user_id, project.user_name, project.user_domain_id) == (person.user_id, person.name, "default")
    assert sorted(project.roles) == ["member", "reader"]
    assert set(project.role_ids) == {admin.roles["member"], admin.roles["reader"]}
    system = await principal(system={"all": True})
    assert (system.project_id, system.domain_id, system.system, system.roles) == (None, None, True, ("reader",))
    domain = await principal(domain={"id": "default"})
    assert (domain.project_id, domain.domain_id, domain.system) == (None, "default", False)
    assert sorted(domain.roles) == ["manager", "member", "reader"]


async def test_a_trust(admin: Client, validator: TokenValidator) -> None:
    giver, taker = await admin.person(), await admin.person()
    status, document, _ = await admin.call(
        "POST",
        "/OS-TRUST/trusts",
        {
            "trust": {
                "trustor_user_id": giver.user_id,
                "trustee_user_id": taker.user_id,
                "project_id": giver.project_id,
                "impersonation": False,
                "roles": [{"name": "member"}],
            }
        },
        token=await admin.login(giver),
    )
    assert status == 201, document
    trust_id = document["trust"]["id"]
    user = {"id": taker.user_id, "password": taker.password}
    token = await admin.token(
        identity={"methods": ["password"], "password": {"user": user}}, scope={"OS-TRUST:trust": {"id": trust_id}}
    )
    principal = await validator.validate(token)
    assert (principal.user_id, principal.project_id) == (taker.user_id, giver.project_id)
    assert principal.trust is not None
    assert (principal.trust.id, principal.trust.trustor_user_id) == (trust_id, giver.user_id)
    await next_second()
    await admin.call("DELETE", f"/OS-TRUST/trusts/{trust_id}", token=await admin.login(giver))
    await validator.poll()
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


async def application_credential(admin: Client, person: Person, **values: object) -> tuple[str, str]:
    """Make one; gives its id and a token got with it."""
    status, document, _ = await admin.call(
        "POST",
        f"/users/{person.user_id}/application_credentials",
        {"application_credential": {"name": uuid.uuid4().hex} | values},
        token=await admin.login(person),
    )
    assert status == 201, document
    made = document["application_credential"]
    named = {"id": made["id"], "secret": made["secret"]}
    return made["id"], await admin.token(
        identity={"methods": ["application_credential"], "application_credential": named}
    )


async def test_application_credentials(admin: Client, validator: TokenValidator, clock: Shifted) -> None:
    person = await admin.person()
    made, token = await application_credential(admin, person, roles=[{"name": "reader"}])
    principal = await validator.validate(token)
    assert principal.application_credential is not None
    assert (principal.application_credential.id, principal.application_credential.restricted) == (made, True)
    assert principal.application_credential.access_rules is None
    assert (principal.project_id, principal.roles) == (person.project_id, ("reader",))
    assert principal.methods == ("application_credential",)
    assert access_allowed(principal, "compute", "DELETE", "/v2.1/servers/1")

    _, free = await application_credential(admin, person, unrestricted=True)
    unrestricted = (await validator.validate(free)).application_credential
    assert unrestricted is not None
    assert not unrestricted.restricted

    # Deletion is not announced: only time shows it.
    await admin.call(
        "DELETE", f"/users/{person.user_id}/application_credentials/{made}", token=await admin.login(person)
    )
    await validator.poll()
    assert validator.cached(token) is not None
    clock.ahead += QUIET.cache_seconds
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


async def test_access_rules_come_with_the_token(admin: Client, validator: TokenValidator) -> None:
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers/{server_id}"}
    _, token = await application_credential(admin, await admin.person(), access_rules=[rule])
    principal = await validator.validate(token)
    assert principal.application_credential is not None
    assert principal.application_credential.access_rules == (AccessRule("compute", "GET", "/v2.1/servers/{server_id}"),)
    assert access_allowed(principal, "compute", "GET", "/v2.1/servers/1")
    assert not access_allowed(principal, "compute", "GET", "/v2.1/servers")
    assert not access_allowed(principal, "network", "GET", "/v2.0/networks")


async def test_a_service_user_without_the_role_is_told(
    keystone: RunningKeystone, admin: Client, tmp_path: Path
) -> None:
    person = await admin.person()
    secret = tmp_path / "secret"
    secret.write_text(person.password)
    secret.chmod(0o600)
    auth = PasswordAuth(
        auth_url=keystone.auth_url, username=person.name, password_file=secret, project_name=person.name
    )
    with pytest.raises(IdentityUnavailable, match="role `service`"):
        async with TokenValidator(auth):
            raise AssertionError("entered without the role")
