"""The command: exit codes, the two formats, and rows from the first difference to the last."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import yaml
from tests.golden.player import corpus, recordings, synthetic
from tests.golden.player.cli import main
from tests.golden.player.model import Recording

ONLY = ("--only", "compute/keypairs*", "--only", "network/api*")
REGION = ("--region", "kr-central-1")


def played(root: Path, *, bad: bool) -> Path:
    """Recordings of the scenarios of ONLY; `bad`: one status and one message are wrong."""
    cases = corpus.matching(corpus.load(corpus.DEFAULT), ["compute/keypairs*", "network/api*"])
    for case in cases:
        recording = synthetic.recording_of(case, seed=2)
        recordings.write(root / "kr-central-1", _spoilt(recording) if bad else recording)
    return root


def _spoilt(recording: Recording) -> Recording:
    steps = list(recording.steps)
    for i, step in enumerate(steps):
        response = step.response
        if recording.scenario == "compute/keypairs-a-1" and response is not None:
            if step.name == "list empty":
                response = msgspec.structs.replace(response, status=203)
            elif step.name == "delete again":
                body = {"itemNotFound": {"code": 404, "message": "Gone."}}
                response = msgspec.structs.replace(response, body=body)
            steps[i] = msgspec.structs.replace(step, response=response)
    return msgspec.structs.replace(recording, steps=steps)


def test_equal_answers_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay = ("--replay", str(played(tmp_path, bad=False)))
    rows = ("--rows", str(tmp_path / "rows.yaml"))
    assert main([*replay, *REGION, *ONLY, *rows, "--mutate", "17", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "17 of 17 noticed" in out
    assert out.splitlines()[-1] == "kr-central-1: held"
    (keypairs,) = (line for line in out.splitlines() if line.startswith("keypairs"))
    assert keypairs.split()[1:6] == ["30", "30", "0", "0", "100.0"]


def test_differences_fail_until_each_has_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.yaml"
    floors = tmp_path / "thresholds.yaml"
    floors.write_text("kr-central-1: {equal: {keypairs: 90}}", encoding="utf-8")
    replay = ("--replay", str(played(tmp_path / "rec", bad=True)))
    command = [*replay, *REGION, *ONLY, "--rows", str(rows), "--thresholds", str(floors)]

    assert main([*command, "-f", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["held"] is False
    assert [(s["step"], s["state"]) for s in report["steps"]] == [
        ("list empty", "differing"),
        ("delete again", "differing"),
    ]
    assert report["groups"][0] | {"equal_percent": 0, "equal_or_rows_percent": 0} == {
        "group": "keypairs", "steps": 30, "equal": 28, "rows": 0, "differing": 2,
        "equal_percent": 0, "equal_or_rows_percent": 0,
    }  # fmt: skip

    assert main([*command, "--update-rows"]) == 1
    assert main(command) == 2
    assert "still to be written" in capsys.readouterr().err

    documents = yaml.safe_load(rows.read_text(encoding="utf-8"))
    assert [(d["step"], d["path"]) for d in documents] == [
        ("list empty", "status"),
        ("delete again", "$.itemNotFound.message"),
    ]
    explained = [{**document, "why": "Decided so."} for document in documents]
    rows.write_text(yaml.safe_dump(explained), encoding="utf-8")
    assert main(command) == 0
    assert "▒" in capsys.readouterr().out

    # What was explained and came right again may not stay excused.
    replay = ("--replay", str(played(tmp_path / "rec", bad=False)))
    assert main(command) == 1
    assert "stale row: compute/keypairs-a-1 / list empty / status" in capsys.readouterr().out
    assert main([*command, "--update-rows"]) == 1
    assert main(command) == 0


def test_a_floor_that_is_not_held_fails(tmp_path: Path) -> None:
    replay = ("--replay", str(played(tmp_path / "rec", bad=True)))
    rows = tmp_path / "rows.yaml"
    floors = tmp_path / "thresholds.yaml"
    command = [*replay, *REGION, *ONLY, "--rows", str(rows), "--thresholds", str(floors)]
    rows.write_text(
        "- {scenario: compute/keypairs-a-1, step: list empty, path: status, got: 203, class: ours, why: A.}\n"
        "- {scenario: compute/keypairs-a-1, step: delete again, path: $.itemNotFound.message,"
        " class: ours, why: B.}\n",
        encoding="utf-8",
    )
    for minimum, code in ((93, 0), (94, 1)):
        floors.write_text(f"kr-central-1: {{equal: {{keypairs: {minimum}}}}}", encoding="utf-8")
        assert main(command) == code


def test_the_corpus_can_be_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "corpus" / "network"
    other.mkdir(parents=True)
    for suffix in (".yaml", ".golden.json"):
        source = corpus.DEFAULT / "network" / f"api-a-1{suffix}"
        (other / source.name).write_bytes(source.read_bytes())
    monkeypatch.setenv("GURUM_GOLDEN_CORPUS", str(tmp_path / "corpus"))
    rows = ("--rows", str(tmp_path / "rows.yaml"))
    assert main(["--synthetic", *REGION, *rows]) == 0
    assert main(["--synthetic", *REGION, "--only", "compute/*"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--cloud", "/nowhere/clouds.yaml", *REGION),
        ("--synthetic", "--region", "nowhere"),
        ("--synthetic", *REGION, "--corpus", "/nowhere"),
        ("--synthetic", *REGION, "--only", "compute/nothing"),
    ],
)
def test_a_run_that_cannot_be_made_is_another_code(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(arguments)) == 2
    assert "nowhere" in (err := capsys.readouterr().err) or "nothing" in err
