"""Patterns from users: fast where they are simple, refused where they would never end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gurum.pia.compute.servers.patterns import finder
from gurum.pia.kernel.errors import ApiError


@pytest.mark.parametrize("pattern", ["x" * 256, "[", "(", "*", "a{99999999999999999999}", r"(a)\1", "(?=(a+)+$)b+a+c+"])
def test_patterns_that_no_engine_can_be_given_are_refused(pattern: str) -> None:
    with pytest.raises(ApiError) as refusal:
        finder("name", pattern)
    assert refusal.value.message == (
        f"Invalid input for query parameters name. Value: {pattern}. {pattern!r} is not a 'regex'"
    )


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a*)*$", "(a|a)*b", "(.*)(.*)(.*)(.*)x", ".*a.*b.*c.*d", "(a{1,20}){1,20}b", "^(\\w+\\s?)*$"]
)
def test_patterns_that_would_backtrack_without_end_take_linear_time(pattern: str) -> None:
    found = finder("name", pattern)
    # With a backtracking engine, the second of these would outlast any test run.
    assert found("a" * 30) == (re.search(pattern, "a" * 3) is not None)
    assert not finder("name", "(a+)+$")("a" * 200 + "!")


NAMES = ["web-1", "web-12", "db", "a.b", "구름 서버", "", "x\\y", "weber"]


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "web",
            "^web",
            "1$",
            "^web-1$",
            ".*web.*",
            "^.*b$",
            "web|db",
            "^web|^db",
            "[0-9]+$",
            r"\d",
            r"\S+\d",
            "a\\.b",
        ),
        *("구름", ".", ".*", "^$", "^", "$", r"web-\d{1,2}", "(web|db)", ".*?b", "w.b", "WEB", "^WEB-1$", r"\\"),
    ],
)
def test_a_pattern_finds_what_re_finds_without_case(pattern: str) -> None:
    found = finder("name", pattern)
    expected = re.compile(pattern, re.IGNORECASE)
    assert [found(name.lower()) for name in NAMES] == [expected.search(name) is not None for name in NAMES]


@pytest.mark.filterwarnings("ignore::FutureWarning")  # the test itself compiles odd patterns
@given(st.text(alphabet="ab.*^$[]|()?-", max_size=8), st.text(alphabet="ab.-", max_size=6))
def test_any_pattern_is_refused_or_right(pattern: str, name: str) -> None:
    try:
        found = finder("name", pattern)
    except ApiError:
        return
    assert found(name) == (re.search(pattern, name, re.IGNORECASE) is not None)
