"""URLs without their passwords, whatever these are."""

from __future__ import annotations

import pytest

from gurum.ops.urls import has_password, without_password


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secret@h:5432/d?sslmode=require", "postgresql://u:***@h:5432/d?sslmode=require"),
        ("postgresql://u:p@ss/w:o?r#d@h/d", "postgresql://u:***@h/d"),
        ("postgresql://:secret@/d?host=/run", "postgresql://:***@/d?host=/run"),
        ("postgresql:///d?user=u&password=secret&host=h", "postgresql:///d?user=u&password=***&host=h"),
        ("postgresql:///d?sslPassword=secret", "postgresql:///d?sslPassword=***"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
    assert has_password(url)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////a/b", "memory:", "postgresql://u@h:5432,i:5433/d", "postgresql://u@/d?host=%2Frun&search_path=x", ""],
)
def test_what_has_none_is_shown_whole(url: str) -> None:
    assert without_password(url) == url
    assert not has_password(url)
