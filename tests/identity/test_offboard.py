"""An off-boarding on a real Keystone: everything that lets somebody in is ended, killed anywhere, and stays so."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import yaml
from tests.federation.flows import ALICE, BOB, Who, token
from tests.identity.client import Client, Person
from tests.support.federation import Site, running
from tests.support.keystone import RunningKeystone

from gurum.identity.catalogue import KeystoneRefused
from gurum.identity.offboard import Whom, offboard
from gurum.identity.session import Answer, IdentityUnavailable, KeystoneSession
from gurum.ops import secrets

pytestmark = pytest.mark.real


@pytest.fixture
async def session(keystone: RunningKeystone) -> AsyncIterator[KeystoneSession]:
    async with KeystoneSession(keystone.admin) as entered:
        yield entered


@dataclass
class Access:
    """Everything a user can get in by; each way gives the status of a try (2xx: it is good)."""

    person: Person
    ways: dict[str, Callable[[Client], Any]] = field(default_factory=dict)

    async def good(self, admin: Client) -> set[str]:
        return {name for name, way in self.ways.items() if (await way(admin)) < 300}


def _shown(token: str) -> Callable[[Client], Any]:
    async def way(admin: Client) -> int:
        status, _, _ = await admin.call("GET", "/auth/tokens", X_Subject_Token=token)
        return status

    return way


def _login(**auth: Any) -> Callable[[Client], Any]:
    async def way(admin: Client) -> int:
        return (await admin.call("POST", "/auth/tokens", {"auth": auth}))[0]

    return way


async def everything(admin: Client, other: Person) -> Access:
    """Make a user with each kind of access; `other` trusts and is trusted."""
    person = await admin.person()
    access = Access(person)
    project = {"project": {"id": person.project_id}}
    own = await admin.login(person)
    access.ways["token"] = _shown(own)
    rescoped = {"identity": {"methods": ["token"], "token": {"id": own}}, "scope": project}
    access.ways["rescoped token"] = _login(**rescoped)
    user = {"id": person.user_id, "password": person.password}
    access.ways["password"] = _login(identity={"methods": ["password"], "password": {"user": user}}, scope=project)
    path = f"/users/{person.user_id}"
    _, made, _ = await admin.call(
        "POST", f"{path}/application_credentials", {"application_credential": {"name": "robot"}}, token=own
    )
    credential = {"id": made["application_credential"]["id"], "secret": made["application_credential"]["secret"]}
    by_credential = {"identity": {"methods": ["application_credential"], "application_credential": credential}}
    access.ways["application credential"] = _login(**by_credential)
    access.ways["its token"] = _shown(await admin.token(**by_credential))
    for giver, taker in ((person, other), (other, person)):
        held = await admin.login(giver)
        trust = {
            "trustor_user_id": giver.user_id,
            "trustee_user_id": taker.user_id,
            "project_id": giver.project_id,
            "impersonation": True,
            "roles": [{"name": "member"}],
        }
        status, document, _ = await admin.call("POST", "/OS-TRUST/trusts", {"trust": trust}, token=held)
        assert status == 201, document
        taken = await admin.login(taker)
        by_trust = {
            "identity": {"methods": ["token"], "token": {"id": taken}},
            "scope": {"OS-TRUST:trust": {"id": document["trust"]["id"]}},
        }
        of = "given" if giver is person else "held"
        access.ways[f"trust {of}"] = _login(**by_trust)
        access.ways[f"token of the trust {of}"] = _shown(await admin.token(**by_trust))
    _, made, _ = await admin.call("POST", f"{path}/credentials/OS-EC2", {"tenant_id": person.project_id}, token=own)
    assert made["credential"]["access"]
    key = made["credential"]["access"]

    async def kept(admin: Client) -> int:
        return (await admin.call("GET", f"{path}/credentials/OS-EC2/{key}"))[0]

    access.ways["EC2 key"] = kept
    assert await access.good(admin) == set(access.ways)
    return access


async def test_everything_ends_and_nothing_revives(admin: Client, session: KeystoneSession) -> None:
    other = await admin.person()
    access = await everything(admin, other)
    whom = Whom(user=access.person.user_id)
    planned = await offboard(session, whom, dry_run=True)
    assert await access.good(admin) == set(access.ways), "a dry run ends nothing"
    done = await offboard(session, whom)
    assert {one.state for one in planned} == {"would end"}
    assert {one.state for one in done} == {"ended"}
    assert {(one.what, one.id) for one in planned} <= {(one.what, one.id) for one in done}
    what = [one.what for one in done]
    assert what[:2] == ["user", "password"]
    assert sorted(what[2:-2]) == ["application credential", "credential", "trust given", "trust held"]
    assert await access.good(admin) == set()
    await admin.change(f"/users/{access.person.user_id}", "user", enabled=True)
    assert await access.good(admin) == set(), "enabling brings nothing back"
    assert (
        await _login(
            identity={"methods": ["password"], "password": {"user": {"id": other.user_id, "password": other.password}}}
        )(admin)
        < 300
    ), "others are not touched"


class Killed(BaseException):
    """The process ends here."""


class Mortal:
    """An administrator whose process is killed at a request that changes something: before it, or after it."""

    def __init__(self, session: KeystoneSession, at: int, *, after: bool) -> None:
        self.session, self.at, self.after, self.changes = session, at, after, 0

    async def request(
        self, method: str, path: str, *, json: object = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        self.changes += method != "GET"
        dies = method != "GET" and self.changes == self.at
        if dies and not self.after:
            raise Killed
        answer = await self.session.request(method, path, json=json, params=params)
        if dies:
            raise Killed
        return answer

    async def password_is(self, user_id: str, password: str) -> bool:
        return await self.session.password_is(user_id, password)


async def test_killed_at_any_change_and_run_again_it_is_as_if_never_killed(
    admin: Client, session: KeystoneSession
) -> None:
    other, kills = await admin.person(), 0
    for at in range(1, 20):
        access = await everything(admin, other)
        whom = Whom(user=access.person.user_id)
        try:
            await offboard(Mortal(session, at, after=at % 2 == 0), whom)
        except Killed:
            kills += 1
        else:
            break
        assert {one.state for one in await offboard(session, whom)} == {"ended"}
        assert await access.good(admin) == set()
        await admin.change(f"/users/{access.person.user_id}", "user", enabled=True)
        assert await access.good(admin) == set(), f"killed at change {at}, then enabled"
    assert kills >= 8


class Refusing(Mortal):
    """An administrator who may not delete application credentials, in a Keystone that fails at credentials."""

    async def request(
        self, method: str, path: str, *, json: object = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        if method == "DELETE" and "application_credentials" in path:
            return Answer(403, b'{"error": {"message": "not you"}}', {})
        if method == "DELETE" and path.startswith("/credentials/"):
            raise IdentityUnavailable("Keystone answers 500")
        return await super().request(method, path, json=json, params=params)


async def test_what_cannot_be_ended_is_said_and_the_rest_is_ended(admin: Client, session: KeystoneSession) -> None:
    access = await everything(admin, await admin.person())
    done = await offboard(Refusing(session, 0, after=False), Whom(user=access.person.user_id))
    told = {one.what: one for one in done if one.state == "left"}
    assert set(told) == {"application credential", "credential", "all of it"}
    assert "not you" in told["application credential"].detail
    assert told["all of it"].detail == "still there: application credential, credential"
    assert await access.good(admin) == {"EC2 key"}, "which lets nobody in while the user is disabled"


async def test_nobody_and_who_is_spared_are_refused(admin: Client, session: KeystoneSession) -> None:
    person = await admin.person()
    with pytest.raises(KeystoneRefused, match="no user that is somebody"):
        await offboard(session, Whom(user="somebody"))
    with pytest.raises(KeystoneRefused, match="there is no domain"):
        await offboard(session, Whom(user=person.name, domain="nowhere"))
    with pytest.raises(KeystoneRefused, match="has the remote id"):
        await offboard(session, Whom(issuer="https://nowhere.example", subject="x"))
    with pytest.raises(KeystoneRefused, match="is needed, and stays"):
        await offboard(session, Whom(user=person.name), spared={person.user_id: "needed"})
    assert (await admin.call("GET", f"/users/{person.user_id}"))[1]["user"]["enabled"]
    assert {one.user for one in await offboard(session, Whom(user=person.name, domain="Default"))} == {person.user_id}


async def test_two_of_one_name_are_nobody(admin: Client, session: KeystoneSession) -> None:
    person = await admin.person()
    domain = await admin.made("/domains", "domain", name=f"d-{person.name}")
    await admin.made("/users", "user", name=person.name, domain_id=domain)
    with pytest.raises(KeystoneRefused, match="2 users are named"):
        await offboard(session, Whom(user=person.name))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("offboard")) as running_site:
        yield running_site


async def _federated(http: aiohttp.ClientSession, site: Site, bearer: str, who: Who) -> tuple[int, str, str]:
    """Log in by a provider's token; give status, Keystone's token, and the user's id."""
    path = f"/OS-FEDERATION/identity_providers/{who.provider}/protocols/openid/auth"
    async with http.get(site.auth_url + path, headers={"Authorization": f"Bearer {bearer}"}) as answer:
        document = json.loads(await answer.text())
        user = document["token"]["user"]["id"] if answer.status == 201 else ""
        return answer.status, answer.headers.get("X-Subject-Token", ""), user


async def _alive(http: aiohttp.ClientSession, site: Site, shown: str) -> int:
    async with http.get(f"{site.auth_url}/auth/projects", headers={"X-Auth-Token": shown}) as answer:
        return answer.status


async def test_who_comes_from_a_provider_is_found_by_issuer_and_subject(site: Site) -> None:
    bearer, others = token(site, ALICE), token(site, BOB)
    subject = json.loads(_claims(bearer))["sub"]
    whom = Whom(issuer=site.issuer("private"), subject=subject)
    async with aiohttp.ClientSession() as http, KeystoneSession(site.admin) as session:
        status, held, user = await _federated(http, site, bearer, ALICE)
        assert (status, await _alive(http, site, held)) == (201, 200)
        _, of_bob, _ = await _federated(http, site, others, BOB)
        done = await offboard(session, whom)
        assert {one.user for one in done} == {user}
        assert "password" not in {one.what for one in done}, "a federated user must not get a password"
        assert await _alive(http, site, held) in (401, 404)
        status, late, _ = await _federated(http, site, bearer, ALICE)
        assert (status, late) == (401, ""), "the provider's token is good still, and gives none"
        answer = await session.request("PATCH", f"/users/{user}", json={"user": {"enabled": True}})
        assert answer.status == 200
        assert await _alive(http, site, held) in (401, 404), "nothing revives"
        assert await _alive(http, site, of_bob) == 200
        assert [one.state for one in await offboard(session, whom)] == ["ended"] * len(done)


async def test_who_is_disabled_at_the_provider_logs_in_no_more_by_a_token_of_before(site: Site) -> None:
    bearer = token(site, BOB)
    path = site.places.state / "providers" / "private" / "people.yaml"
    document = yaml.safe_load(path.read_text())
    bob = next(person for person in document["people"] if person["username"] == "bob")
    async with aiohttp.ClientSession() as http:
        assert (await _federated(http, site, bearer, BOB))[0] == 201
        secrets.write(path, yaml.safe_dump(document | {"people": [bob | {"enabled": False}]}))
        assert (await _federated(http, site, bearer, BOB))[0] == 401
        await asyncio.sleep(1.1)  # the provider looks by itself, too; and a new login is of another second
        secrets.write(path, yaml.safe_dump(document))
        assert (await _federated(http, site, bearer, BOB))[0] == 401, "and never again"
        assert (await _federated(http, site, token(site, BOB), BOB))[0] == 201


def _claims(bearer: str) -> str:
    part = bearer.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
