"""The sweep finds a secret in every form it may travel in, and nothing where there is none."""

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from tests.secrets.forms import found_in
from tests.secrets.sweep import SHAPES, sweep

SECRET = 's3cret+/ with ümlaut & "quotes"'


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "someone:"])
@pytest.mark.parametrize("after", ["", "x", "xy", "xyz"])
def test_base64_at_any_offset(before: str, after: str) -> None:
    text = (before + SECRET + after).encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert found_in(b"Authorization: Basic " + encode(text), SECRET)


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET};",
        f"/v3/users?p={quote(SECRET, safe='')}",
        urlencode({"p": SECRET}),
        json.dumps({"p": SECRET}),
        json.dumps({"p": SECRET}, ensure_ascii=False),
    ],
)
def test_text_forms(text: str) -> None:
    assert found_in(text.encode(), SECRET)


def test_innocent_text() -> None:
    assert not found_in(json.dumps({"event": "request", "path": "/v2.1/servers", "status": 200}).encode(), SECRET)
    assert not found_in(b"anything", "short")


def test_shapes() -> None:
    texts = [("log", b"token gAAAAABm" + b"x" * 100), ("key", b"-----BEGIN RSA PRIVATE KEY-----\n" + b"M" * 64)]
    assert [(one.what, one.where) for one in sweep({}, texts, shapes=True)] == [
        ("a Fernet token", "log"),
        ("a private key", "key"),
    ]
    assert not sweep({}, texts, shapes=False)
    assert len(SHAPES) == 3


def test_a_finding_names_the_secret_without_showing_it() -> None:
    (one, *_) = sweep({"clouds.yaml: demo": SECRET}, [("run/pia.out", SECRET.encode())], shapes=False)
    assert str(one) == "clouds.yaml: demo (raw) in run/pia.out"
