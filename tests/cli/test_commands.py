"""Commands answer in both forms, and refuse in one sentence without a traceback."""

import asyncio
import io
import json
from pathlib import Path

import pytest
import yaml

from gurum.cli.command import Surroundings
from gurum.cli.main import COMMANDS, main, parser
from gurum.model.base import Metadata
from gurum.model.network import Network, NetworkSpec
from gurum.ops.config import StoreConfig, load, whole
from gurum.store.factory import open_store
from gurum.supervisor.lock import locked


def _run(*words: str, **environ: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(words, Surroundings(environ, out, err))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a configuration and a store that has one network."""
    (tmp_path / "gurum.yaml").write_text("store: {url: 'sqlite:///${state}/s.sqlite'}\npia: {page_limit: 7}\n")

    async def fill() -> None:
        store, journal = await open_store(StoreConfig(url=f"sqlite:///{tmp_path}/s.sqlite"))
        await store.create(Network(metadata=Metadata(id="n", key="n"), spec=NetworkSpec(name="net")))
        await journal.close()
        await store.close()

    asyncio.run(fill())
    return tmp_path


def test_config_show_is_what_is_in_force(state: Path) -> None:
    status, out, err = _run("config", "show", "--state", str(state), GURUM_PIA__BODY_LIMIT="9")
    shown = yaml.safe_load(out)
    assert (status, err) == (0, "")
    assert (shown["pia"]["page_limit"], shown["pia"]["body_limit"]) == (7, 9)
    assert shown["store"]["url"] == f"sqlite:///{state}/s.sqlite"
    as_json = json.loads(_run("config", "show", "--state", str(state), "-f", "json", GURUM_PIA__BODY_LIMIT="9")[1])
    assert as_json == shown


def test_config_show_has_no_password(state: Path) -> None:
    url = "postgresql://u:open-sesame@db/gurum"
    for form in ("table", "json"):
        _, out, _ = _run("config", "show", "--state", str(state), "-f", form, GURUM_STORE__URL=url)
        assert "postgresql://u:***@db/gurum" in out
        assert "sesame" not in out
    # What the children read has it, in a file of their own.
    assert "open-sesame" in whole(load(None, {"GURUM_STORE__URL": url}))


def test_a_password_on_the_command_line_is_refused(state: Path) -> None:
    for words in (("config", "show"), ("store", "info"), ("up",)):
        status, out, err = _run(*words, "--state", str(state), "--store", "postgresql://u:open-sesame@db/gurum")
        assert (status, out) == (1, "")
        assert "a password on a command line can be read by every user" in err
        assert "sesame" not in err


def test_the_store_may_be_named_beside_the_configuration(state: Path) -> None:
    _, out, _ = _run("config", "show", "--state", str(state), "--store", "sqlite:////elsewhere")
    assert yaml.safe_load(out)["store"]["url"] == "sqlite:////elsewhere"


def test_store_info_counts(state: Path) -> None:
    status, out, _ = _run("store", "info", "--state", str(state))
    assert status == 0
    assert [line.split() for line in out.splitlines()][1:] == [["Network", "objects", "1"], ["objects", "1"]]
    counts = json.loads(_run("store", "info", "--state", str(state), "-f", "json")[1])["objects"]
    assert counts["Network"] == 1
    assert counts["Server"] == 0


def test_explain(state: Path) -> None:
    status, out, _ = _run("explain", "network", "net", "--state", str(state))
    assert status == 0
    assert out.startswith("Network net  n\n")
    assert json.loads(_run("explain", "network", "n", "--state", str(state), "-f", "json")[1])["name"] == "net"


def test_version() -> None:
    assert json.loads(_run("version", "-f", "json")[1])["gurum"]
    assert _run("version")[1].startswith("gurum ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("config", "show", "--config", "/absent.yaml"), "cannot read the configuration /absent.yaml: [Errno 2]"),
        (("store", "info", "--state", "/absent"), "there is no /absent/gurum.yaml: start with `gurum up`"),
        (("up", "--state", "/proc/absent"), "cannot write to the state directory /proc/absent: No such file"),
        (("up", "--config", "/absent.yaml"), "cannot read the configuration /absent.yaml"),
        (("explain", "network", "x"), "there is no Network 'x', and none of that id was deleted"),
    ],
)
def test_refusals_are_one_sentence(state: Path, words: tuple[str, ...], sentence: str) -> None:
    if "--state" not in words:
        words = (*words, "--state", str(state))
    status, out, err = _run(*words)
    assert (status, out) == (1, "")
    assert err.startswith("gurum: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_no_store_yet(tmp_path: Path) -> None:
    (tmp_path / "gurum.yaml").write_text("store: {url: 'sqlite:///${state}/s.sqlite'}\n")
    _, _, err = _run("store", "info", "--state", str(tmp_path))
    assert err == f"gurum: there is no store at sqlite:///{tmp_path}/s.sqlite yet: `gurum up` makes it\n"
    assert not (tmp_path / "s.sqlite").exists()


def test_a_second_run_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"):
        status, _, err = _run("up", "--state", str(tmp_path))
    assert status == 1
    assert f"uses {tmp_path}: stop it, or choose another directory with --state" in err


def test_every_command_has_words_and_help() -> None:
    assert len({command.words for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.help
        with pytest.raises(SystemExit, match="0"):
            parser().parse_args([*command.words, "--help"])


def test_wrong_usage_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["explain", "server"])
    assert "usage: gurum explain" in capsys.readouterr().err


def test_kubernetes_manifests_are_those_in_the_tree() -> None:
    root = Path(__file__).parents[2] / "deploy"
    status, out, err = _run("kubernetes", "crds")
    assert (status, err) == (0, "")
    shown = {one["metadata"]["name"]: one for one in yaml.safe_load_all(out)}
    kept = [yaml.safe_load(path.read_text()) for path in (root / "crds").glob("*.yaml")]
    assert shown == {one["metadata"]["name"]: one for one in kept}
    assert json.loads(_run("kubernetes", "crds", "-f", "json")[1])["items"] == list(shown.values())
    roles = list(yaml.safe_load_all(_run("kubernetes", "rbac")[1]))
    kept = [(root / "rbac" / name).read_text() for name in ("roles.yaml", "user-data.yaml")]
    assert roles == [one for text in kept for one in yaml.safe_load_all(text)]
