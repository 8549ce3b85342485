"""Bodies that can be read but not printed."""

from __future__ import annotations

import pytest

from gurum.pia.kernel.wire import DEEPEST, UnreadableError, decode


@pytest.mark.parametrize("levels", [DEEPEST + 1, 400, 930, 980, 5000])
@pytest.mark.parametrize(("opens", "closes"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_too_deep(levels: int, opens: bytes, closes: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(opens * levels + b"1" + closes * levels)


def test_deep_enough_and_wide() -> None:
    assert decode(b"[" * DEEPEST + b"]" * DEEPEST)
    assert len(decode(b"[" + b",".join([b"[]"] * 1000) + b"]")) == 1000


@pytest.mark.parametrize("body", [b"{", b'{"a": "\xe9"}', b"nothing"])
def test_no_json(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(body)
