"""The bundle by OPA's own tools: checked, formatted, and its cases once more as OPA's tests, whose coverage is counted.

Our cases are data, because `with` makes the embedded engine abort. OPA wants tests that say `with`, so they are written
at run time: one a test of ours, over the same cases.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.faults.figures import Figures
from tests.policies import capabilities
from tests.support import opa

from gurum.policy.bundle import BundleSource, read_bundle
from gurum.policy.rego import compile_bundle, evaluate, strict_interpreter
from gurum.policy.testing import entrypoints_of_tests, run_tests

BUNDLE = Path(__file__).parents[2] / "policy"

_TEST = """
test_{name} if {{
	every case in data.generated.cases["{name}"] {{
		decision := data.gurum.authz.decision with input as case.input
		every key, value in case.want {{
			decision[key] == value
		}}
	}}
}}
"""


def play(directory: Path, figures: Figures) -> None:
    """Measure it."""
    figures.say("OPA's own tools")
    checked = opa.run("check", "--strict", "--capabilities", capabilities.PATH, "--bundle", BUNDLE, check=False)
    figures.put("opa_check_findings", _count(checked.returncode, checked.stderr + checked.stdout))
    formatted = opa.run("fmt", "--diff", "--fail", BUNDLE, check=False)
    figures.put("opa_fmt_differences", _count(formatted.returncode, formatted.stderr + formatted.stdout))
    source = read_bundle(BUNDLE)
    report = run_tests(source)
    figures.put("cases", report.cases)
    figures.put("cases_failed", len(report.failures))
    cases = cases_of(source)
    written(directory / "opa-tests", cases)
    tried = opa.run("test", "--timeout", "600s", "--coverage", "--format", "json", directory / "opa-tests", check=False)
    if tried.returncode:
        figures.say(tried.stdout[-2000:] + tried.stderr)
    figures.put("opa_cases", sum(len(some) for some in cases.values()))
    figures.put("opa_cases_failed", int(tried.returncode != 0))
    covered = json.loads(tried.stdout) if not tried.returncode else {"files": {}}
    figures.put("rules_covered_percent", min(_covered(covered, source, figures)))


def cases_of(source: BundleSource) -> dict[str, list[Any]]:
    """Return the cases of each test, as the embedded engine works them out."""
    names = [name for module in source.tests for name in entrypoints_of_tests(module)]
    bundle = compile_bundle(source, names, tests=True)
    interpreter = strict_interpreter()
    found = {name: evaluate(interpreter, bundle, name, {}) for name in names}
    return {name.replace("/", "_"): value if isinstance(value, list) else [value] for name, value in found.items()}


def written(place: Path, cases: dict[str, list[Any]]) -> None:
    """Write the bundle without its tests into a directory, and tests in OPA's way."""
    shutil.copytree(BUNDLE / "gurum", place / "gurum")
    (place / "generated").mkdir()
    (place / "generated" / "data.json").write_text(json.dumps({"cases": cases}))
    tests = "".join(_TEST.format(name=name) for name in cases)
    (place / "generated" / "cases_test.rego").write_text(f"package generated_test\n\nimport rego.v1\n{tests}")


def _covered(told: dict[str, Any], source: BundleSource, figures: Figures) -> list[float]:
    """Return the percentage of each module that decides; a module that OPA does not name has none."""
    by_name = {name.rpartition("opa-tests/")[2]: file for name, file in told["files"].items()}
    found = []
    for module in source.modules:
        file = by_name.get(module.path, {})
        if missed := file.get("not_covered"):
            lines = ", ".join(str(span["start"]["row"]) for span in missed)
            figures.say(f"not covered in {module.path}: lines {lines}")
        found.append(float(file.get("coverage", 0.0)))
    return found


def _count(status: int, text: str) -> int:
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) if lines else int(status != 0)
