"""What the embedded engine would get wrong in silence is refused aloud."""

from __future__ import annotations

import pytest

from gurum.policy.lint import check, functions, rules

HEAD = "package a\nimport rego.v1\n"


def _messages(body: str, head: str = HEAD) -> list[str]:
    return [str(finding) for finding in check("a.rego", head + body)]


@pytest.mark.parametrize(
    "body",
    [
        "allow if input.x == 1\n",
        "allow if {\n\tinput.x == 1\n}\n",
        "default allow := false\n",
        'names := {"a": 1} if count(input.x) > 0\n',
        'xs contains x if some x in {"a", "b"}\n',
        "xs contains lower(x) if {\n\tsome x in input.xs\n}\n",
        "allow if every x in input.xs { x > 1 }\n",
        "allow if {\n\tevery x in input.xs {\n\t\tx > 1\n\t}\n}\n",
        "r := 1 if {\n\tinput.a\n} else := 2 if {\n\tinput.b\n} else := 3\n",
        "r if {\n\tinput.a\n} else if {\n\tinput.b\n} else := false\n",
        'f(x) := concat(":", [x, "y"])\nd := f(input.x)\n',
        'd := "http.send(1)"\nraw := `opa.runtime()`\n# time.now_ns() {\n',
        'is_one if input.x in {1}\nobject_of := object.get(input, ["a", "b"], {})\n',
        "allow if not input.x in {1, 2}\n",
        "s := {x | some x in input.xs}\n",
        'd := x if {\n\t[x, _] := split(input.a, ":")\n}\n',
        "d := names[0].first if {\n\tnames := input.xs\n}\n",
        "f(x, [y, z]) := x if {\n\ty == z\n}\n",
        "o := {key: value | some key, value in input.xs}\n",
        "o := {key: value |\n\tsome key\n\tvalue := input.xs[key]\n}\n",
        "allow if {\n\tevery key, value in input.xs {\n\t\tkey == value\n\t}\n}\n",
        "import data.lib.tables as t\nd := t.x\n",
        "import data.lib.tables\nd := tables.x\n",
    ],
)
def test_fit(body: str) -> None:
    assert _messages(body) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('d := http.send({"url": "x"})\n', "a.rego:3: the built-in http.send is not allowed"),
        ('d := http\n.send ({"url": "x"})\n', "a.rego:3: the built-in http.send is not allowed"),
        ('allow if not net.cidr_contains("10.0.0.0/8", input.ip)\n', "the built-in net.cidr_contains is not allowed"),
        ("d := opa.runtime()\n", "the built-in opa.runtime is not allowed"),
        ("d := time.now_ns()\n", "the built-in time.now_ns is not allowed"),
        ('d := rand.intn("x", 5)\n', "the built-in rand.intn is not allowed"),
        ('d := uuid.rfc4122("x")\n', "the built-in uuid.rfc4122 is not allowed"),
        ('d := sprintf("%s", ["x"])\n', "the built-in sprintf is not allowed"),
        ('d if {\n\ttrace("x")\n}\n', "a.rego:4: the built-in trace is not allowed"),
        ('d := http["send"]({"url": "x"})\n', "a call through brackets is not allowed"),
        ('d := $"{http.send({})}"\n', "a.rego:3: a template string is not allowed"),
        ("d := $`{opa.runtime()}`\n", "a.rego:3: a template string is not allowed"),
        ("d if all([true])\n", "the built-in all is not allowed"),
        ("allow if not lokced\n", "a.rego:3: nothing defines lokced: declare it by :=, some or every"),
        ("locked := true\nallow if {\n\tnot lokced\n}\n", "a.rego:5: nothing defines lokced"),
        ("allow if inptu.x\n", "nothing defines inptu.x"),
        ("allow if input.xs[i] == 1\n", "nothing defines i"),
        ("allow if not input.xs[x].y\n", "nothing defines x"),
        ("f(x) := y\n", "nothing defines y"),
        ("allow { input.x == 1 }\n", "a.rego:3: a rule body without if is Rego v0"),
        ("allow {\n\tinput.x == 1\n}\n", "a rule body without if is Rego v0"),
        ("p[x] { x := 1 }\n", "a rule body without if is Rego v0"),
        ("f(x) { x == 1 }\n", "a rule body without if is Rego v0"),
        ("f(x) = 1 { x == 1 }\n", "a rule body without if is Rego v0"),
        ('f(x) = "a" { x == 1 }\n', "a rule body without if is Rego v0"),
        ("d = true { input.x }\n", "a rule body without if is Rego v0"),
        ("r if {\n\tinput.a\n} else {\n\tinput.b\n}\n", "a rule body without if is Rego v0"),
        ("r if { input.a } { input.b }\n", "a rule body without if is Rego v0"),
        ('allow if decision with input as {"x": 1}\n', "with makes the embedded engine abort"),
    ],
)
def test_unfit(body: str, message: str) -> None:
    assert any(message in finding for finding in _messages(body)), _messages(body)


def test_rego_v1_must_be_imported() -> None:
    assert _messages("allow := true\n", "package a\n") == ["a.rego:1: it does not import rego.v1"]
    assert _messages("allow := true\n", "package a\n# import rego.v1\n") == ["a.rego:1: it does not import rego.v1"]
    assert _messages("allow := true\n", "package a\nimport future.keywords\n") != []


def test_functions_of_other_modules_are_known() -> None:
    body = "import data.lib\nd := lib.helper(1)\ne := data.lib.helper(1)\ng := helper(1)\n"
    assert _messages(body) != []
    # A function is named by its last part when its package is written out, and alone when it is imported.
    assert check("a.rego", HEAD + "import data.lib.helper\ng := helper(1)\ne := data.lib.helper(2)\n", {"helper"}) == []


def test_names() -> None:
    source = HEAD + "b := 1\nf(x) := x\nb := 2 if input.x\nsome_set contains 1\n\ttest_inner := 1\ndefault c := 1\n"
    assert rules(source) == ["b", "f", "some_set", "test_inner"]
    assert functions(source) == {"f"}
