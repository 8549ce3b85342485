"""`scripts/kubernetes`: built once, whole or not at all, by whatever Go there is.

The compiler is a stand-in that writes down how it was called; the real one builds for minutes.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ["etcd", "helm", "kube-apiserver", "kube-controller-manager", "kubectl"]

GO = r"""#!/bin/sh
case "$1" in
env) cat "$HOME/go-version"; exit ;;
version) echo "go version $(cat "$HOME/go-version") linux/amd64"; exit ;;
esac
echo "go $*" >>"$HOME/calls"
echo "CGO_ENABLED=$CGO_ENABLED GOTOOLCHAIN=$GOTOOLCHAIN GOCACHE=${GOCACHE-}" >>"$HOME/environ"
[ "$1" = build ] || exit 0
while [ "$1" != -o ]; do shift; done
[ ! -e "$HOME/slow" ] || sleep 0.2
echo half >"$2"
case "$3" in *"$(cat "$HOME/breaks" 2>/dev/null || echo nothing)") echo "cannot compile $3" >&2; exit 1 ;; esac
printf '#!/bin/sh\necho whole\n' >"$2"
chmod +x "$2"
"""
# Stands for the installation of the packages of requirements/go.txt: all that the script asks of it is bin/go.
SETUP = '#!/bin/sh\necho "setup $*" >>"$HOME/calls"\nmkdir -p "$2/bin"\nln -sf "$HOME/packaged/go" "$2/bin/go"\n'
TOOLS = ("awk", "cat", "cut", "date", "df", "dirname", "du", "flock", "grep", "head", "mkdir", "mktemp", "mv", "rm",
         "sed", "sha256sum", "sleep", "sort", "tail", "uname", "wc", "sh", "ln", "chmod")  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with what the script reads, and a PATH with only what it needs, Go 1.26.8 included."""
    for name in ("scripts/kubernetes", "scripts/modules.sh", "tools/kubernetes/go.mod", "tools/kubernetes/go.sum"):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    (tmp_path / "go-version").write_text("go1.26.8\n")
    for path, text in (("bin/go", GO), ("packaged/go", GO), ("clone/scripts/setup", SETUP)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
        (tmp_path / path).chmod(0o755)
    return tmp_path


def start(tree: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    environ = {"HOME": str(tree), "PATH": str(tree / "bin"), **more}
    return subprocess.Popen(
        ["/bin/sh", tree / "clone" / "scripts" / "kubernetes", *words],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(tree: Path, *words: str, **more: str) -> tuple[int, str, str]:
    with start(tree, *words, **more) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def calls(tree: Path) -> list[str]:
    lines = (tree / "calls").read_text().splitlines() if (tree / "calls").exists() else []
    (tree / "calls").unlink(missing_ok=True)
    return lines


def place(tree: Path) -> Path:
    return Path(run(tree, "where")[1].strip())


def test_all_are_built_and_then_nothing(tree: Path) -> None:
    status, out, err = run(tree)
    assert (status, out) == (0, f"{place(tree)}\n"), err
    assert place(tree).parent == tree / ".cache" / "gurum" / "kubernetes"
    assert sorted(path.name for path in place(tree).iterdir()) == sorted([*PROGRAMS, "built-by"])
    assert len(calls(tree)) == len(PROGRAMS)
    assert run(tree) == (0, f"{place(tree)}\n", "")
    assert calls(tree) == []


def test_it_tells_how_far_it_is(tree: Path) -> None:
    err = run(tree)[2]
    for number, name in enumerate(("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "helm"), 1):
        assert f"kubernetes: {number} of 5: {name} (about" in err
        assert f"kubernetes: {number} of 5: {name} is there after" in err


def test_they_say_which_version_they_are(tree: Path) -> None:
    run(tree)
    server = next(line for line in calls(tree) if line.endswith("cmd/kube-apiserver"))
    for package in ("component-base/version", "client-go/pkg/version"):
        assert (
            f"-X k8s.io/{package}.gitVersion=v1.37.2 -X k8s.io/{package}.gitMajor=1 -X k8s.io/{package}.gitMinor=37 "
            in server
        )
    assert "-trimpath" in server
    assert (tree / "environ").read_text().splitlines()[0] == "CGO_ENABLED=0 GOTOOLCHAIN=local GOCACHE="


def test_where_depends_on_what_is_built(tree: Path) -> None:
    first = place(tree)
    assert place(tree) == first
    (tree / "go-version").write_text("go1.27.1\n")  # a newer compiler is no reason to build again
    assert place(tree) == first
    with (tree / "clone/tools/kubernetes/go.sum").open("a") as file:
        file.write("changed\n")
    assert place(tree) != first
    assert place(tree).parent == first.parent
    assert calls(tree) == []


def test_the_cache_may_be_elsewhere(tree: Path) -> None:
    assert Path(run(tree, "where", XDG_CACHE_HOME="/x")[1]).parent == Path("/x/gurum/kubernetes")
    assert Path(run(tree, "where", GURUM_KUBERNETES_CACHE="/y")[1]).parent == Path("/y")


def test_two_at_once_build_once(tree: Path) -> None:
    (tree / "slow").touch()
    with start(tree) as one, start(tree) as two:
        results = [process.communicate(timeout=60) for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0)
    assert [out for out, _ in results] == [f"{place(tree)}\n"] * 2
    assert len(calls(tree)) == len(PROGRAMS)


def test_what_cannot_be_compiled_is_not_there_by_half(tree: Path) -> None:
    (tree / "breaks").write_text("kube-apiserver")
    status, out, err = run(tree)
    assert (status, out) == (1, "")
    assert "cannot compile k8s.io/kubernetes/cmd/kube-apiserver\n" in err
    assert err.endswith("kubernetes: kube-apiserver could not be built; Go's last words are above\n")
    assert sorted(path.name for path in place(tree).iterdir()) == ["etcd"]
    calls(tree)
    (tree / "breaks").unlink()
    assert run(tree)[0] == 0
    assert len(calls(tree)) == 4  # what was there is not built again


@pytest.mark.parametrize("found", ["", "go1.19.8", "go1.25.12"])
def test_without_a_go_that_is_new_enough_one_is_taken_from_the_index(tree: Path, found: str) -> None:
    (tree / "packaged" / "go").write_text(GO.replace("go-version", "packaged-version"))
    (tree / "packaged-version").write_text("go1.27.3\n")
    (tree / "go-version").write_text(f"{found}\n")
    if not found:
        (tree / "bin" / "go").unlink()
    status, _, err = run(tree)
    assert status == 0, err
    assert f"this machine has {f'Go {found[2:]} and ' if found else ''}no Go 1.26.0" in err
    root = place(tree).parent
    said = calls(tree)
    assert said[0] == f"setup go {root}/go"
    assert said[-1] == "go clean -cache -modcache"
    assert not (root / "building").exists()
    assert f"GOCACHE={root}/building/cache" in (tree / "environ").read_text()
    assert (place(tree) / "built-by").read_text() == "go version go1.27.3 linux/amd64\n"


def test_a_kubernetes_is_never_built_by_a_go_that_is_too_old(tree: Path) -> None:
    (tree / "go-version").write_text("go1.19.8\n")  # the packaged one too
    status, _, err = run(tree)
    assert status == 1
    assert err.endswith("kubernetes: the Go of requirements/go.txt is 1.19.8, and 1.26.0 is needed\n")


def test_wrong_usage(tree: Path) -> None:
    status, _, err = run(tree, "all")
    assert (status, err) == (1, "kubernetes: there is 'scripts/kubernetes' and 'scripts/kubernetes where', no 'all'\n")


def test_the_replaces_are_those_of_the_pinned_version() -> None:
    """By `tools/kubernetes/pin`, not by hand: one number for the whole, one for all of its modules."""
    text = (ROOT / "tools/kubernetes/go.mod").read_text()
    version = next(line.split()[1] for line in text.splitlines() if line.startswith("\tk8s.io/kubernetes v"))
    replaced = [line.removeprefix("replace ").split() for line in text.splitlines() if " => " in line]
    assert len(replaced) > 25
    for path, _, other, published in replaced:
        assert path == other
        assert published == version.replace("v1.", "v0.", 1)
    assert os.access(ROOT / "tools/kubernetes/pin", os.X_OK)
