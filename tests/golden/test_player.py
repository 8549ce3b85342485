"""The player: what it asks, in whose name, and what it makes of the answers. Against a small fake cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.golden.fake_cloud import PASSWORD, REGION, Asked, FakeCloud, Reply, serving
from tests.golden.player import clouds, live, mutate, recordings
from tests.golden.player.allow import AllowList
from tests.golden.player.corpus import Case
from tests.golden.player.keystone import Keystone, KeystoneError, root_of
from tests.golden.player.model import Json, Recording
from tests.golden.player.paths import dig, substitute
from tests.golden.player.play import Time, response_of
from tests.golden.player.run import Played, Run
from tests.golden.player.transport import HttpTransport, Received, encoded, http
from tests.golden.samples import NET, case

KNOWN = {
    "/v2/images?name=golden-image": {"images": [{"id": "image-1", "name": "golden-image"}]},
    "/v2.1/flavors": {"flavors": [{"id": f"flavor-{n}", "name": f"golden.{n}"} for n in ("small", "medium", "zero")]},
    "/v2.0/networks": {"networks": [{"id": "net-public", "name": "public"}]},
    "/v2.0/subnets": {"subnets": [{"id": "subnet-public", "name": "public4"}]},
}


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with http() as transport:
        yield transport


class VirtualTime:
    """Seconds pass only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def time(self) -> Time:
        return Time(now=lambda: self.now, sleep=self.sleep, longest_wait=20)


def run_on(fake: FakeCloud, transport: HttpTransport, told: list[str] | None = None, *, clean: bool = False) -> Run:
    keystone = Keystone(transport, fake.cloud(), REGION)
    tell = (told if told is not None else []).append
    return Run(transport, keystone, VirtualTime().time(), tell, jobs=2, clean=clean)


async def play(
    transport: HttpTransport, scenario: Case, answer: Callable[[Asked], Reply]
) -> tuple[Recording, list[Asked]]:
    """Play one scenario; what was recorded and what was asked beyond the variables."""
    async with serving(_known_or(answer)) as fake:
        played = await run_on(fake, transport).play([scenario])
        asked = [a for a in fake.asked if not (a.who == "admin" and a.path in KNOWN)]
    return played.recordings[scenario.name], asked


def _known_or(answer: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    def reply(asked: Asked) -> Reply:
        if asked.who == "admin" and asked.path in KNOWN:
            return Reply(body=KNOWN[asked.path])
        return answer(asked)

    return reply


def scenario(steps: str) -> Case:
    return case(f"service: network\nsteps:\n{steps}", [], "network/play")


async def test_requests_are_sent_as_written(transport: HttpTransport) -> None:
    sample = scenario(
        """
- {name: get, path: '/v2.0//networks/?name=[x]&n=%EA%B5%AC&h=구'}
- {name: json, method: POST, path: /v2.0/a, body: {n: '${flavor}', p: 'is ${member.project_id}'}}
- {name: raw, method: POST, path: /v2.0/a, raw: '{"a": ', headers: {Content-Type: text/plain}}
- {name: untyped, method: PUT, path: /v2.0/a, raw: ''}
- {name: bare, method: POST, path: /v2.0/a}
- {name: headers, path: /v2.0/a, headers: {Accept: null, X-Number: 2, X-Auth-Token: ''}}
- {name: other service, service: compute, path: /v2.1/servers, as: reader}
- {name: nobody, as: none, path: /v2.0/a}
- {name: admin, as: admin, path: /v2.0/a}
- {name: sized, method: PUT, path: /v2.0/a, size: 9}
"""
    )
    _, asked = await play(transport, sample, lambda _: Reply(status=204))
    get, posted, raw, untyped, bare, headers, other, nobody, admin, sized = asked
    assert get.path == "/v2.0//networks/?name=%5Bx%5D&n=%EA%B5%AC&h=%EA%B5%AC"
    assert get.headers["accept"] == "application/json"
    assert "content-type" not in get.headers
    assert posted.body == b'{"n": "flavor-small", "p": "is p-000000000000000000000000000000"}'
    assert posted.headers["content-type"] == "application/json"
    assert (raw.body, raw.headers["content-type"]) == (b'{"a": ', "text/plain")
    assert "content-type" not in untyped.headers
    assert bare.headers["content-length"] == "0"
    assert "accept" not in headers.headers
    assert headers.headers["x-number"] == "2"
    assert headers.headers["x-auth-token"] == ""
    assert (other.service, other.who) == ("compute", "reader")
    assert nobody.who == "nobody"
    assert admin.who == "admin"
    assert sized.body == b"golden.go"


async def test_values_are_saved_for_later_steps(transport: HttpTransport) -> None:
    sample = scenario(
        """
- name: create
  method: POST
  path: /v2.0/networks
  save: {net: '$.networks[0].id', where: 'header:Location', tail: 'header:Location#id', none: $.x.y}
- {name: show, path: '/v2.0/networks/${net}/${tail}/${none}'}
"""
    )

    def answer(asked: Asked) -> Reply:
        headers = {"Location": "http://x.example/v2/seven/"}
        return Reply(status=201, body={"networks": [{"id": NET}]}, headers=headers)

    recording, asked = await play(transport, sample, answer)
    assert asked[1].path == f"/v2.0/networks/{NET}/seven/UNSET-none"
    assert recording.saved == {"net": NET, "where": "http://x.example/v2/seven/", "tail": "seven"}
    assert recording.vars["member.project_id"] == "p-000000000000000000000000000000"
    assert recording.vars["flavor0"] == "flavor-zero"
    assert not any(name == "net" for name in recording.vars)


async def test_waits_poll_until_the_values_are_there(transport: HttpTransport) -> None:
    sample = scenario(
        """
- name: create
  method: POST
  path: /v2.0/a
  headers: {X-Version: '3'}
  wait: {path: /v2.0/a/1, until: {$.s: [UP, OK], "$['t:x']": null}, timeout: 10, every: 1}
- name: gone
  method: DELETE
  path: /v2.0/a
  wait: {path: /v2.0/a/2, until: 404, timeout: 3, every: 1}
- name: never
  path: /v2.0/a
  wait: {path: /v2.0/a/3, until: 404, timeout: 3, every: 1}
- name: elsewhere
  path: /v2.0/a
  headers: {X-Version: '3'}
  wait: {path: /v2.1/a, until: 200, service: compute, as: admin}
- {name: too long, path: /v2.0/a, wait: {path: /v2.0/a/4, until: 404, timeout: 90, every: 1}}
- {name: no endpoint, path: /v2.0/a, wait: {path: /v3/a, until: 200, service: volume}}
"""
    )
    polls: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        if asked.path == "/v2.0/a":
            return Reply(body={})
        polls.append(asked)
        if asked.path == "/v2.0/a/1":
            return Reply(body={"s": "UP" if len(polls) > 2 else "DOWN", "t:x": None})
        return Reply(status=404 if asked.path == "/v2.0/a/2" else 200)

    recording, _ = await play(transport, sample, answer)
    assert [step.waited for step in recording.steps] == [True, True, False, True, False, False]
    assert [a.path for a in polls].count("/v2.0/a/1") == 3
    assert [a.path for a in polls].count("/v2.0/a/3") == 3
    assert [a.path for a in polls].count("/v2.0/a/4") == 20
    assert polls[0].headers["x-version"] == "3"
    # Another service does not know the headers of this one.
    (elsewhere,) = (a for a in polls if a.service == "compute")
    assert (elsewhere.who, "x-version" in elsewhere.headers) == ("admin", False)


async def test_a_variable_the_region_lacks_fails_the_steps_that_need_it(
    transport: HttpTransport,
) -> None:
    sample = scenario(
        """
- {name: needs, method: POST, path: /v2.0/a, body: {server: {flavorRef: '${flavor0}'}}}
- {name: does not, path: /v2.0/a}
- {name: no endpoint, service: volume, path: /v3/volumes}
"""
    )

    def answer(asked: Asked) -> Reply:
        return Reply(status=503) if asked.path == "/v2.1/flavors" else Reply(body={})

    told: list[str] = []
    async with serving(answer) as fake:
        played = await run_on(fake, transport, told).play([sample])
    needs, fine, endpoint = played.recordings["network/play"].steps
    assert needs.failed == "unresolved variable flavor0: compute /v2.1/flavors: 503"
    assert fine.response is not None
    assert endpoint.failed == "the region has no volume endpoint"
    assert set(played.unresolved) == {
        "image", "flavor", "flavor2", "flavor0", "ext_net", "ext_subnet",
        "role load-balancer_member", "role creator",
    }  # fmt: skip
    assert any("flavor0" in line for line in told)


async def test_every_scenario_has_projects_and_users_of_its_own(transport: HttpTransport) -> None:
    step = "\n- {name: member, path: /v2.0/a}\n- {name: other, as: other, path: /v2.0/a}\n"
    cases = [case(f"service: network\nsteps:{step}", [], f"network/{n}") for n in "ab"]
    async with serving(_known_or(lambda _: Reply(body={}))) as fake:
        played = await run_on(fake, transport).play(cases)
        assert (len(fake.projects), len(fake.users)) == (4, 1 + 2 * 3)
    ids = [
        recording.vars[f"{actor}.{key}"]
        for recording in played.recordings.values()
        for actor, key in (("member", "project_id"), ("other", "project_id"), ("reader", "user_id"))
    ]
    assert len(set(ids)) == 6


async def test_cleaning_removes_things_users_and_projects(transport: HttpTransport) -> None:
    networks = {"n-1": "p-000000000000000000000000000000", "n-public": "somebody"}

    def answer(asked: Asked) -> Reply:
        if asked.method == "DELETE":
            networks.pop(asked.path.rsplit("/", 1)[-1])
            return Reply(status=204)
        if asked.path == "/v2.0/networks":
            items = [{"id": i, "name": "n", "project_id": p} for i, p in networks.items()]
            return Reply(body={"networks": items})
        return Reply(status=404, body={})

    async with serving(answer) as fake:
        played = await run_on(fake, transport, clean=True).play([scenario("- {name: a, path: /}")])
        assert list(networks) == ["n-public"]
        assert (list(fake.users), fake.projects, played.left) == (["u-admin"], {}, {})


async def test_what_cannot_be_removed_is_reported_and_its_project_kept(
    transport: HttpTransport,
) -> None:
    project = "p-000000000000000000000000000000"

    def answer(asked: Asked) -> Reply:
        if asked.path == "/v2.1/servers" and asked.who == "member":
            return Reply(body={"servers": [{"id": "s-1", "tenant": project}]})
        return Reply(status=409, body={})

    async with serving(answer) as fake:
        played = await run_on(fake, transport, clean=True).play([scenario("- {name: a, path: /}")])
        assert played.left == {"network/play": ["servers s-1"]}
        assert project in fake.projects


async def test_roles_that_are_lacking_are_made_only_when_told(transport: HttpTransport) -> None:
    async with serving(lambda _: Reply()) as fake:
        assert await Keystone(transport, fake.cloud(), REGION).prepare() == [
            "load-balancer_member",
            "creator",
        ]
        keystone = Keystone(transport, fake.cloud(), REGION, make_roles=True)
        before = list(fake.roles)
        assert await keystone.prepare() == []
        assert {"load-balancer_member", "creator"} <= set(fake.roles)
        await keystone.restore()
        assert fake.roles == before


async def test_a_wrong_password_is_an_error_that_does_not_say_it(transport: HttpTransport) -> None:
    async with serving(lambda _: Reply()) as fake:
        fake.users["u-admin"]["password"] = "changed"
        with pytest.raises(KeystoneError) as error:
            await run_on(fake, transport).play([])
    assert PASSWORD not in str(error.value)
    assert PASSWORD not in repr(fake.cloud().admin)


async def test_recordings_hold_no_secret_of_the_administrator(transport: HttpTransport, tmp_path: Path) -> None:
    recording, _ = await play(transport, scenario("- {name: a, as: admin, path: /}"), lambda _: Reply(body={}))
    recordings.write(tmp_path, recording)
    path = tmp_path / "network" / "play.json"
    assert PASSWORD not in path.read_text(encoding="utf-8")
    assert "token-of-u-admin" not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert recordings.read(tmp_path, "network/play") == recording
    assert recordings.read(tmp_path, "network/none") is None


async def test_a_mutation_on_the_way_is_noticed(transport: HttpTransport) -> None:
    text = "service: network\nsteps:\n- {name: show, path: /v2.0/a}\n"
    sample = case(text, [{"name": "show", "body": {"a": 1}}], "network/play")
    async with serving(_known_or(lambda _: Reply(body={"a": 1}))) as fake:
        run = run_on(fake, transport)
        played: Played = await run.play([sample])
        for recording in played.recordings.values():
            for step in recording.steps:
                assert step.response is not None
                step.response.headers.clear()
        base = mutate.Baseline([sample], played.recordings, AllowList([]))
        survey = await live.survey(run, [sample], base, seed=1)
    assert len(survey.made) == 1
    assert survey.survivors == []


@pytest.mark.parametrize(
    ("content", "kind", "body"),
    [
        (b'{"a": 1}', "json", {"a": 1}),
        (b"", "text", ""),
        (b"<html>", "text", "<html>"),
        ("구름".encode(), "text", "구름"),
        (b"x" * 3001, "digest", None),
        (b"\xff\xfe\x00", "digest", None),
    ],
)
def test_bodies_are_recorded_as_json_text_or_digest(content: bytes, kind: str, body: object) -> None:
    response = response_of(Received(status=200, headers={}, content=content))
    assert response.kind == kind
    if body is None:
        assert response.body.endswith(f" bytes:{len(content)}")
    else:
        assert response.body == body


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b[0].c", 1),
        ("$['a'].b[-1]['d:e']", 2),
        ("$.a.b[7].c", None),
        ("$.a[0]", None),
        ("$.a.b.c", None),
        ("$.none.b", None),
    ],
)
def test_paths(path: str, expected: object) -> None:
    assert dig({"a": {"b": [{"c": 1, "d:e": 2}]}}, path) == expected


def test_variables_keep_their_type_when_alone() -> None:
    variables: dict[str, Json] = {"n": 5, "x.y": "z"}
    assert substitute({"${x.y}": ["${n}", "n=${n}", "${no}"]}, variables) == {"z": [5, "n=5", "UNSET-no"]}


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://h:1/compute/v2.1/abc", "http://h:1/compute"),
        ("http://h:1/v3/", "http://h:1"),
        ("http://h:1/network", "http://h:1/network"),
    ],
)
def test_roots_are_cut_from_catalogue_urls(url: str, root: str) -> None:
    assert root_of(url) == root


def test_urls_are_escaped_once() -> None:
    assert encoded("http://[::1]:1/a b?c=%20&d=#") == "http://[::1]:1/a%20b?c=%20&d=%23"
    assert encoded("http://h/?a=%zz%20") == "http://h/?a=%25zz%2520"


CLOUDS = """
clouds:
  one: {auth: {auth_url: http://h:5000, username: a, password: secret-1, project_name: p, user_domain_name: D}}
  two: {auth: {auth_url: http://h/identity/v3/, username: b, password: s, project_name: p}, verify: false}
"""


def test_clouds_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text(CLOUDS, encoding="utf-8")
    one = clouds.load(f"{path}#one", {})
    assert one.auth_url == "http://h:5000/v3"
    assert one.admin.user_domain == {"name": "D"}
    two = clouds.load(str(path), {"OS_CLOUD": "two"})
    assert (two.auth_url, two.verify) == ("http://h/identity/v3", False)
    assert two.admin.project_domain == {"id": "default"}
    for where in (str(path), f"{path}#three", str(tmp_path / "none")):
        with pytest.raises(clouds.CloudError):
            clouds.load(where, {})


def test_clouds_are_read_from_the_environment() -> None:
    environment = {
        "OS_AUTH_URL": "http://h/v3",
        "OS_USERNAME": "a",
        "OS_PASSWORD": "secret-1",
        "OS_PROJECT_NAME": "p",
        "OS_USER_DOMAIN_ID": "d",
        "OS_CACERT": "/ca.pem",
    }
    cloud = clouds.load("env", environment)
    assert cloud.admin.user_domain == {"id": "d"}
    assert cloud.verify == "/ca.pem"
    with pytest.raises(clouds.CloudError, match="password") as error:
        clouds.load("env", {**environment, "OS_PASSWORD": ""})
    assert "secret" not in str(error.value)
