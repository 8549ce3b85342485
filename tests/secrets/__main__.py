# ruff: noqa: A005 - a namespace package under `tests`; nothing imports it as `secrets`
"""The secret sweep, `python -m tests.secrets`: exit status 0 if no secret was found and the planted ones were.

That nothing prints a secret cannot be seen from any single line of code. So a whole run is made, each secret in it is
recorded, and all of them are sought, in the forms in which they travel, where none may be: logs, environments, command
lines, error answers, the terminal, the repository.
"""

from __future__ import annotations

import argparse
import os
import secrets as random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.secrets.recorded import private_keys, used
from tests.secrets.sweep import Found, places, sweep, tracked
from tests.support.stack import Stack, running

from gurum.supervisor.tour.keys import public_key


def main() -> int:
    """Run, record, sweep, and check that the sweep would have found something."""
    argparse.ArgumentParser(prog="python -m tests.secrets", description=__doc__).parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gurum-secrets-") as directory, running(Path(directory)) as stack:
        _type(stack)
        recorded = used(stack)
        recorded.secrets |= private_keys(stack.places.tour)
        texts = [*places(stack), *((f"answer {name}", body) for name, body in recorded.answers.items())]
        files = list(tracked())
        found = sweep(recorded.secrets, texts, shapes=True) + sweep(recorded.secrets, files, shapes=False)
        missed = _planted(stack)
        size = sum(len(text) for _, text in (*texts, *files))
    for one in found:
        print(f"FOUND {one}")
    for what in missed:
        print(f"NOT FOUND although planted: {what}")
    print(
        f"{len(recorded.secrets)} secrets sought in {len(texts)} places of the run ({len(recorded.answers)} of them "
        f"error answers) and {len(files)} files of the repository, {size / 1e6:.1f} MB: {len(found)} found; "
        f"{PLANTED - len(missed)} of {PLANTED} planted ones found; {time.monotonic() - began:.0f} s"
    )
    return 1 if found or missed else 0


def _type(stack: Stack) -> None:
    """Have the stock client log in and ask in each region: its tokens nobody can record, so they are known by look."""
    stack.places.tour.mkdir(mode=0o700)
    key = public_key(stack.places.tour / "id_ed25519")
    for region in stack.config.regions:
        for words in (("keypair", "create", "--public-key", str(key), "secrets"), ("server", "list")):
            result = stack.openstack(*words, region=region.name)
            if result.returncode != 0:
                raise RuntimeError(f"openstack {' '.join(words)}: {result.stdout}{result.stderr}")


PLANTED = 7


def _planted(stack: Stack) -> list[str]:
    """Plant a secret in each way, sweep, and return the ways in which it was not found."""
    secret = random.token_urlsafe(24) + "+/ ü"
    log = stack.places.state / "log" / "planted.log"
    missed = []
    for form in ("raw", "url", "url+", "base64+1"):
        log.write_bytes(b'{"event": "' + _hidden(secret, form) + b'"}\n')
        if not _hit(sweep({"planted": secret}, places(stack), shapes=False), form):
            missed.append(f"in a log ({form})")
    log.write_bytes(b"X-Auth-Token: gAAAAA" + b"Bx_-" * 30)
    if not _hit(sweep({}, places(stack), shapes=True), "by its look"):
        missed.append("a token by its look")
    log.unlink()
    environ = {"PLANTED": secret, "PATH": os.environ["PATH"]}
    # Its last word is an argument that the program ignores.
    with subprocess.Popen([sys.executable, "-c", "input()", secret], env=environ, stdin=subprocess.PIPE) as process:
        for file in ("environ", "cmdline"):
            text = b""
            while not text:  # until the new program has taken the place of ours
                text = Path(f"/proc/{process.pid}/{file}").read_bytes()
            if not _hit(sweep({"planted": secret}, [(file, text)], shapes=False), "raw"):
                missed.append(f"in /proc/*/{file}")
        process.kill()
    return missed


def _hidden(secret: str, form: str) -> bytes:
    from tests.secrets.forms import forms

    return b"user:" + forms(secret)[form]


def _hit(found: list[Found], form: str) -> bool:
    return any(one.form == form for one in found)


if __name__ == "__main__":
    sys.exit(main())
