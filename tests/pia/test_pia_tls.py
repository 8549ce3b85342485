"""TLS: served with the files' certificate, and with the renewed one after SIGHUP; a wrong pair changes nothing."""

from __future__ import annotations

import asyncio
import datetime
import json
import signal
import ssl
import sys
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gurum.ops import secrets
from gurum.ops.config import ConfigError, TlsConfig, shipped
from gurum.ops.secrets import SecretError
from gurum.pia import tls


def _certificate(directory: Path, serial: int) -> tuple[Path, Path]:
    """Write a self-signed certificate of that serial number, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secrets.write(directory / "tls.crt", made.public_bytes(pem))
    secrets.write(directory / "tls.key", key.private_bytes(pem, private, serialization.NoEncryption()))
    return directory / "tls.crt", directory / "tls.key"


def _config(directory: Path) -> TlsConfig:
    return TlsConfig(cert_file=str(directory / "tls.crt"), key_file=str(directory / "tls.key"))


def test_what_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    assert tls.context(TlsConfig()) is None
    with pytest.raises(ConfigError, match="go together"):
        tls.context(TlsConfig(cert_file="a"))
    certificate, key = _certificate(tmp_path, 7)
    assert tls.context(_config(tmp_path)) is not None
    key.chmod(0o644)
    with pytest.raises(SecretError, match="mode 0644"):
        tls.context(_config(tmp_path))
    key.chmod(0o600)
    certificate.write_text("nothing")
    with pytest.raises(ConfigError, match="cannot be used"):
        tls.context(_config(tmp_path))


async def _serial(port: int) -> int:
    """Return the serial number of the certificate that a new connection meets."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(der).serial_number


@pytest.mark.real
async def test_it_is_served_and_renewed(tmp_path: Path) -> None:
    _certificate(tmp_path, 1001)
    settings = {"cert_file": str(tmp_path / "tls.crt"), "key_file": str(tmp_path / "tls.key")}
    document = {
        "state": str(tmp_path),
        "store": {"url": "memory:"},
        "policy": {"bundle": str(shipped() / "policy")},
        "pia": {"tls": settings},
        "log": {"directory": str(tmp_path)},
        "regions": [{"name": "r", "provider": "simulated", "port": 0}],
    }
    (tmp_path / "gurum.yaml").write_text(yaml.safe_dump(document))
    command = (sys.executable, "-m", "gurum.pia", "--config", str(tmp_path / "gurum.yaml"))
    process = await asyncio.create_subprocess_exec(*command)
    try:
        url = json.loads(await _logged(tmp_path, "is served"))["url"]
        assert url.startswith("https://127.0.0.1:")
        port = int(url.rpartition(":")[2])
        assert await _serial(port) == 1001
        _certificate(tmp_path, 1002)
        assert await _serial(port) == 1001
        process.send_signal(signal.SIGHUP)
        await _logged(tmp_path, "tls.crt")
        assert await _serial(port) == 1002
        (tmp_path / "tls.crt").write_text("half a file")
        process.send_signal(signal.SIGHUP)
        await _logged(tmp_path, "not reloaded")
        assert await _serial(port) == 1002
    finally:
        process.terminate()
        assert await process.wait() == 0


async def _logged(directory: Path, words: str) -> str:
    """Wait for a line of the log."""
    async with asyncio.timeout(90):
        while True:
            log = directory / "pia.log"
            found = [line for line in log.read_text().splitlines() if words in line] if log.exists() else []
            if found:
                return found[0]
            await asyncio.sleep(0.05)
