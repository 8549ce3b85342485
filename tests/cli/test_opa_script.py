"""`scripts/opa`: what scripts/modules.sh does with it; the compiler is the stand-in of `test_kubernetes_script`."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.test_kubernetes_script import GO, ROOT, TOOLS


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("scripts/opa", "scripts/modules.sh", "tools/opa/go.mod", "tools/opa/go.sum"):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "go-version").write_text("go1.26.8\n")
    (tmp_path / "bin/go").write_text(GO)
    (tmp_path / "bin/go").chmod(0o755)
    return tmp_path


def run(tree: Path, *words: str) -> tuple[int, str, str]:
    environ = {"HOME": str(tree), "PATH": str(tree / "bin")}
    command = ["/bin/sh", str(tree / "clone/scripts/opa"), *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def test_it_is_built_and_then_not_again(tree: Path) -> None:
    status, out, err = run(tree)
    assert (status, out) == (0, run(tree, "where")[1])
    assert "opa: OPA v1.22.2, by Go 1.26.8, into " in err
    place = Path(out.strip())
    assert place.parent == tree / ".cache/gurum/opa"
    assert (place / "opa").read_text().endswith("whole\n")
    (call,) = (tree / "calls").read_text().splitlines()
    assert "-tags opa_no_oci" in call
    assert call.endswith("github.com/open-policy-agent/opa")
    assert run(tree) == (0, out, "")
    assert len((tree / "calls").read_text().splitlines()) == 1


def test_what_cannot_be_built_is_told_and_nothing_is_left(tree: Path) -> None:
    (tree / "breaks").write_text("opa")
    status, _, err = run(tree)
    assert (status, "cannot compile" in err, err.splitlines()[-1]) == (
        1, True, "opa: opa could not be built; Go's last words are above",
    )  # fmt: skip
    assert list(Path(run(tree, "where")[1].strip()).iterdir()) == []


def test_the_place_is_named_after_what_is_pinned(tree: Path) -> None:
    before = run(tree, "where")[1]
    with (tree / "clone/tools/opa/go.sum").open("a") as file:
        file.write("x v1.0.0 h1:y=\n")
    assert run(tree, "where")[1] != before
    assert run(tree, "all")[0] == 1
