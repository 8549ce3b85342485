"""What must not, and what must, pass into a log line."""

from typing import Any

import msgspec
import pytest

from gurum.ops.redact import NAMES, REDACTED, Redactor

FERNET = "gAAAAABm" + "aZ0-_" * 30
SECRET = "wJalrXUtnFEMI+K7MDENG"


@pytest.mark.parametrize(
    "field",
    [
        {"password": SECRET},
        {"X-Auth-Token": FERNET},
        {"body": {"auth": {"identity": {"password": {"user": {"name": "demo", "password": SECRET}}}}}},
        {"headers": [("X-Auth-Token", FERNET)]},
        {"event": f"401 for token {FERNET}"},
        {"event": f'sent {{"adminPass": "{SECRET}"}}'},
        {"event": f"X-Auth-Token: {SECRET}"},
        {"event": f"cannot reach https://gurum:{SECRET}@keystone/v3"},
        {"event": f"AWS4-HMAC-SHA256 Credential=AKIA/2026/us-east-1, Signature={'ab12' * 16}"},
        {"exception": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----"},
        {"exception": f"cut: -----BEGIN RSA PRIVATE KEY-----\n{SECRET}"},
        {"data": f"password={SECRET}".encode()},
        {"error": ValueError(f"secret_access_key={SECRET}")},
        {"spec": {"userData": SECRET}},
        {"params": {"UserData": SECRET.encode()}},
    ],
)
def test_secrets_are_replaced(field: dict[str, Any]) -> None:
    assert Redactor().suspects(field, msgspec.json.encode(field, enc_hook=str))
    shown = str(Redactor()(None, "info", dict(field)))
    assert REDACTED in shown
    for secret in (FERNET, SECRET, "ab12" * 16):
        assert secret not in shown


@pytest.mark.parametrize(
    "field",
    [
        {"client_token": "5f0c", "token_count": 3, "request_id": "req-1", "seconds": 0.5, "empty": None},
        {"event": "the token has expired", "password_set": True},
        {"event": "GET http://127.0.0.1:8781/compute/v2.1/servers 200"},
        {"event": "Secret rotation is due", "items": [1, "two"]},
    ],
)
def test_the_rest_passes_as_it_is(field: dict[str, Any]) -> None:
    assert Redactor()(None, "info", dict(field)) == field


def test_every_name_and_every_known_value_is_suspected() -> None:
    redactor = Redactor(["hmac-0001"])
    assert all(redactor.suspects({}, name.encode()) for name in NAMES)
    assert redactor.suspects({}, b"a hmac-0001 b")
    line = b'{"event":"request","path":"/compute/v2.1/os-keypairs","action":"compute:keypairs:list","status":200}'
    assert not redactor.suspects({"event": "request", "status": 200, "user_id": None}, line)
    assert redactor.suspects({"event": "request", "data": [b"x"]}, line)


def test_known_values_are_found_anywhere() -> None:
    redactor = Redactor(["hmac-key-0001", "hmac-key-0001-and-longer", "short"])
    assert redactor.text("a hmac-key-0001-and-longer b hmac-key-0001 c short") == f"a {REDACTED} b {REDACTED} c short"
