"""`gurum store copy` as it is typed: what it says, what it refuses, and that no password is in sight."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest
from tests.support.store import make_network, make_server, metadata

from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.cli.store.progress import Shown
from gurum.model.engine import Transfer, TransferSpec
from gurum.ops.config import StoreConfig
from gurum.store.contract import Record
from gurum.store.factory import open_store
from gurum.store.moving.transfer import KEY


def _run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(words, Surroundings({}, out, err)), out.getvalue(), err.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> str:
    """The URL of a store with three servers, two networks and a history of one line."""
    url = f"sqlite:///{tmp_path}/source.sqlite"

    async def fill() -> None:
        store, journal = await open_store(StoreConfig(url=url))
        await store.create_many([*(make_server(str(n)) for n in range(3)), *(make_network(str(n)) for n in range(2))])
        await journal.append(
            Record(at=1.0, type="event", kind="Server", object_id="s", region="r", project="p", data=b"{}"), unique="u"
        )
        await journal.close()
        await store.close()

    asyncio.run(fill())
    return url


def test_it_says_what_it_did(source: str, tmp_path: Path) -> None:
    status, out, err = _run("store", "copy", "--from", source, "--to", f"sqlite:///{tmp_path}/one.sqlite")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["Kind", "Objects", "Different", "SHA-256"]
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["Network", "2", "0"],
        ["Server", "3", "0"],
        ["journal", "1", "0"],
    ]
    assert lines[5].startswith(f"5 objects in sqlite:///{tmp_path}/one.sqlite: 5 written now")
    assert "Server: 3 of 3 copied" in err
    assert "Server: 3 of 3 verified" in err
    assert err.endswith("Equal. Start on the new store, and never again an engine on the old one.\n")
    status, out, err = _run("store", "copy", "--from", source, "--to", f"sqlite:///{tmp_path}/two.sqlite", "-f", "json")
    report = json.loads(out)
    assert (status, report["held"], report["objects"], report["written"]) == (0, True, 5, 5)
    assert report["kinds"]["Server"]["sha256"][:16] == lines[2].split()[3]
    told = [json.loads(line) for line in err.splitlines()[:-1]]
    assert {"verifying": False, "kind": "Server", "done": 3, "of": 3}.items() <= told[1].items()


async def _one_more(url: str) -> None:
    store, journal = await open_store(StoreConfig(url=url))
    await store.create(make_network("one more"))
    await journal.close()
    await store.close()


def test_what_is_refused_is_said_in_one_sentence(source: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/one.sqlite"
    assert _run("store", "copy", "--from", source, "--to", target)[0] == 0
    status, out, err = _run("store", "copy", "--from", source, "--to", target)
    assert (status, "0 written now" in out, err.splitlines()[-1][:6]) == (0, True, "Equal.")
    asyncio.run(_one_more(source))
    for words, sentence in (
        (("--from", source, "--to", target), "not empty"),
        (("--from", source, "--to", source), "to itself"),
        (("--from", f"sqlite:///{tmp_path}/none.sqlite", "--to", target), "there is no store"),
        (("--from", source, "--to", "kubernetes:///nowhere"), "nowhere cannot be read"),
        (("--from", source, "--to", "memory:"), "cannot be copied"),
        (("--from", "postgresql://u:open-sesame@db/x", "--to", target), "--from-password-file"),
        (("--from", source, "--to", "postgresql://u@db/x?password=open-sesame"), "--to-password-file"),
        (("--from", source, "--to", "kubernetes:", "--to-journal", "postgresql://u:open-sesame@db/x"), "~/.pgpass"),
    ):
        status, out, err = _run("store", "copy", *words)
        assert (status, out) == (1, "")
        assert sentence in err
        assert len(err.splitlines()) == 1
        assert "sesame" not in err


def test_what_is_whole_is_not_discarded(source: str) -> None:
    status, out, err = _run("store", "discard", "--to", source)
    assert (status, out) == (1, "")
    assert "nothing is removed" in err
    assert (
        json.loads(_run("store", "info", "--config", str(_configured(source)), "-f", "json")[1])["objects"]["Server"]
        == 3
    )


def test_what_broke_off_is_discarded(source: str, tmp_path: Path) -> None:
    async def mark() -> None:
        store, journal = await open_store(StoreConfig(url=source))
        await store.create(Transfer(metadata=metadata(KEY), spec=TransferSpec(source="another", history=False)))
        await journal.close()
        await store.close()

    asyncio.run(mark())
    assert "gurum store discard" in _run("store", "info", "--config", str(_configured(source)))[2]
    assert json.loads(_run("store", "discard", "--to", source, "-f", "json")[1])["objects removed"] == 5
    assert _run("store", "info", "--config", str(_configured(source)))[0] == 0
    status, _, err = _run("store", "copy", "--from", source, "--to", f"sqlite:///{tmp_path}/x.sqlite", "-f", "json")
    assert status == 0
    assert "journal" in err  # the history was not the copy's


def _configured(url: str) -> Path:
    file = Path(url.removeprefix("sqlite:///")).with_name("config.yaml")
    file.write_text(f"store: {{url: '{url}'}}\n")
    return file


def test_the_configuration_knows_its_own_store(source: str, tmp_path: Path) -> None:
    (tmp_path / "gurum.yaml").write_text(f"store: {{url: '{source}', password_file: {tmp_path}/nothing}}\n")
    target = f"sqlite:///{tmp_path}/one.sqlite"
    status, _, err = _run("store", "copy", "--from", source, "--to", target, "--state", str(tmp_path))
    assert (status, err.splitlines()[-1][:6]) == (0, "Equal.")


def test_progress_is_told_once_a_second_with_what_is_left() -> None:
    now, out = [0.0], io.StringIO()
    shown = Shown("table", out, lambda: now[0])
    shown.plan({"Server": 1000, "Port": 1000}, verifying=False)
    shown.begin("Server")
    for _ in range(10):
        now[0] += 0.5
        shown.step(100)
    shown.begin("Port")
    assert out.getvalue().splitlines() == [
        "Server: 200 of 1,000 copied, 200/s in all, about 9 s left",
        "Server: 400 of 1,000 copied, 200/s in all, about 8 s left",
        "Server: 600 of 1,000 copied, 200/s in all, about 7 s left",
        "Server: 800 of 1,000 copied, 200/s in all, about 6 s left",
        "Server: 1,000 of 1,000 copied, 200/s in all, about 5 s left",
    ]
