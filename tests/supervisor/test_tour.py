"""The tour plays real commands in order, goes on where an earlier one ended, and fails when a command fails."""

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest

from gurum.ops.config import Config, ExternalNetworkConfig, RegionConfig
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Refusal
from gurum.supervisor.tour import client, play
from gurum.supervisor.tour.keys import public_key
from gurum.supervisor.tour.lanes import Lanes
from gurum.supervisor.tour.play import _all_active, _states

# Stands for both `openstack` and `gurum`: a region is a directory, a thing a file, a server's status its content.
FAKE = r"""#!/bin/sh
echo "${0##*/} $*" >>"$TMPDIR/typed"
case "$1 $2" in
"region list") echo "| kr-central-1 |"; exit ;;
"explain "*) echo "Server $3 explained"; exit ;;
esac
region=$TMPDIR/$2
[ -d "$region" ] || mkdir "$region"
for name; do :; done
kind=
for word in "$3" "$4" "$5"; do
    case $word in
    keypair | network | subnet | security | group | server | rule | router | floating) kind=$kind$word ;;
    esac
done
if [ -f "$TMPDIR/broken" ] && [ "$3 $4" = "subnet create" ]; then
    echo "Internal Server Error (HTTP 500)"
    exit 1
fi
case " $* " in
*" list "*)
    [ "$kind" != securitygrouprule ] || [ ! -f "$region/securitygroup:tour-web" ] || echo tcp
    for file in "$region/$kind:"*; do
        [ -f "$file" ] && [ "$kind" != securitygrouprule ] || continue
        read -r status <"$file"
        case "$kind $*" in
        "server "*value*) echo "${file##*:} $status" ;;
        "server "* | "floating "*long*) echo "| ${file##*:} | $status |" ;;
        *) echo "${file##*:}" ;;
        esac
    done ;;
*" floating ip create "*) echo ACTIVE >"$region/floating:203.0.113.9"; echo 203.0.113.9 ;;
*" show "*) cat "$region/server:$name" ;;
*" create "*) echo ACTIVE >"$region/$kind:$name" ;;
*" delete "*) rm "$region/$kind:$name" ;;
*" stop "*) echo SHUTOFF >"$region/server:$name" ;;
*" start "*) echo ACTIVE >"$region/server:$name" ;;
esac
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name in ("openstack", "gurum"):
        program = tmp_path / name
        program.write_text(FAKE)
        program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return Places(tmp_path / "var")


def _config(*names: str) -> Config:
    outside = [ExternalNetworkConfig(name="public", subnet_name="public4", cidr="203.0.113.0/24")]
    regions = [RegionConfig(name=n, provider="simulated", port=0, external_networks=outside) for n in names]
    return Config(regions=regions)


async def _play(places: Places, tmp_path: Path, *regions: str) -> str:
    out = io.StringIO()
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "OS_PASSWORD": "not handed on"}
    await play(_config(*regions), places, environ, out)
    return out.getvalue()


def _typed(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "typed").read_text().splitlines()
    (tmp_path / "typed").unlink()
    return lines


def _creates(lines: list[str]) -> list[str]:
    return [line.removeprefix("openstack --os-region-name ") for line in lines if " create " in line]


async def test_a_first_tour_makes_everything_in_every_region(places: Places, tmp_path: Path) -> None:
    text = await _play(places, tmp_path, "kr-central-1", "kakao-usa-east1")
    typed = _typed(tmp_path)
    assert typed[0] == "openstack region list"
    for region in ("kr-central-1", "kakao-usa-east1"):
        made = [line.split()[-1] for line in _creates(typed) if line.startswith(f"{region} ")]
        things = ["tour", "tour-net", "tour-subnet", "tour-web", "tour-web", "tour-web", "tour-router"]
        assert made == [*things, "tour-1", "tour-2", "public"]
        assert f"openstack --os-region-name {region} router add subnet tour-router tour-subnet" in typed
        assert f"openstack --os-region-name {region} server add floating ip tour-1 203.0.113.9" in typed
        assert not list((tmp_path / region).glob("floating:*"))  # given back: it would cost money
        assert sorted(file.name for file in (tmp_path / region).glob("server:*")) == ["server:tour-1"]
        assert f"gurum explain server tour-1 --state {places.state} --region {region}" in typed
    # What is shown is what was typed, a region after the other.
    assert next(line[2:] for line in text.splitlines() if line.startswith("$ ")) == "openstack region list"
    assert text.index("── kr-central-1") < text.index("Server tour-1 explained") < text.index("── kakao-usa-east1")
    assert "The tour took" in text
    assert str(places.clouds) in text


async def test_a_second_tour_goes_on_with_what_is_there(places: Places, tmp_path: Path) -> None:
    await _play(places, tmp_path, "kr-central-1")
    _typed(tmp_path)
    text = await _play(places, tmp_path, "kr-central-1")
    assert "An earlier tour was here" in text
    # The fake's list of rules has no "icmp": that one is made again, and the server that the first tour deleted.
    made = [line.split()[-1] for line in _creates(_typed(tmp_path))]
    assert made == ["tour-web", "tour-2", "public"]


@pytest.mark.parametrize(
    ("status", "typed"),
    [
        ("SHUTOFF", ["server start tour-1", "server stop tour-1", "server start tour-1"]),
        ("ACTIVE", ["server stop tour-1", "server start tour-1"]),
        ("ERROR", ["server delete tour-1", "server stop tour-1", "server start tour-1"]),
    ],
)
async def test_an_interrupted_tour_s_server_is_brought_to_active(
    places: Places, tmp_path: Path, status: str, typed: list[str]
) -> None:
    await _play(places, tmp_path, "r")
    _typed(tmp_path)
    (tmp_path / "r" / "server:tour-1").write_text(f"{status}\n")
    await _play(places, tmp_path, "r")
    lines = [line.removeprefix("openstack --os-region-name r ") for line in _typed(tmp_path)]
    verbs = ("server start", "server stop", "server delete")
    assert [line for line in lines if line.startswith(verbs) and line.endswith("tour-1")] == typed


async def test_a_command_that_fails_fails_the_tour_and_is_shown(places: Places, tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("")
    out = io.StringIO()
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    with pytest.raises(Refusal, match=r"the tour failed: `openstack --os-region-name b subnet create .*exit status 1"):
        await play(_config("b"), places, environ, out)
    assert "Internal Server Error (HTTP 500)" in out.getvalue()


async def test_a_status_that_never_comes_fails_the_tour(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.0)
    monkeypatch.setattr(client, "PAUSE", 0.0)
    await _play(places, tmp_path, "r")
    (tmp_path / "r" / "server:tour-1").write_text("BUILD\n")
    with pytest.raises(Refusal, match=r"waited 0 s in vain until both are ACTIVE"):
        await _play(places, tmp_path, "r")


async def test_without_the_client(tmp_path: Path, places: Places) -> None:
    (tmp_path / "openstack").unlink()
    with pytest.raises(Refusal, match="needs the command `openstack` beside"):
        await _play(places, tmp_path, "r")


def test_lanes_are_read_one_after_the_other() -> None:
    out = io.StringIO()
    lanes = Lanes(out, 3)
    lanes.write(1, "b1 ")
    lanes.write(0, "a1 ")
    lanes.write(2, "c1 ")
    lanes.done(2)
    lanes.write(0, "a2 ")
    assert out.getvalue() == "a1 a2 "
    lanes.done(0)
    lanes.write(1, "b2 ")
    assert out.getvalue() == "a1 a2 b1 b2 "
    lanes.done(1)
    assert out.getvalue() == "a1 a2 b1 b2 c1 "


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    public = public_key(tmp_path / "id_ed25519")
    line = public.read_text()
    assert line.startswith("ssh-ed25519 AAAA")
    assert public_key(tmp_path / "id_ed25519").read_text() == line
    assert (tmp_path / "id_ed25519").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "id_ed25519").read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")


def test_reading_the_client_s_output() -> None:
    assert _states("tour-1 ACTIVE\nother SHUTOFF\n") == {"tour-1": "ACTIVE", "other": "SHUTOFF"}
    row = "| {} | {} | net=10.0.0.1 |\n"
    head = "+---+\n" + row.format("Name", "Status")
    assert _all_active(head + row.format("tour-1", "ACTIVE") + row.format("tour-2", "ACTIVE"))
    assert not _all_active(head + row.format("tour-1", "ACTIVE") + row.format("tour-2", "BUILD"))
    assert not _all_active(head + row.format("tour-1", "ACTIVE"))


async def test_cancelling_leaves_no_client_behind(places: Places, tmp_path: Path) -> None:
    # It tells its process id through a pipe, and would then stay for ever.
    os.mkfifo(tmp_path / "pid")
    (tmp_path / "openstack").write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 600\n")
    playing = asyncio.create_task(_play(places, tmp_path, "r"))
    pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
