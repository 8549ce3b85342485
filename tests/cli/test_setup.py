"""`scripts/setup` on machines that lack something: one sentence, and nothing done twice.

Python, pip, uv and apt-get are stand-ins that write down how they were called; the real ones run in CI.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PYTHON = r"""#!/bin/sh
echo "python3.11 $*" >>"$CALLS"
case "$*" in
*version_info*) echo 3.11 ;;
*ensurepip*) [ ! -e "$HOME/no-ensurepip" ] ;;
*"-m venv"*)
    for venv; do :; done
    mkdir -p "$venv/bin"
    cp "$0" "$venv/bin/python"
    for tool in uv gurum; do
        printf '#!/bin/sh\necho "%s $*" >>"$CALLS"\n[ ! -e "$HOME/no-%s" ]\n' $tool $tool >"$venv/bin/$tool"
        chmod +x "$venv/bin/$tool"
    done ;;
--version) echo Python 3.11.2 ;;
esac
"""
APT = '#!/bin/sh\necho "apt-get $*" >>"$CALLS"\ncase "$*" in *install*) rm "$HOME/no-ensurepip" ;; esac\n'
TOOLS = ("cat", "cksum", "cp", "chmod", "date", "dirname", "env", "id", "mkdir", "mktemp", "rm", "sh", "tail")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with what the script reads, and a PATH with only what it needs."""
    for name in ("scripts/setup", "pyproject.toml", *(f"requirements/{n}" for n in ("setup.txt", "run.in"))):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    for level in ("run", "dev"):
        (tmp_path / "clone" / "requirements" / f"{level}.txt").write_text(f"{level}==1\n")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    _program(tmp_path, "python3.11", PYTHON)
    _program(tmp_path, "postgres", "#!/bin/sh\n")
    return tmp_path


def _program(tree: Path, name: str, text: str) -> None:
    (tree / "bin" / name).write_text(text)
    (tree / "bin" / name).chmod(0o755)


def _setup(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(tree), "PATH": str(tree / "bin"), "CALLS": str(tree / "calls")}
    script = tree / "clone" / "scripts" / "setup"
    return subprocess.run(["/bin/sh", script, *words], env=environ, capture_output=True, text=True, check=False)


def _calls(tree: Path) -> list[str]:
    lines = (tree / "calls").read_text().splitlines() if (tree / "calls").exists() else []
    (tree / "calls").unlink(missing_ok=True)
    return [line for line in lines if not line.startswith("python3.11 -c")]


def test_everything_is_pinned_and_checked_and_done_once(tree: Path) -> None:
    result = _setup(tree, "run")
    assert (result.returncode, result.stderr) == (0, "")
    calls = " ".join(_calls(tree))
    assert "--require-hashes --only-binary :all: -r requirements/setup.txt" in calls
    assert "--require-hashes --compile-bytecode -r requirements/run.txt" in calls
    assert "--no-deps --no-build-isolation --editable ." in calls
    again = _setup(tree, "run")
    assert (again.returncode, again.stdout, _calls(tree)) == (0, "", [])


def test_what_tests_need_contains_what_a_run_needs_but_not_the_reverse(tree: Path) -> None:
    _setup(tree, "run")
    _calls(tree)
    _setup(tree, "dev")
    assert "requirements/dev.txt" in " ".join(_calls(tree))
    _setup(tree, "run")
    assert _calls(tree) == []


@pytest.mark.parametrize("changed", ["requirements/run.txt", "pyproject.toml", "scripts/setup"])
def test_a_change_of_what_it_depends_on_is_seen(tree: Path, changed: str) -> None:
    _setup(tree, "run")
    _calls(tree)
    with (tree / "clone" / changed).open("a") as file:
        file.write("# changed\n")
    _setup(tree, "run")
    assert any("uv pip install" in line for line in _calls(tree))


def test_an_environment_that_works_is_kept(tree: Path) -> None:
    _setup(tree, "dev")
    mine = tree / "clone" / ".venv" / "mine"
    mine.touch()
    (tree / "clone" / ".venv" / ".setup-run").unlink()
    assert _setup(tree, "run").returncode == 0
    assert mine.exists()
    (tree / "clone" / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (tree / "clone" / ".venv" / ".setup-run").unlink()
    _calls(tree)
    _setup(tree, "run")
    assert any("-m venv --clear" in line for line in _calls(tree))


def test_a_moved_clone_is_set_up_again(tree: Path) -> None:
    _setup(tree, "run")
    _calls(tree)
    (tree / "clone").rename(tree / "elsewhere")
    (tree / "clone").symlink_to("elsewhere")
    _setup(tree, "run")
    assert any("--editable" in line for line in _calls(tree))


def test_debian_without_venv_gets_it(tree: Path) -> None:
    (tree / "no-ensurepip").touch()
    _program(tree, "apt-get", APT)
    _program(tree, "id", "#!/bin/sh\necho 0\n")
    assert _setup(tree).returncode == 0
    calls = _calls(tree)
    assert "apt-get -q update" in calls
    assert "apt-get -qy install python3-venv" in calls


def test_without_apt_or_rights_it_says_what_to_do(tree: Path) -> None:
    (tree / "no-ensurepip").touch()
    result = _setup(tree)
    assert (result.returncode, result.stderr) == (
        1,
        "setup: python3.11 lacks the modules venv and ensurepip: install them\n",
    )
    _program(tree, "apt-get", APT)
    (tree / "bin" / "id").unlink()
    _program(tree, "id", "#!/bin/sh\necho 1000\n")
    result = _setup(tree)
    assert result.stderr.endswith("as root, apt-get install python3-venv\n")


def test_the_tests_server_is_installed_for_tests_alone(tree: Path) -> None:
    (tree / "bin" / "postgres").unlink()
    script = tree / "clone" / "scripts" / "setup"
    script.write_text(script.read_text().replace("/usr/lib/postgresql", str(tree / "lib")))  # not this machine's
    _program(tree, "apt-get", '#!/bin/sh\necho "apt-get $*" >>"$CALLS"\n')
    _program(tree, "id", "#!/bin/sh\necho 0\n")
    assert _setup(tree, "run").returncode == 0
    assert "apt-get -qy install postgresql" not in _calls(tree)
    assert _setup(tree, "dev").returncode == 0
    assert "apt-get -qy install postgresql" in _calls(tree)
    (tree / "bin" / "apt-get").unlink()
    (tree / "clone" / ".venv" / ".setup-dev").unlink()
    assert _setup(tree, "dev").stderr == (
        "setup: PostgreSQL, which the store's tests run, is missing: install it, or name a server by"
        " GURUM_TEST_POSTGRESQL_URL\n"
    )


def test_a_wrong_python(tree: Path) -> None:
    (tree / "bin" / "python3.11").unlink()
    _program(tree, "python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || echo 3.9\n')
    # A machine may have one where Debian puts it.
    script = tree / "clone" / "scripts" / "setup"
    script.write_text(script.read_text().replace(" /usr/bin/python3.11;", ";"))
    result = _setup(tree)
    assert result.returncode == 1
    assert "setup: Python 3.11 is needed and this machine has Python 3.9.2 in its path" in result.stderr


def test_a_failing_step_shows_its_last_words(tree: Path) -> None:
    (tree / "no-uv").touch()
    result = _setup(tree, "run")
    assert result.returncode == 1
    assert "setup: installing packages failed; its last words are above" in result.stderr
    (tree / "no-uv").unlink()
    assert _setup(tree, "run").returncode == 0


def test_wrong_usage(tree: Path) -> None:
    assert (
        _setup(tree, "all").stderr
        == "setup: unknown set of packages 'all'; there are 'run', 'dev', 'interop', 'horizon' and 'go'\n"
    )


def test_no_file_names_a_package_index() -> None:
    assert os.access(ROOT / "scripts" / "setup", os.X_OK)
    for path in (ROOT / "scripts" / "setup", ROOT / "Makefile", *(ROOT / "requirements").iterdir()):
        if path.is_file():
            text = path.read_text()
            assert "index-url" not in text.replace("--no-emit-index-url", "")
            assert "http" not in text.replace("httptools", "").replace("httplib2", "").replace("aiohttp", ""), path
